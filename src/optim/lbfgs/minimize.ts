/** One step of LBFGS. The file loads on demand and imports types alone of what does not. */
import type { BindGroups, Kernel } from "../../gpu/kernel.ts";
import type { OnDemand } from "../../ondemand.ts";
import type { Grids } from "../../ops/grid.ts";
import { lbfgsKernels } from "../../ops/update/lbfgs-kernels.ts";
import { LbfgsVectors, type Pair } from "../../plan/lbfgs-vectors.ts";
import type { ArenaRange } from "../../plan/parameters.ts";
import type { Settings } from "../param-group.ts";
import type { LbfgsOptions } from "./options.ts";
import { strongWolfe, type Trial } from "./wolfe.ts";

/** Smallest y·s of a pair that is kept. */
const LEAST_CURVATURE = 1e-10;

/** Numbers that LBFGS keeps from step to step, under other names than PyTorch's state dict has them. */
export interface LbfgsState {
  evaluations: number;
  iterations: number;
  /** Length of the latest step; `null` before the first. */
  t: number | null;
  /** From the oldest to the newest. */
  pairs: Pair[];
  /** The initial inverse Hessian, a multiple of the identity. */
  scale: number;
  previousLoss: number;
}

/** What a step is given. */
export interface Minimization {
  readonly optimizer: object;
  readonly ranges: readonly ArenaRange[];
  readonly settings: Settings<LbfgsOptions>;
  /** Changes as the step goes on. */
  readonly state: LbfgsState;
  /** Calls the closure; gives a promise of its loss. */
  evaluate(): Promise<{ readonly loss: Promise<number> }>;
  /** The error for data that cannot be used. */
  failure(what: string): Error;
}

/** The kernels, and a function that takes a step and gives the loss that it began with. */
export function lbfgs(
  OneKernel: typeof Kernel,
  Texts: typeof OnDemand,
  Groups: typeof BindGroups,
  linearGrid: Grids["linearGrid"],
) {
  const kernels = lbfgsKernels(OneKernel, Texts);
  const step = async (given: Minimization): Promise<number> => {
    const vectors = new LbfgsVectors({ kernels, Groups, linearGrid }, given.optimizer, given.ranges);
    try {
      await vectors.ready();
      return await minimize(vectors, given);
    } finally {
      vectors.dispose();
    }
  };
  return { kernels, step };
}

async function minimize(vectors: LbfgsVectors, given: Minimization): Promise<number> {
  const { settings, state, evaluate } = given;
  const { lr, maxIter, toleranceGrad, toleranceChange, historySize, lineSearchFn, maximize } = settings;
  const maxEval = settings.maxEval!;
  const sign = maximize ? -1 : 1;
  /** Calls the closure, and measures the gradients that it leaves while the loss is on its way. */
  const evaluated = async (keptIn?: string) => {
    const { loss } = await evaluate();
    const [f, measures] = await Promise.all([loss, vectors.measure(keptIn)]);
    return { f: sign * f, measures };
  };

  let { f: loss, measures } = await evaluated();
  const first = sign * loss;
  let evaluations = 1;
  state.evaluations++;
  if (measures.largest <= toleranceGrad) return first;

  for (let iteration = 1; iteration <= maxIter; iteration++) {
    vectors.copy("value", "origin");
    try {
      state.iterations++;
      if (state.iterations === 1) {
        state.pairs = [];
        state.scale = 1;
      } else {
        const ys = measures.yd * state.t!;
        if (ys > LEAST_CURVATURE) {
          while (state.pairs.length >= historySize) state.pairs.shift();
          const taken = new Set(state.pairs.map(({ slot }) => slot));
          let slot = 0;
          while (taken.has(slot)) slot++;
          vectors.store(slot, state.t!);
          state.pairs.push({ slot, ro: 1 / ys });
          state.scale = ys / measures.yy;
        }
      }
      const slope = await vectors.direct(state.pairs, state.scale);
      vectors.copy("flat_grad", "prev_flat_grad");
      state.previousLoss = loss;
      const short = 1 / measures.sum;
      // Not Math.min: of a NaN, PyTorch takes 1.
      state.t = (state.iterations === 1 && short < 1 ? short : 1) * lr;
      if (slope > -toleranceChange) break;

      if (lineSearchFn !== null) {
        const start: Trial = {
          t: 0,
          f: loss,
          slope,
          measures: { ...measures, yd: 0, yy: 0 },
          keptIn: "prev_flat_grad",
        };
        const at = async (t: number, kept: readonly Trial[]): Promise<Trial> => {
          const free = ["kept.0", "kept.1", "kept.2"].find((name) =>
            kept.every(({ keptIn }) => keptIn !== name),
          )!;
          vectors.move(t);
          const { f, measures } = await evaluated(free);
          state.evaluations++;
          return { t, f, slope: measures.slope, measures, keptIn: free };
        };
        const most = maxEval - evaluations;
        const search = await strongWolfe(start, state.t, at, toleranceChange, most, given.failure);
        const { found } = search;
        evaluations += search.evaluations;
        loss = found.f;
        measures = { ...found.measures, largestStep: search.largestStep };
        state.t = found.t;
        vectors.copy(found.keptIn, "flat_grad");
        vectors.move(found.t);
      } else {
        vectors.move(state.t);
        // The last gradient is left to the next step, which may have other data.
        if (iteration !== maxIter) {
          ({ f: loss, measures } = await evaluated());
          evaluations++;
          state.evaluations++;
        }
      }
    } catch (error) {
      // The first iteration's length is its own: without it, the next step begins anew. A later one has moved by nothing.
      Object.assign(state, state.iterations === 1 ? { iterations: 0, t: null } : { t: 0 });
      vectors.copy("origin", "value");
      throw error;
    }
    if (iteration === maxIter || evaluations >= maxEval) break;
    if (measures.largest <= toleranceGrad) break;
    if (measures.largestStep * Math.abs(state.t) <= toleranceChange) break;
    if (Math.abs(loss - state.previousLoss) < toleranceChange) break;
  }
  return first;
}
