/**
 * Regression by a Gaussian process: Matérn's kernel 5/2 with a length for each dimension, and noise. Parameters are those that the observations and
 * Optuna's prior make most likely.
 *
 * @see C. Rasmussen, C. Williams, "Gaussian Processes for Machine Learning", 2006, chapters 2 and 5
 */
import { cholesky, dot, inverse, type Matrix, solveLower, solveUpper } from "./cholesky.ts";
import { type Evaluation, minimize } from "./minimize.ts";

/** Noise that is always there. */
const LEAST_NOISE = 1e-6;

export interface KernelParameters {
  /** 1 / length² for each dimension. */
  readonly inverseSquares: Float64Array;
  readonly scale: number;
  readonly noise: number;
}

/** Points in the unit cube; a categorical dimension has the index of a choice instead. */
export interface Observations {
  readonly points: readonly Float64Array[];
  readonly values: Float64Array;
  readonly isCategorical: readonly boolean[];
}

/** k(d²) = (1 + √5 d + 5/3 d²) e^(-√5 d), and its derivative by d². */
function matern52(squared: number): readonly [value: number, slope: number] {
  const root = Math.sqrt(5 * squared);
  const decay = Math.exp(-root);
  return [(1 + root + (5 / 3) * squared) * decay, (-5 / 6) * (root + 1) * decay];
}

/** The squared difference in one dimension; two choices differ by 1 or not at all. */
function squaredDifference(a: number, b: number, isCategorical: boolean): number {
  return isCategorical ? Number(a !== b) : (a - b) ** 2;
}

/** Parameters from their logarithms, as they are fitted. */
function parametersOf(raw: Float64Array): KernelParameters {
  const dimensions = raw.length - 2;
  return {
    inverseSquares: raw.slice(0, dimensions).map(Math.exp),
    scale: Math.exp(raw[dimensions]!),
    noise: Math.exp(raw[dimensions + 1]!) + LEAST_NOISE,
  };
}

/** The logarithms of parameters; a hundredth of the least noise keeps that of the noise finite, as in Optuna. */
function rawOf({ inverseSquares, scale, noise }: KernelParameters): Float64Array {
  return Float64Array.of(...inverseSquares, scale, noise - 0.99 * LEAST_NOISE).map(Math.log);
}

/**
 * The negative logarithm of how likely parameters are, without constants, and its gradient by their logarithms.
 * @param raw Logarithms of 1 / length², the scale, and the noise above the least
 */
export function fitLoss({ points, values, isCategorical }: Observations, raw: Float64Array): Evaluation {
  const { inverseSquares, scale, noise } = parametersOf(raw);
  const count = points.length;
  const dimensions = inverseSquares.length;
  const gradient = new Float64Array(raw.length);
  const slopes = points.map(() => new Float64Array(count));
  const shapes = points.map(() => new Float64Array(count));
  const covariance = points.map((a, i) =>
    Float64Array.from(points, (b, j) => {
      let squared = 0;
      for (let d = 0; d < dimensions; d++)
        squared += inverseSquares[d]! * squaredDifference(a[d]!, b[d]!, isCategorical[d]!);
      [shapes[i]![j], slopes[i]![j]] = matern52(squared) as [number, number];
      return scale * shapes[i]![j]! + (i === j ? noise : 0);
    }),
  );
  const l = cholesky(covariance);
  if (!l) return { value: Number.POSITIVE_INFINITY, gradient };
  const half = solveLower(l, values);
  const weights = solveUpper(l, half);
  const inverted = inverse(l);
  let value = 0.5 * dot(half, half);
  for (const [i, row] of l.entries()) value += Math.log(row[i]!);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      // The derivative of the loss by the covariance of i and j.
      const share = 0.5 * (inverted[i]![j]! - weights[i]! * weights[j]!);
      gradient[dimensions]! += share * shapes[i]![j]! * scale;
      if (i === j) gradient[dimensions + 1]! += share * (noise - LEAST_NOISE);
      const slope = share * scale * slopes[i]![j]!;
      for (let d = 0; d < dimensions; d++) {
        const squared = squaredDifference(points[i]![d]!, points[j]![d]!, isCategorical[d]!);
        gradient[d]! += slope * squared * inverseSquares[d]!;
      }
    }
  }
  // The prior: lengths near 1, a scale near 1, little noise.
  for (const [d, inverseSquare] of inverseSquares.entries()) {
    value += 0.1 / inverseSquare + 0.1 * inverseSquare;
    gradient[d]! += -0.1 / inverseSquare + 0.1 * inverseSquare;
  }
  value += scale - Math.log(scale) + 30 * noise - 0.1 * Math.log(noise);
  gradient[dimensions]! += scale - 1;
  gradient[dimensions + 1]! += (30 - 0.1 / noise) * (noise - LEAST_NOISE);
  return { value, gradient };
}

