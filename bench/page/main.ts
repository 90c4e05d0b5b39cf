/** The page of one contestant, which `npm run bench` controls: see bench/browser.ts. */
import { Device } from "webgpu-lstm";
import type { Contestant, Runner, Work } from "../../tasks/workloads/contestant.ts";
import { type Sample, sampleSteps } from "../../tasks/workloads/sample.ts";
import { webgpuLstm } from "../../tasks/workloads/webgpu-lstm.ts";
import { makeProblem, type Workload } from "../../tasks/workloads/workload.ts";
import { type Ceiling, measureCeiling } from "../ceiling.ts";

/** The report on a runner's first step, as JSON. */
export interface Opening {
  readonly firstStepMs: number;
  readonly firstResult: number[];
  readonly work: Work;
}

/** The page's half of the protocol. */
export interface BenchPage {
  open(contestant: string, workload: Workload): Promise<Opening>;
  sample(count: number): Promise<Sample>;
  result(): Promise<number[]>;
  /** Prepares the measurement of the adapter's ceilings, on a device of this library. */
  openCeiling(): Promise<{ readonly info: Device["info"]; readonly facts: Device["facts"] }>;
  ceiling: Ceiling | undefined;
}

declare global {
  var bench: BenchPage | undefined;
}

/** The contestants. Each page loads only its own library. */
const contestants: Readonly<Record<string, () => Promise<Contestant>>> = {
  "webgpu-lstm": async () => webgpuLstm(await Device.request()),
  "tfjs-webgpu": async () => (await import("../../tasks/workloads/tfjs.ts")).tfjs("webgpu"),
  "tfjs-wasm": async () => (await import("../../tasks/workloads/tfjs.ts")).tfjs("wasm"),
  "jax-js-webgpu": async () => (await import("../peers/jax-js.ts")).jaxJs("webgpu"),
  "jax-js-wasm": async () => (await import("../peers/jax-js.ts")).jaxJs("wasm"),
  "onnxruntime-webgpu": async () => (await import("../peers/onnxruntime.ts")).onnxruntime("webgpu"),
  "onnxruntime-wasm": async () => (await import("../peers/onnxruntime.ts")).onnxruntime("wasm"),
};

let runner: Runner | undefined;

globalThis.bench = {
  async open(name, workload) {
    const contestant = await contestants[name]!();
    runner = await contestant.open(makeProblem(workload));
    const { firstStepMs, firstResult, work } = runner;
    return { firstStepMs, firstResult: [...firstResult], work };
  },
  sample: (count) => sampleSteps(runner!, count),
  result: async () => [...(await runner!.result())],
  async openCeiling() {
    const device = await Device.request();
    this.ceiling = await measureCeiling(device);
    const { info, facts } = device;
    return { info, facts };
  },
  ceiling: undefined,
};
