/**
 * Version `sequence`: many time steps in one dispatch, for any adapter. A workgroup owns some batch rows, and all units and steps of them.
 * The file loads on demand, and imports types and what loads with it alone.
 */
import type { Kernel } from "../../gpu/kernel.ts";
import type { Grids } from "../grid.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import type { Pass, Recurrence } from "./recurrence.ts";
import { segmentDispatches } from "./segments.ts";
import { constantsOf, nameOf, type Tiling, tilingMicros, tilingsOf } from "./sequence-tiling.ts";
import { transposedWeight } from "./transposed-weight.ts";
import type { StepPass, Version } from "./version.ts";

/** Maximum number of units: their states and sums are in workgroup memory. */
const MOST_UNITS = 256;

/** Upper limit for the time of a dispatch in µs, far below what a browser's watchdog allows. */
const DISPATCH_MICROS = 100_000;

/** Predicted time of a step by every tiling, the shortest first. */
function predictions(pass: Pass, { sizes, span }: Recurrence, plan: PlanContext): [Tiling, number][] {
  const { facts } = plan;
  const dispatch = facts.dispatchMicros / span.count;
  return tilingsOf(pass, sizes, plan)
    .map((tiling): [Tiling, number] => [tiling, dispatch + tilingMicros(pass, sizes, tiling, facts)])
    .sort(([, a], [, b]) => a - b);
}

/** The tiling with the shortest prediction, or the one that a timing found. */
function chooseTiling(
  cell: string,
  pass: Pass,
  { sizes }: Recurrence,
  predicted: readonly [Tiling, number][],
  trial: (tiling: Tiling) => Dispatch[],
  plan: PlanContext,
): Tiling {
  const tilings = new Map(predicted.map(([tiling]) => [nameOf(tiling), tiling]));
  const micros = Object.fromEntries(predicted.map(([tiling, time]) => [nameOf(tiling), time]));
  const what = `${cell} ${pass} sequence, H ${sizes.H}, N ≤ ${2 ** Math.ceil(Math.log2(sizes.N))}`;
  return tilings.get(plan.choices.choose(what, undefined, micros, (name) => trial(tilings.get(name)!)))!;
}

/** The kernel of a pass with the constants of a tiling. */
function sizedKernel(
  kernel: Kernel,
  pass: Pass,
  { recurrence, keepsHidden }: StepPass,
  tiling: Tiling,
): Kernel {
  return kernel.with({
    ...constantsOf(pass, recurrence.sizes, tiling),
    HAS_LENGTHS: Number(recurrence.lengths !== null),
    ...(pass === "backward" && { KEEPS_CARRY: Number(keepsHidden) }),
  });
}

/** The version for a cell's pass. */
export function sequenceVersion(cell: string, pass: Pass, transpose: Kernel, grids: Grids): Version {
  const predicted = (recurrence: Recurrence, plan: PlanContext) =>
    recurrence.sizes.H > MOST_UNITS ? [] : predictions(pass, recurrence, plan);
  return {
    stepMicros: (recurrence, plan) => predicted(recurrence, plan)[0]?.[1] ?? null,
    dispatches: (kernel, stepPass, plan, trialPass) => {
      const tilings = predicted(stepPass.recurrence, plan);
      const by = (stepPass: StepPass, tiling: Tiling): Dispatch[] => {
        const { recurrence, operands } = stepPass;
        const { rows } = tiling;
        const segmented = {
          kernel: sizedKernel(kernel, pass, stepPass, tiling),
          pass: stepPass,
          rows,
          grid: grids.linearGrid(64 * Math.ceil(recurrence.sizes.N / rows), plan),
          steps: DISPATCH_MICROS / tilings[0]![1],
        };
        if (pass === "forward") return segmentDispatches({ ...segmented, operands, order: 1 });
        const { transposed, dispatch } = transposedWeight(transpose, grids, recurrence, plan);
        const weighted = { ...operands, weight: transposed };
        return [dispatch, ...segmentDispatches({ ...segmented, operands: weighted, order: -1 })];
      };
      const trial = (tiling: Tiling) => by(trialPass(), tiling);
      return by(stepPass, chooseTiling(cell, pass, stepPass.recurrence, tilings, trial, plan));
    },
  };
}
