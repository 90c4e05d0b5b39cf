import { Parameter } from "../graph/parameter.ts";
import type { Layout } from "../graph/tensor.ts";
import { type Shape, zerosOf } from "../shape.ts";
import { defaultTwister } from "../twister.ts";

/** A parameter with values from ±bound, drawn uniformly by the generator that `manualSeed` seeds. */
export function drawn(where: string, shape: Shape, bound: number, layout: Layout | null = null): Parameter {
  return new Parameter(shape, defaultTwister.uniform(zerosOf(where, shape), -bound, bound), layout);
}
