import type { clipNorm, clipValue } from "../ops/update/gradient-norm.ts";
import type { Parameter } from "./parameter.ts";
import type { Tensor } from "./tensor.ts";

/** Scales the gradients of `parameters` by one factor, so that their total norm is at most `maxNorm`. */
interface NormClipping {
  readonly kind: "norm";
  /** Plans it: with the clipping itself, so that a bundle that does not clip does without it. */
  readonly plan: typeof clipNorm;
  readonly parameters: readonly Parameter[];
  readonly maxNorm: number;
  readonly normType: number;
  /** Whether to skip the step's update if the norm is not finite. */
  readonly errorIfNonfinite: boolean;
  /** The norm before clipping: a scalar, computed after the step's gradients. */
  readonly norm: Tensor;
}

/** Clips every gradient of `parameters` to [-limit, limit]. */
interface ValueClipping {
  readonly kind: "value";
  readonly plan: typeof clipValue;
  readonly parameters: readonly Parameter[];
  readonly limit: number;
}

/** Gradient clipping that a traced function asks for, between a step's gradients and its update. */
export type GradientClipping = NormClipping | ValueClipping;
