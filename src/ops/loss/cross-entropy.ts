import { GraphError } from "../../errors.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Op, type Operand, type PlanContext } from "../op.ts";
import { chunksOf, reduceSum } from "../tensor/reduce-sum.ts";
import type { Reduction } from "./pointwise-loss.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./cross-entropy.wgsl.ts"));

export const crossEntropyWeights = /* @__PURE__ */ new Kernel({
  name: "cross_entropy_weights",
  texts,
  uses: ["row_index", "not_a_number"],
  workgroup: [64, 1, 1],
  params: { rows: "u32", chunk: "u32", partials: "u32", classes: "u32", weighted: "u32", ignored: "f32" },
  bindings: { expected: "read", weight: "read", partial: "read_write" },
});

export const crossEntropyForward = /* @__PURE__ */ new Kernel({
  name: "cross_entropy_forward",
  texts,
  uses: ["row_index", "not_a_number", "finite", "exp_log", "log1p"],
  workgroup: [64, 1, 1],
  params: {
    rows: "u32",
    classes: "u32",
    inner: "u32",
    probabilities: "u32",
    normalized: "u32",
    weighted: "u32",
    averaged: "u32",
    gradient: "u32",
    ignored: "f32",
    smoothing: "f32",
    scale: "f32",
  },
  bindings: {
    scores: "read",
    expected: "read",
    weight: "read",
    total: "read",
    loss: "read_write",
    grad: "read_write",
  },
});

export const crossEntropyBackward = /* @__PURE__ */ new Kernel({
  name: "cross_entropy_backward",
  texts,
  workgroup: [64, 1, 1],
  params: { rows: "u32", classes: "u32", inner: "u32", reduced: "u32" },
  bindings: { slope: "read", gradLoss: "read", grad: "read_write" },
});

export interface CrossEntropyAttributes {
  /** Whether the scores are log-probabilities. */
  readonly normalized: boolean;
  /** Whether the target holds class probabilities instead of class indices. */
  readonly probabilities: boolean;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  readonly reduction: Reduction;
}

/** Scores as [outer][classes][inner]: the classes are the second dimension, or the only one. */
function layoutOf(shape: Shape): { rows: number; classes: number; inner: number } {
  const classDim = shape.length === 1 ? 0 : 1;
  const classes = shape[classDim]!;
  return { rows: sizeOf(shape) / classes, classes, inner: sizeOf(shape.slice(classDim + 1)) };
}

/** The kernel's number for the gradient it writes. */
const GRADIENT = { none: 0, scores: 1, target: 2 } as const;

/** The kernel's dispatches for these inputs; for a weighted mean, first the total weight of the rows. */
function dispatchesOf(
  [scores, target, weight]: readonly (Operand | null)[],
  results: { loss: Operand | null; grad: Operand | null; gradient: keyof typeof GRADIENT },
  { normalized, probabilities, ignoreIndex, labelSmoothing, reduction }: CrossEntropyAttributes,
  plan: PlanContext,
): Dispatch[] {
  const { rows, classes, inner } = layoutOf(scores!.shape);
  const size = rows * classes;
  const averaged = reduction === "mean" && !probabilities;
  const dispatches: Dispatch[] = [];
  let total: Operand | null = null;
  if (averaged) {
    const { chunk, partials } = chunksOf(rows);
    const partial = plan.temporary([partials]);
    total = plan.temporary([]);
    dispatches.push(
      dispatch({
        kernel: crossEntropyWeights,
        params: { rows, chunk, partials, classes, weighted: flag(weight), ignored: ignoreIndex },
        bindings: { expected: target!, weight: weight ?? null, partial },
        grid: linearGrid(partials, plan),
        flops: rows,
        bytes: 4 * rows,
      }),
      ...reduceSum(partial, partials, total, plan),
    );
  }
  dispatches.push(
    dispatch({
      kernel: crossEntropyForward,
      params: {
        rows,
        classes,
        inner,
        probabilities: flag(probabilities),
        normalized: flag(normalized),
        weighted: flag(weight),
        averaged: flag(averaged),
        gradient: GRADIENT[results.gradient],
        ignored: ignoreIndex,
        smoothing: labelSmoothing,
        scale: reduction === "mean" ? 1 / rows : 1,
      },
      bindings: {
        scores: scores!,
        expected: target!,
        weight: weight ?? null,
        total,
        loss: results.loss,
        grad: results.grad,
      },
      grid: linearGrid(rows, plan),
      flops: 20 * size,
      bytes: 4 * (results.grad ? 2 * size : size),
    }),
  );
  return dispatches;
}

/**
 * Softmax cross-entropy, or negative log-likelihood of normalized scores. Inputs: scores [N, C, d1, …] or [C]; class indices
 * [N, d1, …] or [], or probabilities shaped like the scores; weights [C] or null. Output: a scalar, or without reduction
 * a loss for each row. The forward pass also computes the gradient of the scores if it is needed.
 */
export const crossEntropy: Op<CrossEntropyAttributes> = {
  name: "cross_entropy",
  givesGradient: true,
  infer([scores], { reduction }) {
    const { shape } = scores!;
    const rows = shape.length === 1 ? [] : [shape[0]!, ...shape.slice(2)];
    return { outputs: [{ shape: reduction === "none" ? rows : [] }], saved: [shape] };
  },
  forward({ inputs, outputs: [loss], saved: [slope], differentiated, gradInput }, attributes, plan) {
    const { rows } = layoutOf(inputs[0]!.shape);
    const reduced = attributes.reduction !== "none";
    const losses = reduced || !loss ? plan.temporary([rows]) : loss;
    const grad = gradInput ?? (differentiated ? slope! : null);
    const gradient = grad ? "scores" : "none";
    const dispatches = dispatchesOf(inputs, { loss: losses, grad, gradient }, attributes, plan);
    if (reduced && loss) dispatches.push(...reduceSum(losses, rows, loss, plan));
    return dispatches;
  },
  backward({ inputs, saved: [slope], gradOutputs: [gradLoss], gradInputs }, attributes, plan) {
    const { rows, classes, inner } = layoutOf(inputs[0]!.shape);
    const size = rows * classes;
    const scale = (from: Operand, grad: Operand) =>
      dispatch({
        kernel: crossEntropyBackward,
        params: { rows, classes, inner, reduced: flag(attributes.reduction !== "none") },
        bindings: { slope: from, gradLoss: gradLoss!, grad },
        grid: linearGrid(size, plan),
        flops: size,
        bytes: 8 * size,
      });
    const [gradScores, gradTarget, gradWeight] = gradInputs;
    if (gradWeight || (gradTarget && !attributes.probabilities)) {
      const what = gradWeight ? "its weights" : "class indices";
      throw new GraphError(`cross-entropy: there is no gradient for ${what}; ask for the prediction's`);
    }
    const dispatches: Dispatch[] = [];
    if (gradScores) dispatches.push(scale(slope!, gradScores));
    if (gradTarget) {
      // Rare: learned soft targets.
      const grad = plan.temporary(inputs[0]!.shape);
      dispatches.push(
        ...dispatchesOf(inputs, { loss: null, grad, gradient: "target" }, attributes, plan),
        scale(grad, gradTarget),
      );
    }
    return dispatches;
  },
};
