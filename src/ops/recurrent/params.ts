/** Uniform structs of the recurrent kernels, and their values for a step. The headers of the shaders explain each param. */
import type { ParamType } from "../../gpu/kernel.ts";
import { flag } from "../op.ts";
import type { Recurrence } from "./recurrence.ts";
import { gateBlock, type Step } from "./steps.ts";

/** Params of the forward kernels of one step; a cell may have more. */
export const forwardParams = {
  batch: "u32",
  hidden: "u32",
  gate: "u32",
  before: "u32",
  current: "u32",
  hasBias: "u32",
  hasLengths: "u32",
  time: "u32",
} as const satisfies Record<string, ParamType>;

/** Params of the backward kernels of one step; a cell may have more. */
export const backwardParams = {
  batch: "u32",
  hidden: "u32",
  gate: "u32",
  nextGate: "u32",
  before: "u32",
  current: "u32",
  hasNext: "u32",
  hasGradOutput: "u32",
  hasHiddenCarry: "u32",
  hasLengths: "u32",
  time: "u32",
  nextTime: "u32",
} as const satisfies Record<string, ParamType>;

const sequenceParams = {
  batch: "u32",
  hidden: "u32",
  rows: "u32",
  steps: "u32",
  gate: "u32",
  current: "u32",
  stride: "u32",
} as const;

/** Params of the forward kernels of many steps; a cell may have more. */
export const sequenceForwardParams = {
  ...sequenceParams,
  before: "u32",
  isRing: "u32",
  hasBias: "u32",
  time: "u32",
  timeStride: "u32",
} as const satisfies Record<string, ParamType>;

/** Params of the backward kernels of many steps; a cell may have more. */
export const sequenceBackwardParams = {
  ...sequenceParams,
  nextGate: "u32",
  hasNext: "u32",
  hasGradOutput: "u32",
  hasHiddenCarry: "u32",
  time: "u32",
  timeStride: "u32",
} as const satisfies Record<string, ParamType>;

/** Params and bindings of the kernels that compute the gates of many steps from their preactivations. */
export const gatesParams = {
  steps: "u32",
  batch: "u32",
  hidden: "u32",
  hasBias: "u32",
  hasLengths: "u32",
  time: "u32",
} as const satisfies Record<string, ParamType>;

export const gatesBindings = { gates: "read_write", bias: "read", lengths: "read" } as const;

/** Values that forward and backward kernels share: sizes and offsets of the step. */
export function placeOf(recurrence: Recurrence, step: Step) {
  const { sizes, cellsAt, lengths, params } = recurrence;
  const { N, H } = sizes;
  return {
    ...params,
    batch: N,
    hidden: H,
    gate: gateBlock(recurrence, step.t) * N * H,
    before: cellsAt.at(step.before),
    current: cellsAt.at(step.t),
    hasLengths: flag(lengths),
    time: step.t,
  };
}

/** Values for a forward step; a kernel takes those it declares. */
export function forwardParamsAt(recurrence: Recurrence, step: Step) {
  return { ...placeOf(recurrence, step), hasBias: flag(recurrence.bias) };
}
