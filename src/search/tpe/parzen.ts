/**
 * A Parzen estimator: a mixture that has a kernel around each observation, and a wide one for what was known before. Kernels are normal
 * distributions, cut off at the ends of the range; on steps, their mass over each step; over choices, weights. Numbers are Optuna's.
 *
 * @see J. Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011
 * @see S. Watanabe, "Tree-Structured Parzen Estimator: Understanding Its Algorithm Components", 2023
 */
import type { CategoricalDistribution, Distribution, SearchSpace } from "../distributions.ts";
import { logDensity, logNormalMass, truncatedQuantile } from "../normal.ts";
import type { RandomState } from "../numpy-random.ts";

/** Observations or samples: for each parameter, the internal values in one order. */
export type Columns = ReadonlyMap<string, Float64Array>;

/** Kernels of a numerical parameter, on the logarithm's scale if its range has one. */
interface NumericalKernels {
  readonly means: Float64Array;
  readonly widths: Float64Array;
}

/** Kernels of a categorical one: a row of the choices' weights for each. */
interface CategoricalKernels {
  readonly rows: readonly Float64Array[];
}

/** A numerical range on the scale of its kernels. */
interface Scale {
  readonly log: boolean;
  /** 0 for any value of the range. */
  readonly step: number;
  readonly low: number;
  readonly high: number;
  /** The ends that kernels are cut off at: half a step beyond the range. */
  readonly from: number;
  readonly to: number;
}

type Kernels =
  | ({ readonly scale: Scale } & NumericalKernels)
  | ({ readonly scale: null } & CategoricalKernels);

export class ParzenEstimator {
  /** Weights of the kernels, of sum 1: those of the observations, then the prior's. */
  readonly weights: Float64Array;
  /** The kernels of each parameter, in the space's order. */
  readonly kernels: ReadonlyMap<string, Kernels>;

  /** @param weights Of the observations */
  constructor(observations: Columns, space: SearchSpace, weights: ArrayLike<number>) {
    const count = observations.values().next().value?.length ?? 0;
    const all = Float64Array.from({ length: count + 1 }, (_, i) => (i < count ? weights[i]! : 1));
    const sum = all.reduce((total, weight) => total + weight, 0);
    this.weights = all.map((weight) => weight / sum);
    this.kernels = new Map(
      [...space].map(([name, range]) => [
        name,
        range.type === "categorical"
          ? categoricalKernels(observations.get(name)!, range)
          : numericalKernels(observations.get(name)!, scaleOf(range)),
      ]),
    );
  }

  /** Draws from the mixture, in the order of NumPy's calls in Optuna. */
  sample(random: RandomState, count: number): Columns {
    const active = random.choices(this.weights, count);
    const samples = new Map<string, Float64Array>();
    for (const [name, kernels] of this.kernels) {
      samples.set(name, new Float64Array(count));
      if (kernels.scale) continue;
      const quantiles = random.doubles(count);
      samples.set(
        name,
        quantiles.map((quantile, i) => choiceAt(kernels.rows[active[i]!]!, quantile)),
      );
    }
    for (const [name, kernels] of this.kernels) {
      if (!kernels.scale) continue;
      const { scale, means, widths } = kernels;
      const quantiles = random.doubles(count);
      samples.set(
        name,
        quantiles.map((quantile, i) => numberAt(scale, means[active[i]!]!, widths[active[i]!]!, quantile)),
      );
    }
    return samples;
  }

  /** Logarithm of the mixture's density at each sample. */
  logDensity(samples: Columns): Float64Array {
    const count = samples.values().next().value!.length;
    const terms = Array.from({ length: count }, () => this.weights.map(Math.log));
    for (const [name, kernels] of this.kernels) {
      const column = samples.get(name)!;
      if (kernels.scale) addNumerical(terms, column, kernels.scale, kernels);
      else {
        for (const [i, row] of terms.entries()) {
          for (let k = 0; k < row.length; k++) row[k]! += Math.log(kernels.rows[k]![column[i]!]!);
        }
      }
    }
    return Float64Array.from(terms, logSum);
  }
}

