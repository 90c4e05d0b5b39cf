import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { type Dispatch, dispatch, flag, linearGrid, type PlanContext } from "../op.ts";
import { gemm } from "../product/gemm.ts";
import { fill } from "../tensor/copy.ts";
import type { Cell } from "./cell.ts";
import { pointwise } from "./cell-version.ts";
import { backwardParamsAt, forwardParamsAt, hasHiddenCarry } from "./params.ts";
import { backwardProduct, forwardProduct } from "./products.ts";
import type { Recurrence } from "./recurrence.ts";
import { type Step, stepsOf } from "./steps.ts";
import { sequenceTexts } from "./texts.ts";

const projectionTexts = /* @__PURE__ */ new OnDemand(() => import("./projection.wgsl.ts"));

export const carryRows = /* @__PURE__ */ new Kernel({
  name: "carry_rows",
  texts: sequenceTexts,
  uses: ["sequence_lengths"],
  workgroup: [64, 1, 1],
  params: {
    batch: "u32",
    width: "u32",
    before: "u32",
    current: "u32",
    hasBefore: "u32",
    hasLengths: "u32",
    time: "u32",
  },
  bindings: { state: "read_write", lengths: "read" },
});

export const lstmProjectionBackward = /* @__PURE__ */ new Kernel({
  name: "lstm_projection_backward",
  texts: projectionTexts,
  uses: ["sequence_lengths"],
  workgroup: [64, 1, 1],
  params: {
    batch: "u32",
    width: "u32",
    offset: "u32",
    hasNext: "u32",
    hasGradOutput: "u32",
    hasHiddenCarry: "u32",
    keepsHiddenCarry: "u32",
    hasLengths: "u32",
    time: "u32",
  },
  bindings: {
    recurrent: "read",
    gradOutput: "read",
    hiddenCarry: "read_write",
    lengths: "read",
    gradProjected: "read_write",
  },
});

/** Restores the state of the rows whose sequences have ended, which the projection has overwritten. */
function carry(recurrence: Recurrence, step: Step, plan: PlanContext): Dispatch {
  const { sizes, hidden, hiddenAt, lengths, hasInitialState } = recurrence;
  const { N, R } = sizes;
  return dispatch({
    kernel: carryRows,
    params: {
      batch: N,
      width: R,
      before: hiddenAt.at(step.before),
      current: hiddenAt.at(step.t),
      hasBefore: flag(!step.isFirst || hasInitialState),
      hasLengths: 1,
      time: step.t,
    },
    bindings: { state: hidden, lengths },
    grid: linearGrid(N * R, plan),
    flops: 0,
    bytes: 8 * N * R,
  });
}

/**
 * A cell whose hidden state is projected, h = W_hr·m with m = o∘tanh(c) for an LSTM: version `cell` with one more product for each step.
 * Its pointwise kernels work on m.
 */
export const projected: NonNullable<Cell["projected"]> = {
  forward(kernel, recurrence, plan) {
    const { sizes, hidden, hiddenAt, cells, cellsAt, gates, bias, lengths } = recurrence;
    const { N, H, R } = sizes;
    const { weight, unprojected } = recurrence.projection!;
    const steps = stepsOf(recurrence).flatMap((step) => {
      const { t, before, isFirst } = step;
      const hasBefore = !isFirst || recurrence.hasInitialState;
      const operands = { gates, bias, hidden: unprojected, cells, lengths };
      const projection = {
        rows: N,
        columns: R,
        depth: H,
        a: { operand: unprojected, offset: cellsAt.at(t), strides: [H, 1] },
        b: { operand: weight, strides: [1, H] },
        c: { operand: hidden, offset: hiddenAt.at(t), strides: [R, 1] },
      } as const;
      return [
        ...(hasBefore ? [gemm(forwardProduct(recurrence, t, before), plan)] : []),
        pointwise(recurrence, kernel, forwardParamsAt(recurrence, step), operands, plan),
        gemm(projection, plan),
        ...(lengths ? [carry(recurrence, step, plan)] : []),
      ];
    });
    // In the reverse direction a shorter sequence carries m from the initial block, which nothing has written, until its first step.
    const begins = stepsOf(recurrence)[0]!.isFirst;
    return lengths && begins ? [fill(unprojected, 0, plan), ...steps] : steps;
  },

  backward(kernel, recurrence, gradients, plan) {
    const { sizes, gates, cells, lengths } = recurrence;
    const { N, H, R } = sizes;
    const { weight } = recurrence.projection!;
    const { output, hiddenCarry, cellCarry, keepsHidden } = gradients;
    const gradProjected = gradients.projected!;
    const recurrent = plan.temporary([N, R]);
    const gradUnprojected = plan.temporary([N, H]);
    return stepsOf(recurrence)
      .reverse()
      .flatMap((step) => {
        const { t, next, isLast } = step;
        const offset = t * N * R;
        const arriving = dispatch({
          kernel: lstmProjectionBackward,
          params: {
            batch: N,
            width: R,
            offset,
            hasNext: flag(!isLast),
            hasGradOutput: flag(output),
            hasHiddenCarry: hasHiddenCarry(gradients, step),
            keepsHiddenCarry: flag(keepsHidden),
            hasLengths: flag(lengths),
            time: t,
          },
          bindings: {
            recurrent: isLast ? null : recurrent,
            gradOutput: output,
            hiddenCarry,
            lengths,
            gradProjected,
          },
          grid: linearGrid(N * R, plan),
          flops: 3 * N * R,
          bytes: 16 * N * R,
        });
        const through = {
          rows: N,
          columns: H,
          depth: R,
          a: { operand: gradProjected, offset, strides: [R, 1] },
          b: { operand: weight, strides: [H, 1] },
          c: { operand: gradUnprojected, strides: [H, 1] },
        } as const;
        const params = {
          ...backwardParamsAt(recurrence, gradients, step),
          // The whole gradient of m comes through the projection.
          hasNext: 1,
          hasGradOutput: 0,
          hasHiddenCarry: 0,
          keepsHiddenCarry: 0,
        };
        const operands = { gates, recurrent: gradUnprojected, cells, cellCarry, lengths };
        return [
          ...(isLast ? [] : [gemm(backwardProduct(recurrence, next, recurrent), plan)]),
          arriving,
          gemm(through, plan),
          pointwise(recurrence, kernel, params, operands, plan),
        ];
      });
  },
};
