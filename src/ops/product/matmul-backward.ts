/** Backward passes of matrix products; see {@link Op.backward}. */
import { type Dispatch, joined } from "../op.ts";
import { gemm } from "./gemm.ts";
import { batchedMatmul, matmul, products } from "./matmul.ts";
import { weightGradient } from "./weight-gradient.ts";

export const productBackward = /* @__PURE__ */ new Map([
  joined(matmul, ({ inputs: [a, b], gradOutputs: [gradC], gradInputs: [gradA, gradB] }, _, plan) => {
    const [rows, depth] = a!.shape as [number, number];
    const columns = b!.shape[1]!;
    const dispatches: Dispatch[] = [];
    if (gradA) {
      dispatches.push(
        gemm(
          {
            rows,
            columns: depth,
            depth: columns,
            a: { operand: gradC!, strides: [columns, 1] },
            b: { operand: b!, strides: [1, columns] },
            c: { operand: gradA, strides: [depth, 1] },
          },
          plan,
        ),
      );
    }
    if (gradB) {
      dispatches.push(
        ...weightGradient(
          { weight: { operand: gradB, strides: [columns, 1] }, inputs: depth, outputs: columns, biases: [] },
          { depth: rows, x: { operand: a! }, gradY: { operand: gradC! } },
          plan,
        ),
      );
    }
    return dispatches;
  }),
  joined(batchedMatmul, ({ inputs: [a, b], gradOutputs: [gradC], gradInputs: [gradA, gradB] }, _, plan) => {
    const [batch, rows, depth] = a!.shape as [number, number, number];
    const columns = b!.shape[2]!;
    const grad = { operand: gradC! };
    const dispatches: Dispatch[] = [];
    if (gradA) {
      const right = { operand: b!, transposed: true };
      dispatches.push(products([batch, rows, columns, depth], grad, right, gradA, plan));
    }
    if (gradB) {
      const left = { operand: a!, transposed: true };
      dispatches.push(products([batch, depth, rows, columns], left, grad, gradB, plan));
    }
    return dispatches;
  }),
]);
