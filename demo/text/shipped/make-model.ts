/**
 * Makes `model.safetensors`, which writes when the Text view opens, and `held-out.txt`, the end of Moby-Dick that it has not read:
 * `node tools/run.mjs demo/text/shipped/make-model.ts`.
 */
import { writeFileSync } from "node:fs";
import { Generator } from "webgpu-lstm";
import { kneserNeyBits } from "../../../tasks/characters/kneser-ney.ts";
import { chapters } from "../../../tasks/characters/moby-dick.ts";
import { characterTask } from "../../../tasks/characters/task.ts";
import { Writer } from "../../../tasks/characters/writer.ts";
import { openDevice } from "../../../tasks/terminal/program.ts";
import { EMBEDDING } from "../model/model.ts";
import { packModel } from "../model/saved.ts";
import { heldOutShare, type ModelSettings, STEPS_PER_REPORT } from "../settings.ts";
import { learningOf } from "../training/learning.ts";

const settings: ModelSettings = {
  cell: "GRU",
  hiddenSize: 64,
  numLayers: 1,
  length: 64,
  batchSize: 16,
  learningRate: 0.008,
  steps: 1600,
};
const SEED = 1;

/** The step whose model is kept; the learning rate is near zero from there on. */
const KEPT = 1500;

const write = (name: string, content: Uint8Array | string) => {
  writeFileSync(new URL(`./${name}`, import.meta.url), content);
  console.log(name, content.length);
};

const text = chapters.join("\n\n");
const task = characterTask(text, { heldOut: heldOutShare(text.length) });
write("held-out.txt", task.vocabulary.decode(task.heldOut));

const baselineBits = kneserNeyBits(task, task.vocabulary.size, 5);
const device = await openDevice();
console.log(device.describe());
const { model, trainer, oneCycle, loaders } = learningOf(device, task, settings, SEED);
const writer = await Writer.open(device, model, task.vocabulary);
const generator = new Generator(0);
let heldOutBits: number | undefined;
for await (const report of trainer.fit(loaders.train, {
  epochs: KEPT / STEPS_PER_REPORT,
  batchesPerEpoch: STEPS_PER_REPORT,
  validation: loaders.validation,
  schedule: oneCycle,
})) {
  heldOutBits = report.validationLoss! / Math.LN2;
  console.log(report.epoch * STEPS_PER_REPORT, report.loss / Math.LN2, heldOutBits, report.stepsPerSecond);
  if (report.epoch % 5 === 0)
    console.log(await writer.write("The whale ", { length: 150, temperature: 0.5, generator }));
}
const { cell, hiddenSize, numLayers } = settings;
const size = { cell, embeddingSize: EMBEDDING, hiddenSize, numLayers };
const about = { baselineBits, ...size, text: "Moby-Dick", steps: KEPT, heldOutBits };
const weights = await model.stateDict();
write("model.safetensors", packModel({ about, vocabulary: task.vocabulary, weights }));
writer.dispose();
await trainer.dispose();
model.dispose();
device.dispose();
