/**
 * Measures a real GPU: this library in Node on Dawn beside PyTorch with cuDNN on the same card, in one run: `npm run bench:gpu`.
 *
 *   --device cpu   PyTorch on the CPU, to test the command without a GPU
 *   --quick        few samples, W1 and W5, small H and B
 *   --minutes N    ends within about N minutes (default 9), five ninths of them for the workloads; what is left out is said
 *   --json FILE    where to write everything measured (default out/bench-gpu.json), the tables beside it as .md
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Device } from "webgpu-lstm";
import { webgpuLstm } from "../tasks/workloads/webgpu-lstm.ts";
import { type Workload, workloads } from "../tasks/workloads/workload.ts";
import { openGpu } from "../tools/node-device.ts";
import { measureCeiling } from "./ceiling.ts";
import { ceilingTable, sampleCeilings } from "./ceilings.ts";
import { describeEnvironment } from "./environment.ts";
import { figuresOf } from "./figures.ts";
import { digits, markdown, percent, spread } from "./markdown.ts";
import { type Effort, type Failure, type Measurement, measure } from "./measure.ts";
import { findTorch, pytorch, torchReference, torchVersions } from "./peers/pytorch.ts";
import { type AdapterDescription, writeResults } from "./results.ts";
import { seatHere } from "./seat.ts";
import { timeVersions, versionSizes, versionTable } from "./versions.ts";

const T = 64;

/** A training step of LSTM(H→H) and Linear(H→1) on the last step. */
function gridWorkload(H: number, B: number): Workload {
  return {
    name: `H=${H} B=${B}`,
    title: `LSTM(${H}→${H}) + Linear(${H}→1) on the last step, T=${T}, B=${B}, MSE, Adam: a training step`,
    task: "train",
    kind: "lstm",
    inputSize: H,
    hiddenSize: H,
    numLayers: 1,
    outputSize: 1,
    seqLen: T,
    batch: B,
    everyStep: false,
    loss: "mse",
    learningRate: 1e-5,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      device: { type: "string", default: "cuda" },
      quick: { type: "boolean", default: false },
      minutes: { type: "string", default: "9" },
      json: { type: "string", default: "out/bench-gpu.json" },
    },
  });
  const { device: where, quick } = values;
  if (where !== "cuda" && where !== "cpu") throw new Error(`--device must be cuda or cpu, got "${where}"`);
  const limit = Number(values.minutes);
  if (!(limit > 0)) throw new Error(`--minutes takes a number above 0, got "${values.minutes}"`);
  const python = findTorch();
  if (!python) throw new Error("bench:gpu needs a python3 with PyTorch; PYTHON names one");

  const start = performance.now();
  const end = start + limit * 60e3;
  const gpu = await openGpu();
  const device = await Device.request({ gpu });
  const ceiling = await measureCeiling(device);
  const torches =
    where === "cpu"
      ? [pytorch(python, { device: "cpu" })]
      : [pytorch(python, { device: "cuda" }), pytorch(python, { device: "cuda", tf32: true })];
  const seats = [seatHere(webgpuLstm(device), "Node", ceiling), ...torches];
  try {
    const environment = describeEnvironment(await torchVersions(python));
    console.log(`${device.describe()}\n${environment.machine.cpu}, ${environment.machine.cores} cores`);
    const adapter = await describeAdapter(gpu);
    console.log(`optional features: ${adapter.features.join(", ")}`);
    console.log(
      `limits: ${Object.entries(adapter.limits)
        .map(([name, limit]) => `${name} ${limit}`)
        .join(", ")}`,
    );
    const { info, facts } = device;
    const ceilings = await sampleCeilings([{ place: "Node", info, facts, ceiling }]);
    console.log(ceilingTable(ceilings));

    const sizes = quick
      ? { H: [64, 128], B: [1, 32] }
      : { H: [64, 128, 256, 512, 1024], B: [1, 32, 64, 256] };
    const all = [
      ...workloads.filter(({ name }) => !quick || name === "W1" || name === "W5"),
      ...sizes.H.flatMap((H) => sizes.B.map((B) => gridWorkload(H, B))),
    ];
    const effort: Effort = quick
      ? { runs: 3, least: 1, seconds: 2, patience: 60 }
      : { runs: 30, least: 5, seconds: 6, patience: 120 };
    const measurements: Measurement[] = [];
    const failures: Failure[] = [];
    for (const workload of all) {
      if (performance.now() > start + (5 / 9) * (end - start)) {
        console.log(`${workload.name}: no time left`);
        continue;
      }
      console.log(`${workload.name}: ${workload.title}`);
      const reference = (workload: Workload) => torchReference(python, workload, where);
      const measured = await measure(workload, seats, effort, { reference, say: console.log });
      measurements.push(...measured.measurements);
      failures.push(...measured.failures);
    }
    const layers = quick
      ? versionSizes([64, 128], [1, 32])
      : versionSizes([64, 128, 256, 512, 1024], [1, 32, 256]);
    const versions = await timeVersions(gpu, layers, end, console.log);
    const tables = [ceilingTable(ceilings), gpuTable(measurements, info.software), versionTable(versions)];
    const report = tables.join("\n\n");
    const reasons = failures.map(
      ({ contestant, workload, reason }) => `- ${workload.name}, ${contestant}: ${reason}`,
    );
    console.log(["", report, ...reasons].join("\n"));
    const minutes = (performance.now() - start) / 60e3;
    const empty = { streams: [], sweeps: [] };
    writeResults(values.json, {
      environment,
      ceilings,
      measurements,
      failures,
      ...empty,
      versions,
      adapter,
      minutes,
    });
    writeFileSync(`${values.json.replace(/\.json$/, "")}.md`, `${report}\n`);
    console.log(`${minutes.toFixed(1)} minutes; all samples: ${values.json}`);
  } finally {
    for (const seat of seats) await seat.stop();
    ceiling.dispose();
    device.dispose();
  }
}

