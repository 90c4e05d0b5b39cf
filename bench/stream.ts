/**
 * W5: an LSTM(32→128) asked one step after another, its state carried on the GPU and its answer read each time, beside an empty
 * round trip on the same device: `npm run bench:stream`. See docs/benchmarks.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { Device, Generator, nn, Stream } from "webgpu-lstm";
import { StagingPool } from "../src/gpu/staging.ts";
import { openGpu } from "../tools/node-device.ts";
import { describeEnvironment } from "./environment.ts";
import { quantile, summarize } from "./statistics.ts";

const INPUT = 32;
const HIDDEN = 128;
const STREAMS = [1, 4, 16, 64, 256];

/** Runs in a row whose time, over their number, is taken for the kernels' own. */
const IN_A_ROW = 8;

/** Steps before any is timed. */
const WARM = 20;

interface Samples {
  readonly streams: number;
  /** From submitting a copy of as many bytes as an answer has until they are mapped, in ms. */
  readonly emptyMs: number[];
  /** From `stream.step()` to its answer, in ms. */
  readonly stepMs: number[];
  /** Of one of {@link IN_A_ROW} runs that nobody waits for, in ms: the kernels, and what a submission costs the GPU. */
  readonly kernelsMs: number[];
}

async function measureStreams(device: Device, streams: number, rounds: number): Promise<Samples> {
  const model = new nn.LSTM(INPUT, HIDDEN);
  const stream = await Stream.open(device, model, { streams });
  const run = await device.compile(
    ({ x, h, c }) => {
      const { output, state } = model.forward(x, { h, c });
      return { output, h: state.h, c: state.c };
    },
    {
      inputs: { x: [1, streams, INPUT], h: [1, streams, HIDDEN], c: [1, streams, HIDDEN] },
      carry: { h: "h", c: "c" },
    },
  );
  const pool = new StagingPool(device, "empty");
  const source = device.allocate("activation", streams * HIDDEN * 4, "empty");
  const x = new Generator(0).uniform_(new Float32Array(streams * INPUT), -1, 1);
  const samples: Samples = { streams, emptyMs: [], stepMs: [], kernelsMs: [] };
  const timed = async (into: number[], what: () => Promise<unknown>, count = 1) => {
    const start = performance.now();
    await what();
    into.push((performance.now() - start) / count);
  };
  const inARow = () => {
    for (let i = 0; i < IN_A_ROW; i++) run.run({ x });
    return device.idle();
  };

  for (let i = 0; i < WARM; i++) await stream.step(x);
  await inARow();
  for (let round = 0; round < rounds; round++) {
    await timed(samples.emptyMs, () => pool.read(source, 0, streams * HIDDEN));
    await timed(samples.stepMs, () => stream.step(x));
    await timed(samples.kernelsMs, inARow, IN_A_ROW);
  }
  pool.dispose();
  for (const owner of [stream, run, source, model]) owner.dispose();
  return samples;
}

function table(all: readonly Samples[]): string {
  const range = (values: readonly number[]) => {
    const { median, quartiles } = summarize(values);
    return `${median.toFixed(3)} (${quartiles.map((q) => q.toFixed(3)).join("–")})`;
  };
  const rows = all.map(({ streams, emptyMs, stepMs, kernelsMs }) => {
    // Of what stood side by side: the machine's neighbours come and go.
    const ratios = stepMs.map((step, i) => step / (emptyMs[i]! + kernelsMs[i]!));
    return [
      `${streams}`,
      range(emptyMs),
      range(kernelsMs),
      range(stepMs),
      quantile(ratios, 0.5).toFixed(2),
      ((quantile(stepMs, 0.5) * 1e3) / streams).toFixed(1),
    ];
  });
  return [
    ["streams", "empty round trip, ms", "kernels, ms", "step, ms", "step / (empty + kernels)", "µs a stream"],
    rows[0]!.map(() => "---:"),
    ...rows,
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "string", default: "out/bench-stream.json" },
    },
  });
  const device = await Device.request({ gpu: await openGpu() });
  try {
    const environment = describeEnvironment(device);
    const { adapter, machine, load } = environment;
    console.log(`${adapter.name}; ${machine.cpu}, ${machine.cores} cores, load ${load.toFixed(1)}`);
    if (load > machine.cores)
      console.log("other programs are running: only ratios within this run mean something");
    const samples: Samples[] = [];
    for (const streams of STREAMS)
      samples.push(await measureStreams(device, streams, values.quick ? 15 : 101));
    console.log(`\nW5: LSTM(${INPUT}→${HIDDEN}), one step an answer\n\n${table(samples)}\n`);
    mkdirSync(dirname(values.json), { recursive: true });
    writeFileSync(values.json, `${JSON.stringify({ environment, samples }, null, 1)}\n`);
    console.log(`all samples: ${values.json}`);
  } finally {
    device.dispose();
  }
}

await main();