/** What is expected at a point, with gradients by its coordinates (0 for categorical ones). */
export interface Posterior {
  readonly mean: number;
  readonly variance: number;
  readonly meanGradient: Float64Array;
  readonly varianceGradient: Float64Array;
}

export class Regression {
  readonly parameters: KernelParameters;
  readonly #observations: Observations;
  readonly #triangle: Matrix;
  readonly #weights: Float64Array;

  /** @throws RangeError if the covariance of the observations is not positive definite */
  constructor(observations: Observations, parameters: KernelParameters) {
    this.#observations = observations;
    this.parameters = parameters;
    const { points, values } = observations;
    const l = cholesky(
      points.map((a, i) =>
        Float64Array.from(points, (b, j) => this.#kernel(a, b) + (i === j ? parameters.noise : 0)),
      ),
    );
    if (!l) throw new RangeError("the covariance is not positive definite");
    this.#triangle = l;
    this.#weights = solveUpper(l, solveLower(l, values));
  }

  /** Fits the parameters, from where an earlier fit has ended or from 1. */
  static fit(observations: Observations, start?: KernelParameters): Regression {
    const dimensions = observations.isCategorical.length;
    const cold = new Float64Array(dimensions + 2);
    const begins = start?.inverseSquares.length === dimensions ? [rawOf(start), cold] : [cold];
    for (const begin of begins) {
      const { x, value } = minimize((raw) => fitLoss(observations, raw), begin, 1e-2);
      // Where observations are close to each other, the noise of an earlier fit may be too little for them.
      if (Number.isFinite(value)) return new Regression(observations, parametersOf(x));
    }
    return new Regression(observations, parametersOf(cold));
  }

  /** The same regression with values at more points, as if they had been observed. */
  with(points: readonly Float64Array[]): Regression {
    const { values, ...rest } = this.#observations;
    const more = points.map((point) => this.posterior(point).mean);
    return new Regression(
      { ...rest, points: [...rest.points, ...points], values: Float64Array.of(...values, ...more) },
      this.parameters,
    );
  }

  posterior(x: Float64Array): Posterior {
    const { inverseSquares, scale } = this.parameters;
    const { points, isCategorical } = this.#observations;
    const slopes = new Float64Array(points.length);
    const covariance = Float64Array.from(points, (point, i) => {
      const [shape, slope] = matern52(this.#squared(x, point));
      slopes[i] = scale * slope;
      return scale * shape;
    });
    const half = solveLower(this.#triangle, covariance);
    const solved = solveUpper(this.#triangle, half);
    const meanGradient = new Float64Array(x.length);
    const varianceGradient = new Float64Array(x.length);
    for (const [i, point] of points.entries()) {
      for (let d = 0; d < x.length; d++) {
        if (isCategorical[d]) continue;
        const slope = slopes[i]! * 2 * inverseSquares[d]! * (x[d]! - point[d]!);
        meanGradient[d]! += slope * this.#weights[i]!;
        varianceGradient[d]! -= 2 * slope * solved[i]!;
      }
    }
    const variance = Math.max(scale - dot(half, half), 0);
    return { mean: dot(covariance, this.#weights), variance, meanGradient, varianceGradient };
  }

  #squared(a: Float64Array, b: Float64Array): number {
    const { isCategorical } = this.#observations;
    let squared = 0;
    for (const [d, inverseSquare] of this.parameters.inverseSquares.entries())
      squared += inverseSquare * squaredDifference(a[d]!, b[d]!, isCategorical[d]!);
    return squared;
  }

  #kernel(a: Float64Array, b: Float64Array): number {
    return this.parameters.scale * matern52(this.#squared(a, b))[0];
  }
}
