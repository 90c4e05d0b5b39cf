import { summarize } from "../tasks/statistics/statistics.ts";
import type { CeilingSamples } from "./ceilings.ts";
import type { Figures } from "./figures.ts";
import { digits, markdown, percent } from "./markdown.ts";
import type { Failure } from "./measure.ts";
import { type StreamSamples, streamRatio } from "./stream.ts";
import { axes, exponent, type SweepPoint } from "./sweep.ts";

/** The results that the targets are compared with. */
export interface Evidence {
  readonly ceilings: readonly CeilingSamples[];
  readonly figures: readonly Figures[];
  readonly failures: readonly Failure[];
  readonly streams: readonly StreamSamples[];
  readonly sweeps: readonly SweepPoint[];
}

/** One line of the table: a target, the measurement, and whether it reaches the target. */
interface Verdict {
  readonly target: string;
  readonly measured: string;
  readonly reached: boolean;
  /** The distance from a missed target, in words. */
  readonly missedBy?: string;
}

/** The target share of the FMA rate for training steps, and the stretch goal. */
const SHARE = { bar: 0.4, stretch: 0.5 };

/** The FMA rate when the target was set, in GFLOP/s; it was measured by a kernel whose sums did not fit SwiftShader's registers. */
const FORMER_RATE = 12;

/** Target speedups over each peer, by workload. */
const TIMES_AS_FAST: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "tfjs-webgpu": { W1: 40, W2: 20, W3: 18, W6: 300 },
  "jax-js-webgpu": { W1: 3, W2: 3, W3: 3 },
  "tfjs-wasm": { W1: 1, W2: 1, W3: 1, W6: 1 },
  pytorch: { W6: 1 / 1.5 },
};

/** Sizes from which the cost of a sweep must be proportional. */
const SATURATED: Readonly<Record<string, number>> = { T: 64, B: 64, H: 256 };

/** A table of all speed targets and the measurements in the browser; streams are measured in Node. */
export function targetTable(evidence: Evidence): string {
  const verdicts = [
    ...shares(evidence),
    ...ratios(evidence),
    ...latency(evidence),
    ...encoding(evidence),
    ...overheads(evidence),
    ...growth(evidence),
  ];
  if (verdicts.length === 0) return "";
  const rows = verdicts.map(({ target, measured, reached, missedBy }) => [
    target,
    measured,
    reached ? "reached" : `**missed**${missedBy ? `, ${missedBy}` : ""}`,
  ]);
  return markdown([["target", "measured", ""], ...rows], 3);
}

/** This library's figures in the browser. */
function own(figures: readonly Figures[], workload: string): Figures | undefined {
  return figures.find(
    (row) => row.workload === workload && row.contestant === "webgpu-lstm" && row.place !== "Node",
  );
}

function shares({ figures }: Evidence): Verdict[] {
  return ["W1", "W2", "W3"].flatMap((workload) => {
    const ours = own(figures, workload);
    const share = ours?.shareOfCeiling ?? null;
    if (!ours || share === null) return [];
    const missedBy = `${digits(share / SHARE.bar)} of it`;
    const stretch = share >= SHARE.stretch ? ", the stretch of 50 % too" : "";
    const target = `${workload}: 40 % of the FMA rate or more`;
    if (share > 1) {
      const measured = `${percent(share)}: the FMA rate came out too low in this run`;
      return [{ target, measured, reached: false, missedBy: "or not known: run it again" }];
    }
    const former = SHARE.bar * FORMER_RATE;
    const rate = ours.gflops ?? 0;
    return [
      { target, measured: `${percent(share)}${stretch}`, reached: share >= SHARE.bar, missedBy },
      {
        target: `${workload}: 40 % of ${FORMER_RATE} GFLOP/s, the FMA rate when the target was set`,
        measured: `${digits(rate)} GFLOP/s`,
        reached: rate >= former,
        missedBy: `${digits(rate / former)} of it`,
      },
    ];
  });
}

function ratios({ figures, failures }: Evidence): Verdict[] {
  return Object.entries(TIMES_AS_FAST).flatMap(([peer, bars]) =>
    Object.entries(bars).flatMap(([workload, bar]): Verdict[] => {
      const ours = own(figures, workload);
      if (!ours) return [];
      const theirs = figures.find((row) => row.workload === workload && row.contestant === peer);
      const target =
        bar < 1
          ? `${workload}: within ${digits(1 / bar)}× of ${peer}`
          : `${workload}: ${bar === 1 ? "faster than" : `${bar}× as fast as`} ${peer}`;
      if (theirs) {
        const ratio = theirs.stepMs.median / ours.stepMs.median;
        const measured = ratio < 1 ? `${digits(1 / ratio)}× its time` : `${digits(ratio)}× as fast`;
        return [{ target, measured, reached: ratio >= bar, missedBy: `${digits(ratio / bar)} of it` }];
      }
      // A peer that ran out of time gives a lower bound.
      const bound = failures.find((row) => row.workload.name === workload && row.contestant === peer);
      const seconds = /^not within ([\d.]+) s$/.exec(bound?.reason ?? "")?.[1];
      if (seconds === undefined) return [];
      const least = (Number(seconds) * 1e3) / ours.stepMs.median;
      const measured = `more than ${digits(least)}×: ${peer} was given ${seconds} s`;
      return [{ target, measured, reached: least >= bar, missedBy: "or not known: more patience tells" }];
    }),
  );
}

function latency({ streams }: Evidence): Verdict[] {
  const one = streams.find((samples) => samples.streams === 1);
  if (!one) return [];
  const ratio = streamRatio(one);
  const target = "W5: the empty round trip plus the kernels' own time, within 1.3×";
  return [{ target, measured: `${digits(ratio)}×`, reached: ratio <= 1.3 }];
}

function encoding({ ceilings }: Evidence): Verdict[] {
  return ceilings
    .filter(({ place }) => place !== "Node")
    .map(({ encodeMicros }) => {
      const { median } = summarize(encodeMicros);
      const target = "encode under 3 µs a dispatch";
      return {
        target,
        measured: `${digits(median)} µs`,
        reached: median < 3,
        missedBy: `${digits(median / 3)}×`,
      };
    });
}

function overheads({ figures }: Evidence): Verdict[] {
  return ["W1", "W2", "W3", "W4", "W6"].flatMap((workload) => {
    const ours = own(figures, workload);
    if (!ours) return [];
    const { firstStepMs, stepMs } = ours;
    const bar = 3 * stepMs.median + 500;
    return [
      {
        target: `${workload}: first step under 3 steps plus 500 ms`,
        measured: `${digits(firstStepMs)} ms of ${digits(bar)}`,
        reached: firstStepMs <= bar,
        missedBy: `${digits(firstStepMs / bar)} of it`,
      },
    ];
  });
}

function growth({ sweeps }: Evidence): Verdict[] {
  return axes.flatMap(({ name }) => {
    const points = sweeps.filter(
      ({ axis, size, contestant }) =>
        axis === name && contestant === "webgpu-lstm" && size >= SATURATED[name]!,
    );
    if (points.length < 2) return [];
    const power = name === "H" ? 2 : 1;
    const measured = exponent(points[0]!, points.at(-1)!);
    const target = `cost proportional to ${name === "H" ? "H²" : name} from ${name} = ${points[0]!.size} on`;
    return [{ target, measured: `exponent ${measured.toFixed(2)}`, reached: measured <= power * 1.1 }];
  });
}
