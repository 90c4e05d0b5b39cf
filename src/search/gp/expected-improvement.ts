import { erfcx, logNormalCdf, meanAboveZero } from "../normal.ts";
import type { Evaluation } from "./minimize.ts";
import type { Regression } from "./regression.ts";

/** Keeps the logarithm of the variance finite at an observation. */
const STABILIZER = 1e-12;
const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);

/** log E max(Z + z, 0) for a standard normal Z: log(z Φ(z) + φ(z)). */
export function logStandardImprovement(z: number): number {
  if (z > -25) return Math.log(meanAboveZero(z));
  // The difference below loses its digits: 1/z² - 3/z⁴ + …
  if (z < -1000) return -0.5 * z * z - LOG_SQRT_2PI - 2 * Math.log(-z) + Math.log1p(-3 / (z * z));
  return -0.5 * z * z - LOG_SQRT_2PI + Math.log(1 + Math.sqrt(Math.PI / 2) * z * erfcx(-z / Math.SQRT2));
}

/**
 * Logarithm of how much a point is expected to exceed the best value so far, and its gradient.
 *
 * @see S. Ament et al., "Unexpected Improvements to Expected Improvement", 2023
 */
export function logExpectedImprovement(regression: Regression, best: number, x: Float64Array): Evaluation {
  const { mean, variance, meanGradient, varianceGradient } = regression.posterior(x);
  const width = Math.sqrt(variance + STABILIZER);
  const z = (mean - best) / width;
  const log = logStandardImprovement(z);
  // The derivative of z Φ(z) + φ(z) is Φ(z).
  const slope = Math.exp(logNormalCdf(z) - log);
  return {
    value: log + Math.log(width),
    gradient: meanGradient.map(
      (by, d) => (slope * by + (1 - z * slope) * (varianceGradient[d]! / (2 * width))) / width,
    ),
  };
}
