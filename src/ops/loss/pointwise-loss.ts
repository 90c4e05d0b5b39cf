import { GraphError, ShapeError } from "../../errors.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { sameShape, showShape, sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { dispatch, flag, type Op, type Operand } from "../op.ts";
import { chunksOf, reduceSum } from "../tensor/reduce-sum.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./pointwise-loss.wgsl.ts"));
/** Apart, as the forward pass writes the gradient of a loss that is what is minimized. */
const backwardTexts = /* @__PURE__ */ new OnDemand(() => import("./pointwise-loss-backward.wgsl.ts"));

const uses = ["pointwise_loss", "not_a_number", "activations", "log1p"];

export const pointwiseLossForward = /* @__PURE__ */ new Kernel({
  name: "pointwise_loss_forward",
  texts,
  uses,
  workgroup: [64, 1, 1],
  params: {
    size: "u32",
    chunk: "u32",
    partials: "u32",
    kind: "u32",
    weighted: "u32",
    weightsPositives: "u32",
    gradient: "u32",
    parameter: "f32",
    scale: "f32",
  },
  bindings: {
    prediction: "read",
    expected: "read",
    weight: "read",
    positive: "read",
    partial: "read_write",
    grad: "read_write",
  },
});

export const pointwiseLossBackward = /* @__PURE__ */ new Kernel({
  name: "pointwise_loss_backward",
  texts: backwardTexts,
  uses,
  workgroup: [64, 1, 1],
  params: {
    size: "u32",
    kind: "u32",
    weighted: "u32",
    weightsPositives: "u32",
    reduced: "u32",
    ofTarget: "u32",
    parameter: "f32",
    scale: "f32",
  },
  bindings: {
    prediction: "read",
    expected: "read",
    weight: "read",
    positive: "read",
    gradLoss: "read",
    grad: "read_write",
  },
});

/** Reduction of the losses of all elements or rows: their mean, their sum, or none. */
export type Reduction = "mean" | "sum" | "none";

/** The kernels' numbers for the kinds of losses. */
const KINDS = { squared: 0, absolute: 1, smooth: 2, huber: 3, bce: 4, bceWithLogits: 5 } as const;

export interface PointwiseLossAttributes {
  /** Name of the public call, for errors. */
  readonly where: string;
  readonly kind: keyof typeof KINDS;
  /** beta of smooth L1, delta of Huber. */
  readonly parameter?: number;
  readonly reduction: Reduction;
}

/**
 * An elementwise loss. Inputs: prediction and target of one shape; a weight for each element and for its positive part, or
 * null. Output: a scalar, or without reduction a tensor of the same shape.
 */
export const pointwiseLoss: Op<PointwiseLossAttributes> = {
  name: "pointwise_loss",
  givesGradient: true,
  infer([prediction, target], { where, reduction }) {
    if (!sameShape(prediction!.shape, target!.shape)) {
      throw new ShapeError(
        `${where}: prediction and target must have the same shape, got ${showShape(prediction!.shape)} and ` +
          `${showShape(target!.shape)}; reshape one of them`,
      );
    }
    return { outputs: [{ shape: reduction === "none" ? prediction!.shape : [] }] };
  },
  forward({ inputs, outputs: [loss], gradInput }, attributes, plan) {
    const { params, bindings } = shared(inputs, attributes);
    const { size } = params;
    const isReduced = attributes.reduction !== "none";
    const { chunk, partials } = isReduced ? chunksOf(size) : { chunk: 1, partials: size };
    const partial = !isReduced && loss ? loss : plan.temporary([partials]);
    const losses = dispatch({
      kernel: pointwiseLossForward,
      params: { ...params, chunk, partials, gradient: flag(gradInput) },
      bindings: { ...bindings, partial, grad: gradInput },
      grid: linearGrid(partials, plan),
      flops: (gradInput ? 6 : 3) * size,
      bytes: (gradInput ? 12 : 8) * size,
    });
    if (!isReduced || !loss) return [losses];
    return [losses, ...reduceSum(partial, partials, loss, plan)];
  },
  backward(
    { inputs, gradOutputs: [gradLoss], gradInputs: [gradPrediction, gradTarget, ...others] },
    attributes,
    plan,
  ) {
    if (others.some((gradient) => gradient)) {
      throw new GraphError(
        `${attributes.where}: there is no gradient for a loss's weights; ask for the prediction's`,
      );
    }
    const { params, bindings } = shared(inputs, attributes);
    const { size } = params;
    const reduced = flag(attributes.reduction !== "none");
    return [gradPrediction, gradTarget].flatMap((grad, i) =>
      grad
        ? [
            dispatch({
              kernel: pointwiseLossBackward,
              params: { ...params, reduced, ofTarget: i },
              bindings: { ...bindings, gradLoss: gradLoss!, grad },
              grid: linearGrid(size, plan),
              flops: 3 * size,
              bytes: 12 * size,
            }),
          ]
        : [],
    );
  },
};

/** Params and bindings of both kernels. */
function shared(
  [prediction, target, weight = null, positive = null]: readonly (Operand | null)[],
  { kind, parameter = 0, reduction }: PointwiseLossAttributes,
) {
  const size = sizeOf(prediction!.shape);
  return {
    params: {
      size,
      kind: KINDS[kind],
      weighted: flag(weight),
      weightsPositives: flag(positive),
      parameter,
      scale: reduction === "mean" ? 1 / size : 1,
    },
    bindings: { prediction: prediction!, expected: target!, weight, positive },
  };
}
