import { sizeOf } from "../../shape.ts";
import type { Dispatch, Op } from "../op.ts";
import { gemm } from "../product/gemm.ts";
import { sliceTexts } from "../product/texts.ts";
import { weightGradient } from "../product/weight-gradient.ts";

/** y = x·Wᵀ + b over the last dimension. Inputs: x [*, in], weight [out, in], bias [out] or null. */
export const linear: Op<void> = {
  name: "linear",
  needs: (pass) => (pass === "backward" ? [sliceTexts] : []),
  infer: ([x, weight]) => ({ outputs: [{ shape: [...x!.shape.slice(0, -1), weight!.shape[0]!] }] }),
  forward({ inputs: [x, weight, bias], outputs: [y] }, _attributes, plan) {
    const [columns, depth] = weight!.shape as [number, number];
    return [
      gemm(
        {
          rows: sizeOf(x!.shape) / depth,
          columns,
          depth,
          a: { operand: x!, strides: [depth, 1] },
          b: { operand: weight!, strides: [1, depth] },
          c: { operand: y!, strides: [columns, 1] },
          bias: bias ?? null,
        },
        plan,
      ),
    ];
  },
  backward(
    { inputs: [x, weight], gradOutputs: [gradY], gradInputs: [gradX, gradWeight, gradBias] },
    _,
    plan,
  ) {
    const [outputs, inputs] = weight!.shape as [number, number];
    const rows = sizeOf(x!.shape) / inputs;
    const dispatches: Dispatch[] = [];
    if (gradX) {
      dispatches.push(
        gemm(
          {
            rows,
            columns: inputs,
            depth: outputs,
            a: { operand: gradY!, strides: [outputs, 1] },
            b: { operand: weight!, strides: [inputs, 1] },
            c: { operand: gradX, strides: [inputs, 1] },
          },
          plan,
        ),
      );
    }
    if (gradWeight || gradBias) {
      dispatches.push(
        ...weightGradient(
          {
            weight: { operand: gradWeight ?? plan.temporary(weight!.shape), strides: [1, inputs] },
            inputs,
            outputs,
            biases: gradBias ? [{ operand: gradBias }] : [],
          },
          { depth: rows, x: { operand: x! }, gradY: { operand: gradY! } },
          plan,
        ),
      );
    }
    return dispatches;
  },
};