/** The adapter's optional features and limits as Dawn offers them. */
async function describeAdapter(gpu: GPU): Promise<AdapterDescription> {
  const adapter = (await gpu.requestAdapter())!;
  const { subgroupMinSize, subgroupMaxSize } = adapter.info as GPUAdapterInfo;
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(adapter.limits));
  const limits = names.flatMap((name) => {
    const limit = adapter.limits[name as keyof GPUSupportedLimits];
    return typeof limit === "number" ? [[name, limit] as const] : [];
  });
  return {
    features: [...adapter.features, `subgroups of ${subgroupMinSize} to ${subgroupMaxSize}`],
    limits: Object.fromEntries(limits),
  };
}

/** A row for each workload: the times of this library and of each PyTorch, and their ratios. */
function gpuTable(measurements: readonly Measurement[], software: boolean): string {
  const figures = measurements.map((measurement) => figuresOf(measurement, software));
  const peers = [...new Set(figures.map(({ contestant }) => contestant))].filter(
    (name) => name !== "webgpu-lstm",
  );
  const rows = figures
    .filter(({ contestant }) => contestant === "webgpu-lstm")
    .map((own) => {
      const found = peers.map((name) =>
        figures.find(({ workload, contestant }) => workload === own.workload && contestant === name),
      );
      return [
        own.workload,
        spread(own.stepMs),
        ...found.map((peer) => spread(peer?.stepMs ?? null)),
        ...found.map((peer) => (peer ? `${digits(own.stepMs.median / peer.stepMs.median)}×` : "–")),
        percent(own.shareOfCeiling),
        `${own.dispatches}`,
      ];
    });
  const header = [
    "ms a step",
    "webgpu-lstm",
    ...peers,
    ...peers.map((name) => `ours / ${name}`),
    "share of FMA",
    "dispatches",
  ];
  return markdown([header, ...rows]);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
