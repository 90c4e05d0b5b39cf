import { checkBoolean, checkNumber, checkOptions, show } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import { Parameter } from "../graph/parameter.ts";
import { apply, Tensor } from "../graph/tensor.ts";
import { layerNorm } from "../ops/layer/layer-norm.ts";
import { checkShape, type Shape, sameShape, showShape, sizeOf, zerosOf } from "../shape.ts";
import { Module } from "./module.ts";

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Whether elements are scaled and shifted by learned values. Default true. */
  readonly elementwiseAffine?: boolean;
  /** Whether to add a learned bias as well. Default true. */
  readonly bias?: boolean;
}

/**
 * Normalizes over the last dimensions: (x - mean) / √(variance + eps) · weight + bias, as `torch.nn.LayerNorm`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html).
 *
 * @example
 * const norm = new nn.LayerNorm(64);
 * const y = norm.forward(x); // [N, T, 64], of the same shape: each row by itself
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  /** [...normalizedShape], or null. */
  readonly weight: Parameter | null;
  /** [...normalizedShape], or null. */
  readonly bias: Parameter | null;

  /** @param normalizedShape Sizes of the last dimensions, or the size of the last one. */
  constructor(normalizedShape: number | Shape, options: LayerNormOptions = {}, ...more: never[]) {
    super();
    const shape = checkShape(
      "LayerNorm",
      typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape,
    );
    if (shape.length === 0) throw new ShapeError("LayerNorm: normalizedShape must have at least one size");
    checkOptions("LayerNorm", options, ["eps", "elementwiseAffine", "bias"], more);
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    checkNumber("LayerNorm", "eps", eps, "a number of at least 0", (n) => n >= 0);
    checkBoolean("LayerNorm", "elementwiseAffine", elementwiseAffine);
    checkBoolean("LayerNorm", "bias", bias);
    this.normalizedShape = shape;
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    const zeros = () => zerosOf("LayerNorm", shape);
    this.weight = elementwiseAffine ? new Parameter(shape, zeros().fill(1)) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(shape, zeros()) : null;
  }

  /** @param x [*, ...normalizedShape] @returns The same shape. */
  forward(x: Tensor): Tensor {
    const { normalizedShape, eps } = this;
    if (!(x instanceof Tensor) || !sameShape(x.shape.slice(-normalizedShape.length), normalizedShape)) {
      throw new ShapeError(
        `LayerNorm.forward: the input's last dimensions must be ${showShape(normalizedShape)} (normalizedShape), got ` +
          `${x instanceof Tensor ? showShape(x.shape) : show(x)}`,
      );
    }
    const size = sizeOf(normalizedShape);
    return apply("LayerNorm.forward", layerNorm, [x, this.weight, this.bias], { size, eps })[0]!;
  }
}
