/** The normal distribution in double precision, and what is left of it between two bounds. Formulas as in SciPy's `truncnorm`. */

const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);

/** From here on the continued fraction of erfc converges well; below, the series of erf. */
const SERIES_END = 2;
const FRACTION_TERMS = 60;

/** erf(x) = 2/√π e^(-x²) Σ 2^n x^(2n+1) / (1·3·…·(2n+1)), for |x| < 2. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** e^(x²) erfc(x) = 1/√π / (x + 1/2 / (x + 2/2 / (x + 3/2 / …))), for x ≥ 2. */
export function erfcx(x: number): number {
  let denominator = x;
  for (let n = FRACTION_TERMS; n >= 1; n--) denominator = x + n / 2 / denominator;
  return 1 / Math.sqrt(Math.PI) / denominator;
}

function erfcFraction(x: number): number {
  return Math.exp(-x * x) * erfcx(x);
}

/** The error function. */
function erf(x: number): number {
  if (Math.abs(x) < SERIES_END) return x === 0 ? x : erfSeries(x);
  return x > 0 ? 1 - erfcFraction(x) : erfcFraction(-x) - 1;
}

/** 1 - erf(x), without the loss of digits for large x. */
function erfc(x: number): number {
  if (Math.abs(x) < SERIES_END) return 1 - erf(x);
  return x > 0 ? erfcFraction(x) : 2 - erfcFraction(-x);
}

/** Probability that a standard normal variable is at most `x`. */
function normalCdf(x: number): number {
  return 0.5 * erfc(-x / Math.SQRT2);
}

/** z Φ(z) + φ(z): the mean of what a normal variable around `z` has above 0. */
export function meanAboveZero(z: number): number {
  return 0.5 * z * erfc(-z / Math.SQRT2) + Math.exp(-0.5 * z * z - LOG_SQRT_2PI);
}

/** Logarithm of {@link normalCdf}, also where that is smaller than any double. */
export function logNormalCdf(x: number): number {
  if (x > 6) return -normalCdf(-x);
  if (x > -20) return Math.log(normalCdf(x));
  // The asymptotic series 1 - 1/x² + 3/x⁴ - 15/x⁶ + …
  let [sum, term] = [1, 1];
  for (let n = 1; Math.abs(term) > Number.EPSILON && n < 20; n++) {
    term *= -(2 * n - 1) / (x * x);
    sum += term;
  }
  return -0.5 * x * x - Math.log(-x) - LOG_SQRT_2PI + Math.log(sum);
}

/** log(eᵃ + eᵇ). */
function logAdd(a: number, b: number): number {
  const most = Math.max(a, b);
  return most === Number.NEGATIVE_INFINITY ? most : most + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** log(eᵃ - eᵇ) for a ≥ b. */
function logSubtract(a: number, b: number): number {
  return a + Math.log1p(-Math.exp(b - a));
}

/** Logarithm of the probability that a standard normal variable is between `a` and `b`. */
export function logNormalMass(a: number, b: number): number {
  if (b <= 0) return logSubtract(logNormalCdf(b), logNormalCdf(a));
  if (a > 0) return logSubtract(logNormalCdf(-a), logNormalCdf(-b));
  return Math.log1p(-normalCdf(a) - normalCdf(-b));
}

/** The x with `logNormalCdf(x) = y`, by Newton's method. */
function logNormalQuantile(y: number): number {
  const flipped = y > -1e-2;
  const z = flipped ? Math.log(-Math.expm1(y)) : y;
  let x = z < -5 ? -Math.sqrt(-2 * (z + LOG_SQRT_2PI)) : (-Math.sqrt(3) / Math.PI) * Math.log(Math.expm1(-z));
  for (let i = 0; i < 100; i++) {
    const logCdf = logNormalCdf(x);
    const logDensity = -0.5 * x * x - LOG_SQRT_2PI;
    const step = (logCdf - z) * Math.exp(logCdf - logDensity);
    x -= step;
    // Each step doubles the digits: the one after this would not change x.
    if (Math.abs(step) < 1e-8 * Math.abs(x)) break;
  }
  return flipped ? -x : x;
}

/** The value of a standard normal variable, cut off at `a` and `b`, that it is below with probability `q`. */
export function truncatedQuantile(q: number, a: number, b: number): number {
  if (a === b) return Number.NaN;
  if (q === 0) return a;
  if (q === 1) return b;
  const logMass = logNormalMass(a, b);
  return a < 0
    ? logNormalQuantile(logAdd(logNormalCdf(a), Math.log(q) + logMass))
    : -logNormalQuantile(logAdd(logNormalCdf(-b), Math.log1p(-q) + logMass));
}

/** Logarithm of the density of a normal variable with that mean and width, cut off at bounds that `logMass` is the mass between. */
export function logDensity(x: number, mean: number, width: number, logMass: number): number {
  const z = (x - mean) / width;
  return (-z * z) / 2 - LOG_SQRT_2PI - logMass - Math.log(width);
}
