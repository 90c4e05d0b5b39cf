/**
 * Small layers models that TensorFlow.js saves, with what it computes: `node tools/make-tfjs-goldens.mjs` writes them into
 * test/goldens/tfjs.json.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-backend-cpu";
import { writeFileSync } from "node:fs";
import * as tfl from "@tensorflow/tfjs-layers";

const { layers } = tfl;

/** Uniform numbers in ±1, the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Numbers of 16 bits after the point, so that the JSON stays short. */
function numbers(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, () => Math.round(draw() * 2 ** 16) / 2 ** 16);
}

interface Case {
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

const cases: Record<string, () => Case> = {
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

/** What a model saves. */
async function saved(model: tfl.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | null = null;
  await model.save({
    save: (given) => {
      artifacts = given;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } });
    },
  });
  return artifacts!;
}

function bytesOf(data: tf.io.WeightData | undefined): Uint8Array {
  const list = data === undefined ? [] : Array.isArray(data) ? data : [data];
  return Uint8Array.from(Buffer.concat(list.map((part) => new Uint8Array(part))));
}

/** The parts of model.json, as TensorFlow.js's own handlers write it, in two shards where there are weights. */
function modelJson(
  { modelTopology, format, generatedBy, convertedBy }: tf.io.ModelArtifacts,
  weights: tf.io.WeightsManifestEntry[],
) {
  const paths = weights.length > 0 ? ["group1-shard1of2.bin", "group1-shard2of2.bin"] : [];
  return { format, generatedBy, convertedBy, modelTopology, weightsManifest: [{ paths, weights }] };
}

function golden(json: object, weights: Uint8Array, input: tf.Tensor, output: tf.Tensor) {
  return {
    model: json,
    weights: Buffer.from(weights).toString("base64"),
    input: { shape: input.shape, data: [...input.dataSync()] },
    output: { shape: output.shape, data: [...output.dataSync()] },
  };
}

/** A weight's numbers as integers of a type, as the converter quantizes them. */
function quantized(values: Float32Array, type: "uint8" | "uint16" | "float16") {
  if (type === "float16") {
    const view = new DataView(new ArrayBuffer(2 * values.length));
    for (const [i, value] of values.entries()) view.setUint16(2 * i, halfOf(value), true);
    return { bytes: new Uint8Array(view.buffer), quantization: { dtype: type } };
  }
  const most = type === "uint8" ? 255 : 65535;
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const scale = (max - min) / most || 1;
  const stored = Array.from(values, (value) => Math.round((value - min) / scale));
  const bytes = type === "uint8" ? Uint8Array.from(stored) : new Uint8Array(Uint16Array.from(stored).buffer);
  return { bytes, quantization: { dtype: type, scale, min } };
}

/** Bits of a float16, for numbers of moderate size, cut off. */
function halfOf(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const fraction = Math.floor((Math.abs(value) / 2 ** exponent - 1) * 1024);
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
}

/** Models that TensorFlow.js trains: none that draws. */
const trained = [
  "gru_text",
  "lstm",
  "rnn",
  "backwards",
  "bidirectional_concat",
  "bidirectional_merged",
  "batch_normalization",
];

/** Losses of steps of plain gradient descent, each before its update. */
async function lossesOf(model: tfl.LayersModel, x: tf.Tensor, y: tf.Tensor): Promise<number[]> {
  model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
  const losses: number[] = [];
  for (let i = 0; i < 6; i++) losses.push((await model.trainOnBatch(x, y)) as number);
  return losses;
}

export async function main(path: string): Promise<void> {
  await tf.setBackend("cpu");
  const goldens: Record<string, object> = {};
  for (const [i, [name, make]] of Object.entries(cases).entries()) {
    const { model, input: shape, below } = make();
    const draw = generator(100 + i);
    model.setWeights(
      model.weights.map((weight) => {
        const size = weight.shape.reduce<number>((product, n) => product * n!, 1);
        const isSpread = weight.originalName.endsWith("moving_variance");
        const values = numbers(size, draw).map((value) => (isSpread ? Math.abs(value) + 0.5 : 0.8 * value));
        return tf.tensor(values, weight.shape as number[]);
      }),
    );
    const count = shape.reduce((product, n) => product * n, 1);
    const drawn = numbers(count, draw).map((value) =>
      below ? Math.floor(((value + 1) / 2) * below) : 4 * value,
    );
    const input = tf.tensor(drawn, [...shape]);
    const output = model.predict(input) as tf.Tensor;
    const artifacts = await saved(model);
    const weights = bytesOf(artifacts.weightData);
    goldens[name] = golden(modelJson(artifacts, artifacts.weightSpecs ?? []), weights, input, output);
    if (trained.includes(name)) {
      const target = tf.tensor(numbers(output.size, draw), output.shape);
      const losses = await lossesOf(model, input, target);
      goldens[name] = { ...goldens[name], target: [...target.dataSync()], losses };
    }
    if (name !== "lstm") continue;
    for (const type of ["uint8", "uint16", "float16"] as const) {
      let at = 0;
      const parts: Uint8Array[] = [];
      const specs = artifacts.weightSpecs!.map((spec) => {
        const size = spec.shape.reduce((product, n) => product * n, 1);
        const { bytes, quantization } = quantized(new Float32Array(weights.buffer, at, size), type);
        at += 4 * size;
        parts.push(bytes);
        return { ...spec, quantization } as tf.io.WeightsManifestEntry;
      });
      const all = Uint8Array.from(Buffer.concat(parts));
      const read = tf.io.fromMemory({ ...artifacts, weightSpecs: specs, weightData: all.buffer });
      const opened = await tfl.loadLayersModel(read);
      goldens[`lstm_${type}`] = golden(
        modelJson(artifacts, specs),
        all,
        input,
        opened.predict(input) as tf.Tensor,
      );
    }
  }
  const text = Object.entries(goldens).map(
    ([name, one]) => `${JSON.stringify(name)}: ${JSON.stringify(one)}`,
  );
  writeFileSync(path, `{\n${text.join(",\n")}\n}\n`);
}
