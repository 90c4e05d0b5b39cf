import { summarize } from "../tasks/statistics/statistics.ts";
import type { Workload } from "../tasks/workloads/workload.ts";
import { digits, markdown } from "./markdown.ts";
import type { Effort, Measurement } from "./measure.ts";
import { measure } from "./measure.ts";
import type { Seat } from "./seat.ts";

/** The common sizes of all sweeps: a training step like W2's with one layer. */
const BASE: Workload = {
  name: "sweep",
  title: "LSTM(64→128) + Linear(128→1) on the last step, MSE, Adam: a training step",
  task: "train",
  kind: "lstm",
  inputSize: 64,
  hiddenSize: 128,
  numLayers: 1,
  outputSize: 1,
  seqLen: 64,
  batch: 32,
  everyStep: false,
  loss: "mse",
  learningRate: 0.0001,
};

export interface Axis {
  readonly name: string;
  readonly sizes: readonly number[];
  /** The unit to which the cost should be proportional beyond saturation. */
  readonly unit: string;
  at(size: number): Workload;
  per(size: number): number;
}

/** The three sweeps; each changes one size. */
export const axes: readonly Axis[] = [
  {
    name: "T",
    sizes: [16, 32, 64, 128, 256, 512, 1024],
    unit: "µs a time step",
    at: (seqLen) => ({ ...BASE, seqLen, name: `T=${seqLen}` }),
    per: (size) => size,
  },
  {
    name: "B",
    sizes: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    unit: "µs a sequence",
    at: (batch) => ({ ...BASE, batch, seqLen: 32, name: `B=${batch}` }),
    per: (size) => size,
  },
  {
    name: "H",
    sizes: [32, 64, 128, 256, 512, 1024],
    unit: "µs for H² = 1024",
    at: (hiddenSize) => ({ ...BASE, inputSize: hiddenSize, hiddenSize, seqLen: 16, name: `H=${hiddenSize}` }),
    per: (size) => (size * size) / 1024,
  },
];

/** One size of a sweep. */
export interface SweepPoint {
  readonly axis: string;
  readonly size: number;
  readonly contestant: string;
  readonly place: string;
  /** The median time. */
  readonly ms: number;
  readonly share: number | null;
  readonly samples: number;
}

/** Measures a training step at every size. A seat that fails at a size has no point there. */
export async function sweep(
  seats: readonly Seat[],
  effort: Effort,
  say: (line: string) => void,
): Promise<SweepPoint[]> {
  const points: SweepPoint[] = [];
  for (const { name: axis, sizes, at } of axes) {
    for (const size of sizes) {
      const workload = at(size);
      say(`sweep ${workload.name}`);
      const { measurements } = await measure(workload, seats, effort);
      for (const measured of measurements) points.push(pointOf(axis, size, measured));
    }
  }
  return points;
}

function pointOf(axis: string, size: number, measured: Measurement): SweepPoint {
  const { contestant, place, samples, ceilings, work } = measured;
  const shares = ceilings.map(({ wall }, i) => (work.flops ?? 0) / (samples[i]!.wallMs * 1e6) / wall);
  const ms = summarize(samples.map(({ wallMs }) => wallMs)).median;
  const share = shares.length > 0 ? summarize(shares).median : null;
  return { axis, size, contestant, place, ms, share, samples: samples.length };
}

/** The growth of the cost as a power of the size: 1 is linear (2 for H is proportional to H²). */
export function exponent(smaller: SweepPoint, larger: SweepPoint): number {
  return Math.log(larger.ms / smaller.ms) / Math.log(larger.size / smaller.size);
}

/** A table for each axis: milliseconds, the cost of a unit, how it grows from the size before, the share of the FMA rate. */
export function sweepTables(points: readonly SweepPoint[]): string {
  return axes
    .map(({ name, unit, per, at, sizes }) => {
      const own = points.filter((point) => point.axis === name && point.contestant === "webgpu-lstm");
      if (own.length === 0) return "";
      const others = [
        ...new Set(points.filter(({ contestant }) => contestant !== "webgpu-lstm").map((p) => p.contestant)),
      ];
      const rows = own.map((point, i) => [
        `${point.size}`,
        digits(point.ms),
        digits((point.ms * 1e3) / per(point.size)),
        i === 0 ? "–" : exponent(own[i - 1]!, point).toFixed(2),
        point.share === null ? "–" : `${digits(point.share * 100)} %`,
        ...others.map((other) =>
          digits(
            points.find((p) => p.axis === name && p.size === point.size && p.contestant === other)?.ms ??
              null,
          ),
        ),
      ]);
      const header = [name, "ms a step", unit, "exponent", "share", ...others.map((other) => `${other}, ms`)];
      const { inputSize, hiddenSize, seqLen, batch } = at(sizes[0]!);
      const fixed = [
        name === "H" ? "I = H" : `I = ${inputSize}, H = ${hiddenSize}`,
        ...(name === "T" ? [] : [`T = ${seqLen}`]),
        ...(name === "B" ? [] : [`B = ${batch}`]),
      ];
      return `**${name}** at ${fixed.join(", ")}\n\n${markdown([header, ...rows], 0)}`;
    })
    .filter((table) => table !== "")
    .join("\n\n");
}
