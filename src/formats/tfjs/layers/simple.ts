/** Layers without weights. */
import { show } from "../../../checks.ts";
import { ShapeError } from "../../../errors.ts";
import { recording, type Tensor } from "../../../graph/tensor.ts";
import { Dropout, dropoutIn } from "../../../nn/dropout.ts";
import { Module } from "../../../nn/module.ts";
import { showShape, sizeOf } from "../../../shape.ts";
import { activationLayers, activationOf } from "../activations.ts";
import type { LayerFile } from "../layer-file.ts";

/** A layer that is a function of its input. */
export class FunctionLayer extends Module {
  readonly #compute: (x: Tensor) => Tensor;

  constructor(compute: (x: Tensor) => Tensor) {
    super();
    this.#compute = compute;
  }

  forward(x: Tensor): Tensor {
    return this.#compute(x);
  }
}

/** Throws unless x has so many dimensions. */
export function checkRank(x: Tensor, rank: number): void {
  if (x.shape.length === rank) return;
  throw new ShapeError(`its input must have ${rank} dimensions, the batch first, got ${showShape(x.shape)}`);
}

/** Ones, of which dropout makes a mask. */
export function maskOf(module: Module, shape: readonly number[], rate: number): Tensor {
  const ones = recording.current("TfjsModel.forward").literal(new Float32Array(sizeOf(shape)).fill(1), shape);
  return dropoutIn("TfjsModel.forward", module, ones, rate);
}

/** Drops whole channels: one mask for all time steps. */
class ChannelDropout extends Module {
  readonly #rate: number;

  constructor(rate: number) {
    super();
    this.#rate = rate;
  }

  forward(x: Tensor): Tensor {
    checkRank(x, 3);
    const [N, , C] = x.shape as [number, number, number];
    return this.#rate === 0 ? x : x.mul(maskOf(this, [N, 1, C], this.#rate));
  }
}

/** The probability of a zero. */
export function rateOf(layer: LayerFile, key: string, otherwise?: number): number {
  const rate = layer.number(key, otherwise);
  if (rate >= 0 && rate < 1) return rate;
  throw layer.refuse(`${key} must be a probability from 0 to below 1, got ${rate}`);
}

export function dropout(layer: LayerFile): Module {
  if (layer.get("noise_shape") !== undefined) throw layer.refuse("noise_shape is not computed here");
  return new Dropout(rateOf(layer, "rate"));
}

export function spatialDropout(layer: LayerFile): Module {
  return new ChannelDropout(rateOf(layer, "rate"));
}

export function activation(layer: LayerFile): Module {
  return new FunctionLayer(activationOf(layer, "activation", "linear").compute);
}

/** ReLU and the like. */
export function activationLayer(layer: LayerFile): Module {
  return new FunctionLayer(activationLayers.get(layer.kind)!(layer));
}

export function flatten(layer: LayerFile): Module {
  layer.oneOf("data_format", ["channels_last"], "channels_last");
  return new FunctionLayer((x) => (x.shape.length === 1 ? x.unsqueeze(1) : x.flatten(1)));
}

export function reshape(layer: LayerFile): Module {
  const given = layer.get("target_shape");
  // TensorFlow.js writes a size that it infers as null.
  const target: readonly unknown[] = Array.isArray(given) ? given.map((size: unknown) => size ?? -1) : [];
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size === -1 || (size as number) > 0);
  if (target.length === 0 || !target.every(isSize) || target.filter((size) => size === -1).length > 1) {
    throw layer.refuse(
      `target_shape must have sizes of at least 1, and one that is inferred at most, got ${show(given)}`,
    );
  }
  return new FunctionLayer((x) => x.reshape([x.shape[0]!, ...(target as number[])]));
}

export function permute(layer: LayerFile): Module {
  const dims = layer.integers("dims");
  const isOrder = dims.toSorted((a, b) => a - b).every((dim, i) => dim === i + 1);
  if (!isOrder) throw layer.refuse(`dims must be an order of 1 to ${dims.length}, got ${show(dims)}`);
  return new FunctionLayer((x) => {
    checkRank(x, dims.length + 1);
    return x.permute([0, ...dims]);
  });
}

export function repeatVector(layer: LayerFile): Module {
  const n = layer.size("n");
  return new FunctionLayer((x) => {
    checkRank(x, 2);
    const [N, C] = x.shape as [number, number];
    return x.unsqueeze(1).expand([N, n, C]);
  });
}

export function identity(): Module {
  return new FunctionLayer((x) => x);
}
