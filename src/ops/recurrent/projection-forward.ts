import { Kernel } from "../../gpu/kernel.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type PlanContext } from "../op.ts";
import { gemm } from "../product/gemm.ts";
import { fill } from "../tensor/copy.ts";
import { pointwise } from "./cell-version.ts";
import { forwardParamsAt } from "./params.ts";
import { forwardProduct } from "./products.ts";
import type { Recurrence } from "./recurrence.ts";
import { type Step, stepsOf } from "./steps.ts";
import { sequenceTexts } from "./texts.ts";

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
    hasLengths: "u32",
    time: "u32",
  },
  bindings: { state: "read_write", lengths: "read" },
});

/** Restores the state of the rows whose sequences have ended, which the projection has overwritten. */
function carry(recurrence: Recurrence, step: Step, plan: PlanContext): Dispatch {
  const { sizes, hidden, hiddenAt, lengths } = recurrence;
  const { N, R } = sizes;
  return dispatch({
    kernel: carryRows,
    params: {
      batch: N,
      width: R,
      before: hiddenAt.at(step.before),
      current: hiddenAt.at(step.t),
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
 * The steps of a cell whose hidden state is projected, h = W_hr·m with m = o∘tanh(c) for an LSTM: version `cell` with one more product
 * for each step. Its pointwise kernels work on m.
 */
export function projectedForward(kernel: Kernel, recurrence: Recurrence, plan: PlanContext): Dispatch[] {
  const { sizes, hidden, hiddenAt, cells, cellsAt, gates, bias, lengths } = recurrence;
  const { N, H, R } = sizes;
  const { weight, unprojected } = recurrence.projection!;
  const steps = stepsOf(recurrence).flatMap((step) => {
    const { t, before } = step;
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
      gemm(forwardProduct(recurrence, t, before), plan),
      pointwise(recurrence, kernel, forwardParamsAt(recurrence, step), operands, plan),
      gemm(projection, plan),
      ...(lengths ? [carry(recurrence, step, plan)] : []),
    ];
  });
  // In the reverse direction a shorter sequence carries m from the initial block, which nothing has written, until its first step.
  const begins = stepsOf(recurrence)[0]!.isFirst;
  return lengths && begins ? [fill(unprojected, 0, plan), ...steps] : steps;
}
