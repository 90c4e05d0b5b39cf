import { apply, type Tensor } from "../graph/tensor.ts";
import { elementwise } from "../ops/tensor/pointwise.ts";

type Kind = Parameters<NonNullable<typeof elementwise.forward>>[1]["kind"];

/** A function of every element that has no method of Tensor. */
export function map(x: Tensor, kind: Kind, p = 0, q = 0): Tensor {
  return apply(kind, elementwise, [x], { kind, p, q })[0]!;
}
