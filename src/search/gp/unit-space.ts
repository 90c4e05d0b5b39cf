/** A search space as a cube: each numerical parameter from 0 to 1, each choice by its index. */
import type { Distribution, Params, ParamValue, SearchSpace } from "../distributions.ts";
import { externalOf, internalOf } from "../distributions.ts";
import { bare } from "../frozen-trial.ts";
import { intervalOf, valueAt } from "../samplers/transform.ts";

/** Most values of a parameter that are all tried one by one. */
const MOST_VALUES = 64;

export class UnitSpace {
  readonly ranges: readonly (readonly [name: string, range: Distribution])[];

  constructor(space: SearchSpace) {
    this.ranges = [...space];
  }

  get isCategorical(): readonly boolean[] {
    return this.ranges.map(([, { type }]) => type === "categorical");
  }

  /** Whether a dimension has values between its values. */
  isContinuous(dimension: number): boolean {
    const range = this.ranges[dimension]![1];
    return range.type === "float" && range.step === null;
  }

  /** A trial's parameters as a point; `null` without all of them. */
  pointOf(params: Params): Float64Array | null {
    const point = this.ranges.map(([name, range]) => {
      const internal = Object.hasOwn(params, name) ? internalOf(range, params[name]) : undefined;
      if (internal === undefined || range.type === "categorical") return internal;
      const [from, to] = intervalOf(range);
      return ((range.log ? Math.log(internal) : internal) - from) / (to - from);
    });
    return point.includes(undefined) ? null : Float64Array.from(point as number[]);
  }

  /** The parameters at a point. */
  paramsAt(point: Float64Array): Params {
    const params = bare<ParamValue>();
    for (const [d, [name, range]] of this.ranges.entries()) {
      const at = point[d]!;
      if (range.type === "categorical") params[name] = externalOf(range, at);
      else {
        const [from, to] = intervalOf(range);
        params[name] = valueAt(range, from + at * (to - from));
      }
    }
    return params;
  }

  /** A point of the cube as one whose parameters exist: on steps, and on choices. */
  round(point: Float64Array): Float64Array {
    const chosen = point.map((at, d) => {
      const range = this.ranges[d]![1];
      return range.type === "categorical"
        ? Math.min(Math.floor(at * range.choices.length), range.choices.length - 1)
        : at;
    });
    return this.pointOf(this.paramsAt(chosen))!;
  }

  /** Coordinates of a dimension's values near a point, the point's own among them: all where there are few, else neighbours at growing distances. */
  values(dimension: number, point: Float64Array): readonly number[] {
    const [name, range] = this.ranges[dimension]!;
    if (range.type === "categorical") return [...range.choices.keys()];
    const { low, high } = range;
    const step = range.step!;
    const count = Math.round((high - low) / step) + 1;
    const own = Math.round(((this.paramsAt(point)[name] as number) - low) / step);
    const indices =
      count <= MOST_VALUES
        ? Array.from({ length: count }, (_, i) => i)
        : [0, ...Array.from({ length: 30 }, (_, k) => 2 ** k).flatMap((jump) => [-jump, jump])]
            .map((offset) => own + offset)
            .filter((index) => index >= 0 && index < count);
    const [from, to] = intervalOf(range);
    return indices.map((index) => {
      const value = Math.min(low + index * step, high);
      return ((range.log ? Math.log(value) : value) - from) / (to - from);
    });
  }
}
