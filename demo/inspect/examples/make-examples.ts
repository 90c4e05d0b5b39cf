/**
 * Makes the Inspect view's examples of other formats: `node tools/run.mjs demo/inspect/examples/make-examples.ts`. `example.pt` and `example.onnx` hold
 * the model of `example.safetensors`; `model.json` and its shard are a text model of TensorFlow.js that is not trained.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { loadCheckpoint, nn, type Tensor } from "webgpu-lstm";
import { saveOnnx, saveTorch } from "webgpu-lstm/formats";

// Node finds the modules of TensorFlow.js only as CommonJS.
const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs-core") as typeof import("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");
const tfl = require("@tensorflow/tfjs-layers") as typeof import("@tensorflow/tfjs-layers");

const write = (name: string, bytes: Uint8Array | string) => {
  writeFileSync(new URL(`./${name}`, import.meta.url), bytes);
  console.log(name, bytes.length);
};

class NextValue extends nn.Module {
  readonly lstm = new nn.LSTM(1, 12, { numLayers: 2, batchFirst: true });
  readonly fc = new nn.Linear(12, 1);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output);
  }
}

const { model: weights } = loadCheckpoint(readFileSync(new URL("./example.safetensors", import.meta.url)));
write("example.pt", saveTorch({ model: weights, epoch: 600 }));
const model = new NextValue();
model.loadStateDict(weights);
write(
  "example.onnx",
  await saveOnnx(model, { inputs: { x: [1, 24, 1] }, dynamic: { x: { 0: "batch", 1: "time" } } }),
);

await tf.ready();
const seeded = (seed: number) => tfl.initializers.glorotUniform({ seed });
const text = tfl.sequential({
  layers: [
    tfl.layers.embedding({
      inputDim: 64,
      outputDim: 8,
      inputShape: [null],
      embeddingsInitializer: seeded(1),
    }),
    tfl.layers.lstm({
      units: 10,
      returnSequences: true,
      kernelInitializer: seeded(2),
      recurrentInitializer: seeded(3),
    }),
    tfl.layers.dense({ units: 3, activation: "softmax", kernelInitializer: seeded(4) }),
  ],
});
await text.save({
  save: async ({ modelTopology, format, generatedBy, convertedBy, weightSpecs, weightData }) => {
    const paths = ["group1-shard1of1.bin"];
    const weightsManifest = [{ paths, weights: weightSpecs }];
    write(
      "model.json",
      `${JSON.stringify({ format, generatedBy, convertedBy, modelTopology, weightsManifest }, null, 2)}\n`,
    );
    write(paths[0]!, new Uint8Array(weightData as ArrayBuffer));
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
  },
});
