/**
 * Small layers models that TensorFlow.js saves, with what it computes: `node tools/make-tfjs-goldens.mjs` writes them into
 * test/goldens/tfjs.json.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-backend-cpu";
import { writeFileSync } from "node:fs";
import * as tfl from "@tensorflow/tfjs-layers";
import { cases } from "./tfjs-models.ts";

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
