/**
 * W5 with many streams: an LSTM(32→128), step by step, with its state on the GPU and each answer read back,
 * beside an empty round trip on the same device.
 */
import { type Device, Generator, nn, Stream } from "webgpu-lstm";
import { StagingPool } from "../src/gpu/staging.ts";
import { quantile, summarize } from "../tasks/statistics/statistics.ts";
import { markdown } from "./markdown.ts";

const INPUT = 32;
const HIDDEN = 128;
const STREAMS = [1, 4, 16, 64, 256];

/** Runs in a row; their time divided by this number is the kernels' time. */
const IN_A_ROW = 8;

/** Untimed steps before the first timed one. */
const WARM = 20;

export interface StreamSamples {
  readonly streams: number;
  /** From submitting a copy of an answer's size until it is mapped, in ms. */
  readonly emptyMs: number[];
  /** From `stream.step()` to its answer, in ms. */
  readonly stepMs: number[];
  /** The mean time of {@link IN_A_ROW} runs without waiting, in ms: the kernels and the GPU's share of a submission. */
  readonly kernelsMs: number[];
}

async function measureCount(device: Device, streams: number, rounds: number): Promise<StreamSamples> {
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
  const samples: StreamSamples = { streams, emptyMs: [], stepMs: [], kernelsMs: [] };
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

/** Measures each number of streams `rounds` times. */
export async function measureStreams(device: Device, rounds: number): Promise<StreamSamples[]> {
  const all: StreamSamples[] = [];
  for (const streams of STREAMS) all.push(await measureCount(device, streams, rounds));
  return all;
}

/**
 * The median over all rounds of a step's time divided by the empty round trip and the kernels of the same round, since the
 * machine's load changes from round to round.
 */
export function streamRatio({ emptyMs, kernelsMs, stepMs }: StreamSamples): number {
  return quantile(
    stepMs.map((step, i) => step / (emptyMs[i]! + kernelsMs[i]!)),
    0.5,
  );
}

/** A row for each number of streams. */
export function streamTable(all: readonly StreamSamples[]): string {
  const range = (values: readonly number[]) => {
    const { median, quartiles } = summarize(values);
    return `${median.toFixed(3)} (${quartiles.map((q) => q.toFixed(3)).join("–")})`;
  };
  const rows = all.map((samples) => {
    const { streams, emptyMs, stepMs, kernelsMs } = samples;
    return [
      `${streams}`,
      range(emptyMs),
      range(kernelsMs),
      range(stepMs),
      streamRatio(samples).toFixed(2),
      ((quantile(stepMs, 0.5) * 1e3) / streams).toFixed(1),
    ];
  });
  return markdown(
    [
      [
        "streams",
        "empty round trip, ms",
        "kernels, ms",
        "step, ms",
        "step / (empty + kernels)",
        "µs a stream",
      ],
      ...rows,
    ],
    0,
  );
}
