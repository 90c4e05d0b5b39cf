import { Kernel } from "../../gpu/kernel.ts";
import { sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { dispatch, type Op } from "../op.ts";
import { tensorTexts } from "./texts.ts";

export const activationForward = /* @__PURE__ */ new Kernel({
  name: "activation_forward",
  texts: tensorTexts,
  uses: ["not_a_number", "activations", "relu", "exp_log"],
  workgroup: [64, 1, 1],
  params: { size: "u32", kind: "u32" },
  bindings: { x: "read", y: "read_write" },
});

export const KINDS = { relu: 0, tanh: 1, sigmoid: 2, exp: 3, log: 4 } as const;

/** An elementwise function. */
export interface ActivationAttributes {
  readonly kind: keyof typeof KINDS;
}

/** Approximate floating-point operations for one element. */
export const FLOPS = 10;

export const activation: Op<ActivationAttributes> = {
  name: "activation",
  infer: ([x]) => ({ outputs: [{ shape: x!.shape }] }),
  forward({ inputs: [x], outputs: [y] }, { kind }, plan) {
    const size = sizeOf(x!.shape);
    return [
      dispatch({
        kernel: activationForward,
        params: { size, kind: KINDS[kind] },
        bindings: { x: x!, y: y! },
        grid: linearGrid(size, plan),
        flops: FLOPS * size,
        bytes: 8 * size,
      }),
    ];
  },
};
