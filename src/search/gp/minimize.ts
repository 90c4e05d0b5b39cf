import { dot } from "./cholesky.ts";

/** A function's value and gradient; an infinite value outside of its domain. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** Steps that the estimate of the curvature remembers. */
const MEMORY = 10;
const MOST_STEPS = 200;

/** A step and the change of the gradient along it. */
interface Step {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly curvature: number;
}

/**
 * Minimizes a smooth function within bounds by L-BFGS: variables at a bound that the gradient presses them against are left out, steps are cut
 * off at the bounds.
 *
 * @param tolerance Largest entry of the gradient at which it ends
 * @see J. Nocedal, S. Wright, "Numerical Optimization", 2006, algorithms 7.4 and 16.5
 */
export function minimize(
  f: (x: Float64Array) => Evaluation,
  start: Float64Array,
  tolerance: number,
  [low, high]: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
): { readonly x: Float64Array; readonly value: number } {
  let x = start;
  let { value, gradient } = f(x);
  let steps: Step[] = [];
  for (let n = 0; n < MOST_STEPS && Number.isFinite(value); n++) {
    const isFree = x.map((at, i) =>
      Number(!((at <= low && gradient[i]! > 0) || (at >= high && gradient[i]! < 0))),
    );
    const free = gradient.map((slope, i) => slope * isFree[i]!);
    if (free.every((slope) => Math.abs(slope) <= tolerance)) break;
    let direction = descent(free, steps).map((move, i) => move * isFree[i]!);
    if (dot(direction, free) >= 0) {
      steps = [];
      direction = free.map((slope) => -slope);
    }
    let found = false;
    // Without a memory of curvature the first step is of length 1 at most.
    let length = steps.length > 0 ? 1 : Math.min(1, 1 / Math.sqrt(dot(free, free)));
    for (let tries = 0; tries < 30 && !found; tries++, length /= 2) {
      const next = x.map((at, i) => Math.min(Math.max(at + length * direction[i]!, low), high));
      const s = next.map((at, i) => at - x[i]!);
      const there = f(next);
      if (!(there.value <= value + 1e-4 * dot(s, gradient))) continue;
      const y = there.gradient.map((slope, i) => slope - gradient[i]!);
      const curvature = dot(s, y);
      if (curvature > 1e-12 * dot(y, y)) steps = [...steps, { s, y, curvature }].slice(-MEMORY);
      found = there.value < value;
      x = next;
      ({ value, gradient } = there);
    }
    if (!found) break;
  }
  return { x, value };
}

/** -H g, with the inverse Hessian H that the steps suggest. */
function descent(gradient: Float64Array, steps: readonly Step[]): Float64Array {
  const q = Float64Array.from(gradient);
  const shares = new Float64Array(steps.length);
  for (let i = steps.length - 1; i >= 0; i--) {
    const { s, y, curvature } = steps[i]!;
    shares[i] = dot(s, q) / curvature;
    for (let j = 0; j < q.length; j++) q[j]! -= shares[i]! * y[j]!;
  }
  const last = steps.at(-1);
  const scale = last ? last.curvature / dot(last.y, last.y) : 1;
  for (let j = 0; j < q.length; j++) q[j]! *= -scale;
  for (const [i, { s, y, curvature }] of steps.entries()) {
    const share = -shares[i]! - dot(y, q) / curvature;
    for (let j = 0; j < q.length; j++) q[j]! += share * s[j]!;
  }
  return q;
}
