import type { Tensor } from "../../../graph/tensor.ts";
import type { Shape } from "../../../shape.ts";

/** Options of `saveOnnx`. */
export interface SaveOnnxOptions {
  /** The inputs' names and sizes, in the order in which `forward` takes them. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Names of the sizes that may change, by input and dimension: `{ x: { 0: "batch", 1: "time" } }`. One name is one size. Default none. */
  readonly dynamic?: Readonly<Record<string, Readonly<Record<number, string>>>>;
  /**
   * What the file computes, from the inputs by name. Defaults to the model's own `forward` of the inputs in their order; its results are
   * `output`, or what the fields of an object are called: `output`, `state.h`.
   */
  readonly forward?: (inputs: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>;
}
