import type { Dispatch, Operand, PlanContext } from "../ops/op.ts";
import type { GradientRange } from "../ops/update/gradient-norm.ts";
import type { Parameter } from "./parameter.ts";
import type { Tensor } from "./tensor.ts";

/** Scales the gradients of `parameters` by one factor, so that their total norm is at most `maxNorm`. */
interface NormClipping {
  readonly kind: "norm";
  /** Plans all clippings of the trace. */
  readonly plan: ClippingPlanner;
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
  readonly plan: ClippingPlanner;
  readonly parameters: readonly Parameter[];
  readonly limit: number;
}

/** Gradient clipping that a traced function asks for, between a step's gradients and its update. */
export type GradientClipping = NormClipping | ValueClipping;

/** What an update takes from the clippings before it. */
interface PlannedClippings {
  readonly dispatches: readonly Dispatch[];
  /** Gradient norms that must be finite for the update to happen; `null` if there are none. */
  readonly guard: Operand | null;
  /** Factor on the gradients that the update multiplies by; `null` for none. */
  readonly factor: Operand | null;
}

/**
 * @param updated The parameters that the update changes.
 * @param rangesOf The gradients of parameters, those that have one.
 */
export type ClippingPlanner = (
  clippings: readonly GradientClipping[],
  updated: readonly Parameter[],
  rangesOf: (parameters: readonly Parameter[]) => readonly GradientRange[],
  plan: PlanContext,
) => PlannedClippings;
