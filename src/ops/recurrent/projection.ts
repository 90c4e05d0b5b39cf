import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { type Dispatch, dispatch, flag, linearGrid, type PlanContext } from "../op.ts";
import { gemm } from "../product/gemm.ts";
import { fill } from "../tensor/copy.ts";
import {
  backwardParamsAt,
  forwardParamsAt,
  hasHiddenCarry,
  type Recurrence,
  type RecurrentPart,
  type Step,
  stepsOf,
} from "./recurrence.ts";
import { sequenceTexts } from "./texts.ts";
import { backwardProduct, forwardProduct, pointwise, type StepKernels } from "./versions.ts";

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

/** After a projection, rows whose sequences have ended get their state back. */
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

/** An LSTM whose hidden state is projected, h = W_hr·(o∘tanh(c)): the plain version with a product more a step. */
export function projectedVersion({ forward, backward, slots }: StepKernels): RecurrentPart {
  return {
    forward(recurrence, plan) {
      const { sizes, hidden, hiddenAt, cells, cellsAt, gates, bias, lengths } = recurrence;
      const { N, H, R } = sizes;
      const { weight, full } = recurrence.projection!;
      const steps = stepsOf(recurrence).flatMap((step) => {
        const hasBefore = !step.isFirst || recurrence.hasInitialState;
        const operands = { gates, bias, hidden: full, cells, lengths };
        const projection = {
          rows: N,
          columns: R,
          depth: H,
          a: { operand: full, offset: cellsAt.at(step.t), strides: [H, 1] },
          b: { operand: weight, strides: [1, H] },
          c: { operand: hidden, offset: hiddenAt.at(step.t), strides: [R, 1] },
        } as const;
        return [
          ...(hasBefore ? [forwardProduct(recurrence, step, slots, plan)] : []),
          pointwise(recurrence, forward, slots, forwardParamsAt(recurrence, step), operands, plan),
          gemm(projection, plan),
          ...(lengths ? [carry(recurrence, step, plan)] : []),
        ];
      });
      // A row that begins later carries what stands in the initial state's block, which is not h0 but nothing yet.
      const begins = stepsOf(recurrence)[0]!.isFirst;
      return lengths && begins ? [fill(full, 0, plan), ...steps] : steps;
    },

    backward(recurrence, gradients, plan) {
      const { sizes, gates, cells, lengths } = recurrence;
      const { N, H, R } = sizes;
      const { weight } = recurrence.projection!;
      const { output, hiddenCarry, cellCarry, keepsHidden } = gradients;
      const gradProjected = gradients.projected!;
      const recurrent = plan.temporary([N, R]);
      const gradFull = plan.temporary([N, H]);
      return stepsOf(recurrence)
        .reverse()
        .flatMap((step) => {
          const offset = step.t * N * R;
          const arriving = dispatch({
            kernel: lstmProjectionBackward,
            params: {
              batch: N,
              width: R,
              offset,
              hasNext: flag(!step.isLast),
              hasGradOutput: flag(output),
              hasHiddenCarry: hasHiddenCarry(gradients, step),
              keepsHiddenCarry: flag(keepsHidden),
              hasLengths: flag(lengths),
              time: step.t,
            },
            bindings: {
              recurrent: step.isLast ? null : recurrent,
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
            c: { operand: gradFull, strides: [H, 1] },
          } as const;
          const params = {
            ...backwardParamsAt(recurrence, gradients, step),
            // Everything that reaches the state before its projection comes through the projection.
            hasNext: 1,
            hasGradOutput: 0,
            hasHiddenCarry: 0,
            keepsHiddenCarry: 0,
          };
          return [
            ...(step.isLast ? [] : [backwardProduct(recurrence, step, slots, recurrent, plan)]),
            arriving,
            gemm(through, plan),
            pointwise(
              recurrence,
              backward,
              slots,
              params,
              { gates, recurrent: gradFull, cells, cellCarry, lengths },
              plan,
            ),
          ];
        });
    },
  };
}
