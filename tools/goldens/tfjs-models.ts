/** The models of tfjs.ts, by name. */
import * as tfl from "@tensorflow/tfjs-layers";

const { layers } = tfl;

export interface Case {
  readonly model: tfl.LayersModel;
  /** Sizes of the input, the batch first. */
  readonly input: readonly number[];
  /** The input has integers below this. */
  readonly below?: number;
}

/** One layer after the other. */
function line(input: readonly number[], ...parts: readonly tfl.layers.Layer[]): Case {
  const model = tfl.sequential();
  model.add(layers.inputLayer({ inputShape: input.slice(1) }));
  for (const part of parts) model.add(part);
  return { model, input };
}

/** The same as a functional model. */
function functional(input: readonly number[], ...parts: readonly tfl.layers.Layer[]): Case {
  const first = tfl.input({ shape: input.slice(1) });
  const last = parts.reduce<tfl.SymbolicTensor>((x, part) => part.apply(x) as tfl.SymbolicTensor, first);
  return { model: tfl.model({ inputs: first, outputs: last }), input };
}

const sigmoid = { recurrentActivation: "sigmoid" } as const;
const sequences = { returnSequences: true } as const;

export const cases: Record<string, () => Case> = {
  gru_text: () => {
    const model = tfl.sequential();
    model.add(layers.embedding({ inputDim: 11, outputDim: 3, inputLength: 6 }));
    model.add(layers.gru({ units: 4 }));
    model.add(layers.dense({ units: 3, activation: "softmax" }));
    return { model, input: [4, 6], below: 11 };
  },
  gru_sigmoid: () =>
    line(
      [2, 5, 3],
      layers.gru({ units: 4, ...sigmoid, ...sequences }),
      layers.gru({ units: 2, useBias: false }),
    ),
  lstm: () =>
    line(
      [2, 5, 3],
      layers.lstm({ units: 4, ...sigmoid, ...sequences }),
      layers.lstm({ units: 3, ...sigmoid, useBias: false }),
    ),
  lstm_hard: () =>
    line(
      [2, 5, 3],
      layers.lstm({ units: 4, ...sequences }),
      layers.lstm({ units: 3, activation: "softsign" }),
    ),
  lstm_functional: () =>
    functional(
      [3, 4, 2],
      layers.lstm({ units: 5, ...sigmoid, dropout: 0.3, recurrentDropout: 0.2 }),
      layers.dense({ units: 2, useBias: false }),
    ),
  rnn: () =>
    line(
      [2, 6, 3],
      layers.simpleRNN({ units: 4, ...sequences }),
      layers.simpleRNN({ units: 4, activation: "relu", ...sequences }),
      layers.simpleRNN({ units: 3, activation: "elu" }),
    ),
  backwards: () =>
    line(
      [2, 5, 3],
      layers.lstm({ units: 4, ...sigmoid, ...sequences, goBackwards: true }),
      layers.gru({ units: 3, ...sequences, goBackwards: true }),
      layers.simpleRNN({ units: 2, goBackwards: true }),
    ),
  bidirectional_concat: () =>
    line(
      [2, 5, 3],
      layers.bidirectional({
        layer: layers.lstm({ units: 4, ...sigmoid, ...sequences }) as tfl.RNN,
        mergeMode: "concat",
      }),
      layers.timeDistributed({ layer: layers.dense({ units: 3, activation: "relu" }) }),
      layers.bidirectional({ layer: layers.simpleRNN({ units: 2 }) as tfl.RNN, mergeMode: "concat" }),
    ),
  bidirectional_merged: () =>
    line(
      [2, 4, 3],
      layers.bidirectional({ layer: layers.gru({ units: 3, ...sequences }) as tfl.RNN, mergeMode: "sum" }),
      layers.bidirectional({
        layer: layers.simpleRNN({ units: 3, ...sequences }) as tfl.RNN,
        mergeMode: "ave",
      }),
      layers.bidirectional({ layer: layers.lstm({ units: 4, ...sigmoid }) as tfl.RNN, mergeMode: "mul" }),
    ),
  convolutions: () =>
    line(
      [2, 13, 3],
      layers.conv1d({ filters: 4, kernelSize: 4, strides: 2, padding: "same", activation: "relu" }),
      layers.batchNormalization(),
      layers.conv1d({ filters: 5, kernelSize: 3, dilationRate: 2, padding: "same", useBias: false }),
      layers.maxPooling1d({ poolSize: 2, strides: 1, padding: "same" }),
      layers.conv1d({ filters: 4, kernelSize: 2, padding: "valid" }),
      layers.spatialDropout1d({ rate: 0.5 }),
      layers.averagePooling1d({ poolSize: 3, strides: 2, padding: "same" }),
      layers.layerNormalization(),
    ),
  pooling_default: () =>
    line(
      [2, 9, 3],
      layers.maxPooling1d({}),
      layers.averagePooling1d({ poolSize: 2 }),
      layers.globalMaxPooling1d(),
    ),
  global_average: () =>
    line(
      [2, 7, 3],
      layers.globalAveragePooling1d(),
      layers.batchNormalization({ scale: false, momentum: 0.9 }),
    ),
  normalizations: () =>
    line(
      [3, 4, 5],
      layers.layerNormalization({ axis: [1, 2], epsilon: 0.01 }),
      layers.batchNormalization({ center: false, epsilon: 0.1 }),
      layers.layerNormalization({ scale: false }),
      layers.layerNormalization({ center: false }),
    ),
  batch_normalization: () => line([3, 4, 5], layers.batchNormalization(), layers.dense({ units: 2 })),
  shapes: () =>
    line(
      [2, 6],
      layers.dense({ units: 12, activation: "tanh" }),
      layers.dropout({ rate: 0.5 }),
      layers.reshape({ targetShape: [3, 4] }),
      layers.permute({ dims: [2, 1] }),
      layers.flatten(),
      layers.repeatVector({ n: 3 }),
      layers.activation({ activation: "sigmoid" }),
      layers.reshape({ targetShape: [2, -1, 3] }),
    ),
  activation_layers: () =>
    line(
      [2, 9],
      layers.leakyReLU({ alpha: 0.2 }),
      layers.elu(),
      layers.dense({ units: 9 }),
      layers.reLU({ maxValue: 0.5 }),
      layers.softmax({ axis: 1 }),
    ),
};

const functions = [
  "elu",
  "gelu",
  "gelu_new",
  "hardSigmoid",
  "linear",
  "logSoftmax",
  "mish",
  "relu",
  "relu6",
  "selu",
  "sigmoid",
  "softmax",
  "softplus",
  "softsign",
  "swish",
  "tanh",
] as const;
for (const activation of functions) {
  cases[`activation_${activation}`] = () =>
    line([2, 9], layers.activation({ activation: activation as "elu" }));
}
