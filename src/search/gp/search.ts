/** Where the expected improvement is largest: of many points of a Sobol sequence, and from some of them uphill. */
import type { RandomState } from "../numpy-random.ts";
import { MOST_DIMENSIONS, Sobol } from "../samplers/sobol.ts";
import { logExpectedImprovement } from "./expected-improvement.ts";
import { minimize } from "./minimize.ts";
import type { Regression } from "./regression.ts";
import type { UnitSpace } from "./unit-space.ts";

/** As in Optuna: points of the sequence, and how many searches begin. */
const POINTS = 2048;
const SEARCHES = 10;
const TOLERANCE = 1e-2;
const MOST_ROUNDS = 100;

/** @param known The best observation, from which one search begins */
export function bestPoint(
  regression: Regression,
  space: UnitSpace,
  best: number,
  known: Float64Array,
  random: RandomState,
): Float64Array {
  const value = (x: Float64Array) => logExpectedImprovement(regression, best, x).value;
  const dimensions = space.ranges.length;
  const { isCategorical } = space;
  const sobol = dimensions <= MOST_DIMENSIONS ? new Sobol(dimensions, random) : null;
  const points = Array.from({ length: POINTS }, (_, i) =>
    space.round(sobol ? sobol.point(i) : random.doubles(dimensions)),
  );
  const values = Float64Array.from(points, value);
  const first = values.indexOf(values.reduce((a, b) => Math.max(a, b)));
  // A queued trial may lie outside of its range.
  const inside = known.map((at, d) => (isCategorical[d] ? at : Math.min(Math.max(at, 0), 1)));
  const starts = [points[first]!, ...drawn(points, values, first, random), inside];
  let [x, most] = [points[first]!, values[first]!];
  for (const start of starts) {
    const end = climb(regression, space, best, start);
    if (end.value > most) [x, most] = [end.x, end.value];
  }
  return x;
}

/** More starting points: each with the probability of its improvement. */
function drawn(
  points: readonly Float64Array[],
  values: Float64Array,
  first: number,
  random: RandomState,
): readonly Float64Array[] {
  const weights = values.map((value, i) => (i === first ? 0 : Math.exp(value - values[first]!)));
  const starts: Float64Array[] = [];
  while (starts.length < SEARCHES - 2 && weights.some((weight) => weight > 0)) {
    const index = random.choices(weights, 1)[0]!;
    starts.push(points[index]!);
    weights[index] = 0;
  }
  return starts;
}

/** Goes uphill: along the gradient in continuous dimensions, and over the values of each other one, until nothing is gained. */
function climb(regression: Regression, space: UnitSpace, best: number, start: Float64Array) {
  const continuous = [...start.keys()].filter((d) => space.isContinuous(d));
  const discrete = [...start.keys()].filter((d) => !space.isContinuous(d));
  const evaluate = (x: Float64Array) => logExpectedImprovement(regression, best, x);
  let x = start;
  let { value } = evaluate(x);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = value;
    if (continuous.length > 0) {
      const place = (coordinates: Float64Array) => {
        const next = Float64Array.from(x);
        for (const [i, d] of continuous.entries()) next[d] = coordinates[i]!;
        return next;
      };
      const found = minimize(
        (coordinates) => {
          const there = evaluate(place(coordinates));
          return { value: -there.value, gradient: Float64Array.from(continuous, (d) => -there.gradient[d]!) };
        },
        Float64Array.from(continuous, (d) => x[d]!),
        TOLERANCE,
        [0, 1],
      );
      if (-found.value > value) [x, value] = [place(found.x), -found.value];
    }
    for (const d of discrete) {
      for (const coordinate of space.values(d, x)) {
        const next = Float64Array.from(x);
        next[d] = coordinate;
        const there = evaluate(next).value;
        if (there > value) [x, value] = [next, there];
      }
    }
    if (discrete.length === 0 || value - before < 1e-6) break;
  }
  return { x, value };
}
