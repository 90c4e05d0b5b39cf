/** How version `sequence` divides a layer among workgroups and invocations. */
import type { AdapterFacts } from "../../gpu/adapter-facts.ts";
import type { PlanSettings } from "../op.ts";
import type { Pass, RecurrentSizes } from "./recurrence.ts";

/** A division of a layer's work. */
export interface Tiling {
  /** Batch rows of a workgroup. */
  readonly rows: number;
  /** Invocations that share the units. */
  readonly lanes: number;
  /** Slices of the depth, each with invocations of its own. */
  readonly slices: number;
  /** Quads of a slice's depth whose weights stay in registers; the others' are loaded in each step. */
  readonly held: number;
}

/** Workgroup memory that every device can have. */
const WORKGROUP_BYTES = 16_384;

/** What follows from a tiling: the kernels' constants, except for those about their operands. */
export function constantsOf(pass: Pass, { H }: RecurrentSizes, { rows, lanes, slices, held }: Tiling) {
  const quarter = Math.ceil(H / 4);
  const units = Math.ceil(H / lanes);
  const quads = Math.ceil(quarter / slices);
  const forward = pass === "forward";
  // Whether an invocation's sums are not all of what it owns.
  const exchanged = slices > 1 || (forward && (units !== 4 || lanes !== quarter));
  const threads = lanes * slices;
  const pairs = (forward ? quarter : H) * rows;
  const alone = forward ? rows : units * rows;
  return {
    HIDDEN: H,
    ROWS: rows,
    LANES: lanes,
    UNITS: units,
    SLICES: slices,
    QUADS: quads,
    HELD: Math.min(held, quads),
    OWN: exchanged ? Math.ceil(pairs / threads) : alone,
    EXCHANGED: Number(exchanged),
    THREADS: threads,
  };
}

/** Whether a device's limits allow a tiling. */
function isAllowed(pass: Pass, sizes: RecurrentSizes, tiling: Tiling, maxInvocations: number): boolean {
  const { H, slots } = sizes;
  const { ROWS, SLICES, QUADS, EXCHANGED, THREADS } = constantsOf(pass, sizes, tiling);
  const values = (2 - EXCHANGED) * ROWS * 4 * QUADS * SLICES * (pass === "forward" ? 1 : slots);
  const sums = EXCHANGED * SLICES * ROWS * H * (pass === "forward" ? slots : 1);
  return THREADS <= Math.min(256, maxInvocations) && 4 * (values + sums) <= WORKGROUP_BYTES;
}

/** Maximum values of an invocation's sums, and of the weights that it holds: more would not stay in registers. */
const MOST_SUMS = 16;
const MOST_HELD = 64;

/** Maximum pairs that an invocation owns. */
const MOST_OWN = 4;

/** Names a tiling among others. */
export function nameOf({ rows, lanes, slices, held }: Tiling): string {
  return `${rows} rows, ${lanes} × ${slices} invocations, ${held} held`;
}

/** The tilings to choose from. */
export function tilingsOf(
  pass: Pass,
  sizes: RecurrentSizes,
  { facts: { software }, maxInvocations }: Pick<PlanSettings, "facts" | "maxInvocations">,
): Tiling[] {
  const { N, H, slots } = sizes;
  const quarter = Math.ceil(H / 4);
  // One that compiles fast and has a barrier a step.
  if (software)
    return [{ rows: Math.min(N, pass === "forward" ? 2 : 1), lanes: quarter, slices: 1, held: 0 }];
  return [64, 128, 256].flatMap((lanes) => {
    const units = Math.ceil(H / lanes);
    // Wider than the layer only where no narrower one is as wide.
    if (lanes > 64 && lanes >= 2 * H) return [];
    return [1, 2, 4].flatMap((slices) => {
      const quads = Math.ceil(quarter / slices);
      const most = Math.min(quads, Math.floor(MOST_HELD / (4 * units * slots)));
      return [1, 2, 4, 8].flatMap((rows) =>
        [...new Set([0, most])]
          .map((held) => ({ rows, lanes, slices, held }))
          .filter((tiling) => {
            const { OWN } = constantsOf(pass, sizes, tiling);
            const fits = rows <= N && units * rows <= MOST_SUMS && OWN <= MOST_OWN;
            return fits && isAllowed(pass, sizes, tiling, maxInvocations);
          }),
      );
    });
  });
}

/**
 * Cost-model weights. A value of the state that all lanes load from workgroup memory at once, in loads; and what a step takes at least
 * on a GPU, in µs: from the state before, through the gates, to the state after.
 */
const STATE_LOADS = 1 / 8;
const LATENCY_MICROS = 1.5;

/** Predicted µs of a step, without its share of the dispatch. */
export function tilingMicros(pass: Pass, sizes: RecurrentSizes, tiling: Tiling, facts: AdapterFacts): number {
  const { N, H, slots } = sizes;
  const { ROWS, UNITS, QUADS, HELD, THREADS, EXCHANGED } = constantsOf(pass, sizes, tiling);
  const groups = Math.ceil(N / ROWS);
  // facts.workgroups is measured with workgroups of 64 invocations.
  const filled = (groups * THREADS) / 64 / facts.workgroups;
  const depth = 4 * QUADS * groups * THREADS;
  const products = depth * UNITS * ROWS * slots;
  const weights = 4 * (QUADS - HELD) * groups * THREADS * UNITS * slots;
  const states = STATE_LOADS * depth * ROWS * (pass === "forward" ? 1 : slots);
  const pointwise = N * H * slots;
  const work =
    (2 * products + 40 * pointwise) / facts.gflops + (weights + states + 8 * pointwise) / facts.gloads;
  const barriers = (1 + EXCHANGED) * facts.barrierMicros * Math.max(1, filled);
  return work / (1e3 * Math.min(1, filled)) + barriers + (facts.software ? 0 : LATENCY_MICROS);
}