function scaleOf(range: Exclude<Distribution, CategoricalDistribution>): Scale {
  const { low, high, log } = range;
  const step = range.step ?? 0;
  const [from, to] = [low - step / 2, high + step / 2];
  return { log, step, low, high, from: log ? Math.log(from) : from, to: log ? Math.log(to) : to };
}

function categoricalKernels(observed: Float64Array, { choices }: CategoricalDistribution): Kernels {
  const count = observed.length + 1;
  // Without observations, each choice has the same weight, like the prior's.
  const rows = Array.from({ length: count }, (_, k) => {
    const row = new Float64Array(choices.length).fill(1 / count);
    if (k < observed.length) row[observed[k]!]! += 1;
    const sum = row.reduce((total, weight) => total + weight, 0);
    return row.map((weight) => weight / sum);
  });
  return { scale: null, rows };
}

/** Each width is the distance to the farther neighbour, within bounds; the ends of the range are neighbours of the first and the last. */
function numericalKernels(observed: Float64Array, scale: Scale): Kernels {
  const { from, to, log } = scale;
  const means = log ? observed.map(Math.log) : observed;
  const count = means.length;
  const order = Array.from(means.keys()).sort((a, b) => means[a]! - means[b]!);
  const least = (to - from) / Math.min(100, 1 + (count + 1));
  const widths = new Float64Array(count + 1);
  for (const [i, k] of order.entries()) {
    const before = i === 0 ? from : means[order[i - 1]!]!;
    const after = i === count - 1 ? to : means[order[i + 1]!]!;
    let width = Math.max(means[k]! - before, after - means[k]!);
    // Of two or more, those at the ends look at their one neighbour.
    if (count > 1 && i === 0) width = after - means[k]!;
    if (count > 1 && i === count - 1) width = means[k]! - before;
    widths[k] = Math.min(Math.max(width, least), to - from);
  }
  widths[count] = to - from;
  return { scale, means: Float64Array.of(...means, 0.5 * (from + to)), widths };
}

/** The choice whose share of the row contains the quantile. */
function choiceAt(row: Float64Array, quantile: number): number {
  let sum = 0;
  for (let choice = 0; choice < row.length - 1; choice++) {
    sum += row[choice]!;
    if (sum >= quantile) return choice;
  }
  return row.length - 1;
}

function numberAt({ log, step, low, high, from, to }: Scale, mean: number, width: number, q: number): number {
  const z = truncatedQuantile(q, (from - mean) / width, (to - mean) / width);
  const value = log ? Math.exp(z * width + mean) : z * width + mean;
  if (step === 0) return value;
  return Math.min(Math.max(low + roundHalfEven((value - low) / step) * step, low), high);
}

/** As NumPy's `round`. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/** Adds each kernel's log density at each value to the terms. */
function addNumerical(
  terms: readonly Float64Array[],
  column: Float64Array,
  { log, step, from, to }: Scale,
  { means, widths }: NumericalKernels,
): void {
  const masses = means.map((mean, k) => logNormalMass((from - mean) / widths[k]!, (to - mean) / widths[k]!));
  const scaled = (value: number) => (log ? Math.log(value) : value);
  for (const [i, row] of terms.entries()) {
    const x = scaled(column[i]!);
    const [left, right] = [scaled(column[i]! - step / 2), scaled(column[i]! + step / 2)];
    for (let k = 0; k < row.length; k++) {
      const [mean, width, mass] = [means[k]!, widths[k]!, masses[k]!];
      if (step > 0) row[k]! += logNormalMass((left - mean) / width, (right - mean) / width) - mass;
      else if ((x - mean) / width < (from - mean) / width || (x - mean) / width > (to - mean) / width)
        row[k] = Number.NEGATIVE_INFINITY;
      else row[k]! += logDensity(x, mean, width, mass);
    }
  }
}

/** log Σ e^term. */
function logSum(terms: Float64Array): number {
  const most = terms.reduce((max, term) => Math.max(max, term), Number.NEGATIVE_INFINITY);
  if (most === Number.NEGATIVE_INFINITY) return most;
  return most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0));
}
