import type { Op } from "../op.ts";
import { copyDims, fill } from "../tensor/copy.ts";
import { type GateOrder, unpacking } from "./unpack-passes.ts";

const { unpackGates } = /* @__PURE__ */ unpacking(copyDims, fill);

/**
 * A recurrent weight [gates·H, K] or bias [gates·H], its gates in any order, as the kernels have it (see nn/gate-layout): the way back of
 * unpackGates. So any tensor can be a weight of a recurrent layer.
 */
export const packGates: Op<GateOrder> = {
  name: "packGates",
  infer: ([weight]) => ({ outputs: [{ shape: weight!.shape }] }),
  forward({ inputs, outputs: [packed] }, order, plan) {
    return unpackGates.backward!(
      { inputs: [], saved: [], gradOutputs: inputs, gradInputs: [packed!] },
      order,
      plan,
    );
  },
  backward({ gradOutputs: [packed], gradInputs }, order, plan) {
    const operands = {
      inputs: [packed!],
      outputs: gradInputs,
      saved: [],
      differentiated: false,
      gradInput: null,
    };
    return unpackGates.forward(operands, order, plan);
  },
};
