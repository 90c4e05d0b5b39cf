import type { Parameter } from "./parameter.ts";
import type { Tensor } from "./tensor.ts";

/** Scaling of the gradients of `parameters` by one factor, so that their common norm is at most `maxNorm`. */
export interface NormClipping {
  readonly kind: "norm";
  readonly parameters: readonly Parameter[];
  readonly maxNorm: number;
  readonly normType: number;
  /** Whether the step's update is left out if the norm is not finite. */
  readonly errorIfNonfinite: boolean;
  /** The norm before clipping: a scalar that is there only after the step's gradients. */
  readonly norm: Tensor;
}

/** Clipping of every gradient of `parameters` to [-limit, limit]. */
export interface ValueClipping {
  readonly kind: "value";
  readonly parameters: readonly Parameter[];
  readonly limit: number;
}

/** What a traced function asks to happen between a step's gradients and its update. */
export type GradientClipping = NormClipping | ValueClipping;
