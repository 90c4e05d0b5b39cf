/** Runs one library in a separate worker: ending the worker ends all its queued work. */
import type { Contestant, Runner } from "../../tasks/workloads/contestant.ts";
import { sampleSteps } from "../../tasks/workloads/sample.ts";
import { makeProblem, type Workload } from "../../tasks/workloads/workload.ts";
import type { Answer, Library, Opening, Request, Steps } from "./protocol.ts";
import { makeCourse } from "./race/course.ts";

interface Loaded {
  readonly contestant: Contestant;
  readonly adapter?: Opening["adapter"];
}

/** Each library is loaded only when it is used. */
const libraries: Readonly<Record<Library, () => Promise<Loaded>>> = {
  "webgpu-lstm": async () => {
    const [{ Device }, { webgpuLstm }] = await Promise.all([
      import("webgpu-lstm"),
      import("../../tasks/workloads/webgpu-lstm.ts"),
    ]);
    const device = await Device.request();
    const adapter = { name: device.describe(), software: device.info.software };
    return { contestant: webgpuLstm(device), adapter };
  },
  "tfjs-webgpu": () => tensorFlow("webgpu"),
  "tfjs-wasm": () => tensorFlow("wasm"),
};

async function tensorFlow(backend: "webgpu" | "wasm"): Promise<Loaded> {
  const { tfjs, startTfjs } = await import("../../tasks/workloads/tfjs.ts");
  await startTfjs(backend);
  return { contestant: tfjs(backend) };
}

let loaded: Promise<Loaded> | undefined;
let runner: Runner | undefined;

async function open(library: Library, workload: Workload, race: boolean): Promise<Opening> {
  loaded ??= libraries[library]();
  let ready: Loaded;
  try {
    ready = await loaded;
  } catch (error) {
    throw Object.assign(error as Error, { loading: true });
  }
  runner = await ready.contestant.open(race ? makeCourse(workload) : makeProblem(workload));
  const { firstStepMs, firstResult, work } = runner;
  const { dispatches } = work;
  return {
    firstStepMs,
    firstResult,
    ...(dispatches !== undefined && { dispatches }),
    ...(ready.adapter && { adapter: ready.adapter }),
  };
}

/** Trains as a user would who looks at every loss. */
async function train(ms: number): Promise<Steps> {
  const [times, losses]: [number[], number[]] = [[], []];
  const start = performance.now();
  for (let time = 0; time < ms; ) {
    runner!.step();
    losses.push((await runner!.result())[0]!);
    time = performance.now() - start;
    times.push(time);
  }
  return { times, losses };
}

async function answer(request: Request): Promise<unknown> {
  if (request.kind === "open") return open(request.library, request.workload, request.race ?? false);
  if (request.kind === "train") return train(request.ms);
  if (request.kind === "sample") return (await sampleSteps(runner!, request.count)).wallMs;
  runner?.dispose();
  runner = undefined;
  return undefined;
}

addEventListener("message", async ({ data }: MessageEvent<Request>) => {
  let message: Answer;
  try {
    message = { id: data.id, value: await answer(data) };
  } catch (error) {
    const { name, message: text, loading = false } = error as Error & { loading?: boolean };
    message = { id: data.id, failure: { name, message: text, loading } };
  }
  postMessage(message);
});
