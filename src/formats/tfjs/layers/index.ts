/** Every layer that is computed here, by Keras' class. */
import { ShapeError } from "../../../errors.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Layer } from "../../../nn/containers.ts";
import { Module } from "../../../nn/module.ts";
import { showShape } from "../../../shape.ts";
import { activationLayers } from "../activations.ts";
import type { LayerFile } from "../layer-file.ts";
import type { Weights } from "../weights.ts";
import { bidirectional, recurrent } from "./recurrent.ts";
import * as simple from "./simple.ts";
import { batchNormalization, dense, embedding, layerNormalization } from "./weighted.ts";
import { convolution, globalPooling, pooling } from "./windows.ts";

type Make = (layer: LayerFile, weights: Weights) => Module;

/** Applies a layer to every time step. */
class TimeDistributed extends Module {
  readonly layer: Layer;

  constructor(layer: Layer) {
    super();
    this.layer = layer;
  }

  forward(x: Tensor): Tensor {
    const [N, T, ...rest] = x.shape;
    if (N === undefined || T === undefined || rest.length === 0) {
      throw new ShapeError(`its input must be [batch, steps, *], got ${showShape(x.shape)}`);
    }
    const y = this.layer.forward(x.reshape([N * T, ...rest]));
    return y.reshape([N, T, ...y.shape.slice(1)]);
  }
}

function timeDistributed(layer: LayerFile, weights: Weights): Module {
  const inner = layer.inner("layer");
  const isComputed = inner.kind !== "TimeDistributed" && layers.has(inner.kind);
  if (!isComputed)
    throw layer.refuse(`a layer of ${inner.kind.slice(0, 40)} at every step is not computed here`);
  return new TimeDistributed(layers.get(inner.kind)!(inner, weights) as Layer);
}

/** What makes each class of layer. */
export const layers: ReadonlyMap<string, Make> = new Map<string, Make>([
  ["InputLayer", simple.identity],
  ["LSTM", recurrent],
  ["GRU", recurrent],
  ["SimpleRNN", recurrent],
  ["Bidirectional", bidirectional],
  ["TimeDistributed", timeDistributed],
  ["Dense", dense],
  ["Embedding", embedding],
  ["Dropout", simple.dropout],
  ["SpatialDropout1D", simple.spatialDropout],
  ["Activation", simple.activation],
  ...[...activationLayers.keys()].map((kind) => [kind, simple.activationLayer] as const),
  ["Flatten", simple.flatten],
  ["Reshape", simple.reshape],
  ["Permute", simple.permute],
  ["RepeatVector", simple.repeatVector],
  ["LayerNormalization", layerNormalization],
  ["BatchNormalization", batchNormalization],
  ["Conv1D", convolution],
  ["MaxPooling1D", pooling("max")],
  ["AveragePooling1D", pooling("average")],
  ["GlobalMaxPooling1D", globalPooling("max")],
  ["GlobalAveragePooling1D", globalPooling("average")],
]);

/** Makes a layer's module. Throws a NotComputed with the reason. */
export function makeLayer(layer: LayerFile, weights: Weights): Layer {
  const make = layers.get(layer.kind);
  if (!make) throw layer.refuse("its class is not computed here");
  return make(layer, weights) as Layer;
}
