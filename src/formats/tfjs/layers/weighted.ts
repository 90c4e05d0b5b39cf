/** Dense, Embedding and the normalizations. */
import { show } from "../../../checks.ts";
import { ShapeError } from "../../../errors.ts";
import type { Parameter } from "../../../graph/parameter.ts";
import { apply, type Tensor } from "../../../graph/tensor.ts";
import { BatchNorm1d } from "../../../nn/batch-norm.ts";
import { Embedding } from "../../../nn/embedding.ts";
import { Module } from "../../../nn/module.ts";
import { layerNorm } from "../../../ops/layer/layer-norm.ts";
import { linear } from "../../../ops/layer/linear.ts";
import { sameShape, showShape, sizeOf } from "../../../shape.ts";
import { type Activation, activationOf } from "../activations.ts";
import type { LayerFile } from "../layer-file.ts";
import { checkSame, transposed, type Weights } from "../weights.ts";

class Dense extends Module {
  /** [units, in] */
  readonly weight: Parameter;
  /** [units], or null. */
  readonly bias: Parameter | null;
  readonly #activation: Activation;

  constructor(weight: Parameter, bias: Parameter | null, activation: Activation) {
    super();
    this.weight = weight;
    this.bias = bias;
    this.#activation = activation;
  }

  forward(x: Tensor): Tensor {
    const width = this.weight.shape[1]!;
    if (x.shape.length < 2 || x.shape.at(-1) !== width) {
      throw new ShapeError(`its input must be [batch, *, ${width}], got ${showShape(x.shape)}`);
    }
    return this.#activation(apply("Dense", linear, [x, this.weight, this.bias], undefined)[0]!);
  }
}

export function dense(layer: LayerFile, weights: Weights): Module {
  const units = layer.size("units");
  const { compute } = activationOf(layer, "activation", "linear");
  const kernel = weights.take(layer, "", "kernel", [-1, units]);
  const bias = layer.flag("use_bias", true) ? weights.take(layer, "", "bias", [units]) : null;
  const inputs = kernel.shape[0]!;
  return new Dense(
    weights.parameter(kernel, [units, inputs], transposed(inputs)),
    bias && weights.parameter(bias, [units]),
    compute,
  );
}

export function embedding(layer: LayerFile, weights: Weights): Module {
  layer.not(
    "mask_zero",
    "the layers behind it would skip steps that are 0; leave it out, or pack sequences by lengths here",
  );
  const [rows, width] = [layer.size("input_dim"), layer.size("output_dim")];
  const table = weights.take(layer, "", "embeddings", [rows, width]);
  if (rows > 2 ** 24)
    throw layer.refuse(`its table has ${rows} rows, more than 2^24, whose indices float32 does not hold`);
  return new Embedding(rows, width, {}, weights.values(table));
}

/** Normalizes over its last dimensions. */
class LayerNormalization extends Module {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly #axes: readonly number[];
  readonly #eps: number;

  constructor(weight: Parameter | null, bias: Parameter | null, axes: readonly number[], eps: number) {
    super();
    this.weight = weight;
    this.bias = bias;
    this.#axes = axes;
    this.#eps = eps;
  }

  forward(x: Tensor): Tensor {
    const rank = x.shape.length;
    const first = rank - this.#axes.length;
    const axes = this.#axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
    if (first < 1 || !axes.every((axis, i) => axis === first + i)) {
      throw new ShapeError(
        `it normalizes over the axes ${show(this.#axes)} of ${showShape(x.shape)}, and the last ones are computed here`,
      );
    }
    const sizes = x.shape.slice(first);
    for (const parameter of [this.weight, this.bias]) {
      if (parameter && !sameShape(parameter.shape, sizes)) {
        throw new ShapeError(
          `its input must end in ${showShape(parameter.shape)}, got ${showShape(x.shape)}`,
        );
      }
    }
    const attributes = { size: sizeOf(sizes), eps: this.#eps };
    return apply("LayerNormalization", layerNorm, [x, this.weight, this.bias], attributes)[0]!;
  }
}

function epsilonOf(layer: LayerFile): number {
  const eps = layer.number("epsilon", 1e-3);
  if (eps < 0) throw layer.refuse(`epsilon must be a number of at least 0, got ${eps}`);
  return eps;
}

export function layerNormalization(layer: LayerFile, weights: Weights): Module {
  layer.not("rms_scaling", "it is another normalization");
  const axes = layer.axes();
  const eps = epsilonOf(layer);
  const wanted = axes.map(() => -1);
  const gamma = layer.flag("scale", true) ? weights.take(layer, "", "gamma", wanted) : null;
  const beta = layer.flag("center", true) ? weights.take(layer, "", "beta", wanted) : null;
  if (gamma && beta) checkSame("gamma and beta", gamma.shape, beta.shape);
  return new LayerNormalization(
    gamma && weights.parameter(gamma, gamma.shape),
    beta && weights.parameter(beta, beta.shape),
    axes,
    eps,
  );
}

/** Batch normalization of the last axis, whatever comes before it. */
class LastAxisNorm extends BatchNorm1d {
  readonly #axis: number;

  constructor(channels: number, axis: number, options: { readonly eps: number; readonly momentum: number }) {
    super(channels, options);
    this.#axis = axis;
  }

  override forward(x: Tensor): Tensor {
    const rank = x.shape.length;
    const axis = this.#axis < 0 ? this.#axis + rank : this.#axis;
    if (axis !== rank - 1) {
      throw new ShapeError(
        `it normalizes axis ${this.#axis} of ${showShape(x.shape)}, and the last one is computed here`,
      );
    }
    if (rank < 2 || x.shape[axis] !== this.numFeatures) {
      throw new ShapeError(`its input must be [batch, *, ${this.numFeatures}], got ${showShape(x.shape)}`);
    }
    return super.forward(x.reshape([-1, this.numFeatures])).reshape(x.shape);
  }
}

export function batchNormalization(layer: LayerFile, weights: Weights): Module {
  layer.not("renorm", "it is another normalization in training");
  const axes = layer.axes();
  if (axes.length !== 1)
    throw layer.refuse(`axis ${show(axes)} has ${axes.length} axes, and one is computed here`);
  const momentum = layer.number("momentum", 0.99);
  if (momentum < 0 || momentum > 1)
    throw layer.refuse(`momentum must be a number from 0 to 1, got ${momentum}`);
  const eps = epsilonOf(layer);
  const mean = weights.take(layer, "", "moving_mean", [-1]);
  const { shape } = mean;
  const variance = weights.take(layer, "", "moving_variance", shape);
  const gamma = layer.flag("scale", true) ? weights.take(layer, "", "gamma", shape) : null;
  const beta = layer.flag("center", true) ? weights.take(layer, "", "beta", shape) : null;
  weights.spend(2 * shape[0]!);
  const norm = new LastAxisNorm(shape[0]!, axes[0]!, { eps, momentum: 1 - momentum });
  norm.runningMean!.write(weights.values(mean));
  norm.runningVar!.write(weights.values(variance));
  // What Keras leaves out stays 1 or 0.
  for (const [parameter, file] of [
    [norm.weight!, gamma],
    [norm.bias!, beta],
  ] as const) {
    if (file) parameter.write(weights.values(file));
    else parameter.requiresGrad_(false);
  }
  return norm;
}
