import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type PlanContext } from "../op.ts";
import { gemm } from "../product/gemm.ts";
import { backwardParamsAt, hasHiddenCarry } from "./backward-params.ts";
import { backwardProduct } from "./backward-product.ts";
import { pointwise } from "./cell-version.ts";
import type { Recurrence, RecurrenceGradients } from "./recurrence.ts";
import { stepsOf } from "./steps.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./projection.wgsl.ts"));

export const lstmProjectionBackward = /* @__PURE__ */ new Kernel({
  name: "lstm_projection_backward",
  texts,
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
    nextTime: "u32",
  },
  bindings: {
    recurrent: "read",
    gradOutput: "read",
    hiddenCarry: "read_write",
    lengths: "read",
    gradProjected: "read_write",
  },
});

/** The backward steps of a cell whose hidden state is projected. */
export function projectedBackward(
  kernel: Kernel,
  recurrence: Recurrence,
  gradients: RecurrenceGradients,
  plan: PlanContext,
): Dispatch[] {
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
          nextTime: isLast ? 0 : next,
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
        nextTime: step.t,
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
}
