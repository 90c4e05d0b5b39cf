import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { dispatch, flag, type Op, type Operand } from "../op.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./ctc.wgsl.ts"));

const sizes = {
  batch: "u32",
  steps: "u32",
  classes: "u32",
  targetSize: "u32",
  blank: "u32",
} as const;

const given = {
  logProbs: "read",
  targets: "read",
  inputLengths: "read",
  targetLengths: "read",
} as const;

const uses = ["ctc_states", "row_index", "exp_log", "finite", "not_a_number"];

export const ctcForward = /* @__PURE__ */ new Kernel({
  name: "ctc_forward",
  texts,
  uses,
  workgroup: [64, 1, 1],
  params: { ...sizes, zeroInfinity: "u32" },
  bindings: { ...given, alpha: "read_write", likelihood: "read_write", loss: "read_write" },
});

export const ctcBackward = /* @__PURE__ */ new Kernel({
  name: "ctc_backward",
  texts,
  uses,
  workgroup: [64, 1, 1],
  params: sizes,
  bindings: { ...given, alpha: "read", beta: "read_write", passing: "read_write" },
});

export const ctcGradient = /* @__PURE__ */ new Kernel({
  name: "ctc_gradient",
  texts,
  uses,
  workgroup: [64, 1, 1],
  params: { ...sizes, zeroInfinity: "u32" },
  bindings: { ...given, passing: "read", likelihood: "read", gradLoss: "read", gradX: "read_write" },
});

export interface CtcAttributes {
  readonly blank: number;
  readonly zeroInfinity: boolean;
}

/** Params of all three kernels, and states of an item. */
function sizesOf(logProbs: Operand, targets: Operand, { blank, zeroInfinity }: CtcAttributes) {
  const [steps, batch, classes] = logProbs.shape as [number, number, number];
  const targetSize = targets.shape[1]!;
  return { batch, steps, classes, targetSize, blank, zeroInfinity: flag(zeroInfinity) };
}

/** Operations for a state and a step. */
const FLOPS = 30;

/**
 * Losses [N] of all alignments. Inputs: log-probabilities [T, N, C], labels [N, S], the items' lengths [N] in steps and in labels; all but the
 * first are constants.
 */
export const ctc: Op<CtcAttributes> = {
  name: "ctc_loss",
  infer([logProbs, targets]) {
    const [steps, batch] = logProbs!.shape as [number, number];
    return {
      outputs: [{ shape: [batch] }],
      saved: [[batch, steps, 2 * targets!.shape[1]! + 1], [batch]],
    };
  },
  forward({ inputs, outputs: [loss], saved: [alpha, likelihood] }, attributes, plan) {
    const [logProbs, targets, inputLengths, targetLengths] = inputs as Operand[];
    const params = sizesOf(logProbs!, targets!, attributes);
    return [
      dispatch({
        kernel: ctcForward,
        params,
        bindings: {
          logProbs: logProbs!,
          targets: targets!,
          inputLengths: inputLengths!,
          targetLengths: targetLengths!,
          alpha: alpha!,
          likelihood: likelihood!,
          loss: loss ?? plan.temporary(likelihood!.shape),
        },
        grid: linearGrid(64 * params.batch, plan),
        flops: FLOPS * alpha!.elements,
        bytes: 8 * alpha!.elements,
      }),
    ];
  },
  backward(
    { inputs, saved: [alpha, likelihood], gradOutputs: [gradLoss], gradInputs: [gradX] },
    attributes,
    plan,
  ) {
    const [logProbs, targets, inputLengths, targetLengths] = inputs as Operand[];
    const params = sizesOf(logProbs!, targets!, attributes);
    const own = {
      logProbs: logProbs!,
      targets: targets!,
      inputLengths: inputLengths!,
      targetLengths: targetLengths!,
    };
    const passing = plan.temporary(alpha!.shape);
    const beta = plan.temporary([params.batch, 2, 2 * params.targetSize + 1]);
    const size = logProbs!.elements;
    return [
      dispatch({
        kernel: ctcBackward,
        params,
        bindings: { ...own, alpha: alpha!, beta, passing },
        grid: linearGrid(64 * params.batch, plan),
        flops: FLOPS * alpha!.elements,
        bytes: 12 * alpha!.elements,
      }),
      dispatch({
        kernel: ctcGradient,
        params,
        bindings: { ...own, passing, likelihood: likelihood!, gradLoss: gradLoss!, gradX: gradX! },
        grid: linearGrid(size, plan),
        flops: 4 * params.targetSize * size,
        bytes: 4 * (2 * size + alpha!.elements),
      }),
    ];
  },
};
