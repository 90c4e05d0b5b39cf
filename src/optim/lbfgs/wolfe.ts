/** The line search of LBFGS. The file loads on demand and imports types alone of what does not. */
import type { Measures } from "../../plan/lbfgs-vectors.ts";

/** Constants of the two strong Wolfe conditions: sufficient decrease, and curvature. */
const DECREASE = 1e-4;
const CURVATURE = 0.9;

/** The loss at some step length, and its slope along the direction. */
export interface Trial {
  readonly t: number;
  readonly f: number;
  readonly slope: number;
  readonly measures: Measures;
  /** The vector that keeps its gradient. */
  readonly keptIn: string;
}

/** Where a cubic through two points with these slopes is smallest, within `bounds`. */
function cubicMinimum(a: Trial, b: Trial, bounds?: readonly [number, number]): number {
  const [low, high] = bounds ?? (a.t <= b.t ? [a.t, b.t] : [b.t, a.t]);
  const d1 = a.slope + b.slope - (3 * (a.f - b.f)) / (a.t - b.t);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const minimum =
    a.t <= b.t
      ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
      : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
  return Math.min(Math.max(minimum, low), high);
}

/**
 * Looks for a step length that fulfils the strong Wolfe conditions, as `torch.optim.LBFGS` does: brackets one, then narrows the bracket
 * (Nocedal & Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6).
 * @param start The iterate, at step length 0.
 * @param at Evaluates a step length; the gradients of these trials must be kept.
 * @param most Evaluations, beside the first.
 * @throws what `failure` makes, for a NaN loss with a slope that fulfils the condition: PyTorch has an IndexError there.
 */
export async function strongWolfe(
  start: Trial,
  first: number,
  at: (t: number, kept: readonly Trial[]) => Promise<Trial>,
  toleranceChange: number,
  most: number,
  failure: (what: string) => Error,
): Promise<{
  readonly found: Trial;
  readonly evaluations: number;
  /** The largest element of the direction. */
  readonly largestStep: number;
}> {
  const { f, slope } = start;
  const tooHigh = (trial: Trial) => trial.f > f + DECREASE * trial.t * slope;
  const flat = (trial: Trial) => Math.abs(trial.slope) <= -CURVATURE * slope;
  let trial = await at(first, []);
  let evaluations = 1;
  const { largestStep } = trial.measures;
  let before = start;
  let bracket: [Trial, Trial] | null = null;
  let count = 0;
  for (; count < most; count++) {
    if (tooHigh(trial) || (count > 1 && trial.f >= before.f)) {
      bracket = [before, trial];
      break;
    }
    if (flat(trial)) {
      if (!Number.isNaN(trial.f)) return { found: trial, evaluations, largestStep };
      throw failure(
        `the loss is NaN at a step length of ${trial.t}, and its slope there is not, so that the line search cannot go on; the parameters are ` +
          "those of the latest iteration. Find what makes the loss NaN, such as log() of a negative number: compile with { detectAnomaly: true }",
      );
    }
    if (trial.slope >= 0) {
      bracket = [before, trial];
      break;
    }
    const { t } = trial;
    const next = cubicMinimum(before, trial, [t + 0.01 * (t - before.t), t * 10]);
    before = trial;
    trial = await at(next, [before]);
    evaluations++;
  }
  bracket ??= [start, trial];

  let isStuck = false;
  const lowest = (ends: readonly [Trial, Trial]) => (ends[0].f <= ends[1].f ? 0 : 1);
  let low: 0 | 1 = lowest(bracket);
  for (let isDone = false; !isDone && count < most; count++) {
    const ends = [bracket[0].t, bracket[1].t];
    const [left, right] = [Math.min(...ends), Math.max(...ends)];
    if ((right - left) * largestStep < toleranceChange) break;
    let t = cubicMinimum(bracket[0], bracket[1]);
    // Close to an end twice, or at it: a tenth of the bracket away from it.
    const margin = 0.1 * (right - left);
    if (Math.min(right - t, t - left) < margin) {
      if (isStuck || t >= right || t <= left) {
        t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin;
        isStuck = false;
      } else {
        isStuck = true;
      }
    } else {
      isStuck = false;
    }
    trial = await at(t, bracket);
    evaluations++;
    const high: 0 | 1 = low === 0 ? 1 : 0;
    if (tooHigh(trial) || trial.f >= bracket[low].f) {
      bracket[high] = trial;
      low = lowest(bracket);
    } else {
      if (flat(trial)) isDone = true;
      else if (trial.slope * (bracket[high].t - bracket[low].t) >= 0) bracket[high] = bracket[low];
      bracket[low] = trial;
    }
  }
  return { found: bracket[low], evaluations, largestStep };
}
