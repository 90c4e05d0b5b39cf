/**
 * Makes `model.safetensors`, which writes when the Text view opens, and `held-out.txt`, the end of Moby-Dick that it has not read:
 * `node tools/run.mjs demo/text/shipped/make-model.ts`.
 */
import { writeFileSync } from "node:fs";
import { data, Generator, manualSeed, nn, optim, Trainer } from "webgpu-lstm";
import { kneserNeyBits } from "../../../tasks/characters/kneser-ney.ts";
import { chapters } from "../../../tasks/characters/moby-dick.ts";
import { characterTask } from "../../../tasks/characters/task.ts";
import { Writer } from "../../../tasks/characters/writer.ts";
import { openDevice } from "../../../tasks/terminal/program.ts";
import { EMBEDDING, TextModel } from "../model/model.ts";
import { packModel } from "../model/saved.ts";
import { heldOutShare, type ModelSettings } from "../settings.ts";

const settings: ModelSettings = {
  cell: "GRU",
  hiddenSize: 64,
  numLayers: 1,
  length: 64,
  batchSize: 16,
  learningRate: 0.008,
  steps: 1600,
};
const STEPS_PER_EPOCH = 50;

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
const { batchSize, length, steps, learningRate } = settings;
manualSeed(1);
const device = await openDevice();
console.log(device.describe());
const model = new TextModel(task.vocabulary.size, settings);
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters(), { lr: learningRate });
const trainer = new Trainer(device, model, {
  loss: { forward: (logits, y) => criterion.forward(logits.transpose(1, 2), y) },
  optimizer,
  clipGradNorm: 1,
  carryState: true,
});
const train = new data.TextBatches(task.train, { batchSize, length, dropLast: true });
const validation = new data.TextBatches(task.heldOut, { batchSize, length });
const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, learningRate, {
  totalSteps: steps,
  pctStart: 0.1,
  cycleMomentum: false,
});
const writer = await Writer.open(device, model, task.vocabulary);
const generator = new Generator(0);
let heldOutBits: number | undefined;
for await (const report of trainer.fit(train, {
  epochs: KEPT / STEPS_PER_EPOCH,
  batchesPerEpoch: STEPS_PER_EPOCH,
  validation,
  schedule: scheduler,
})) {
  heldOutBits = report.validationLoss! / Math.LN2;
  console.log(report.epoch * STEPS_PER_EPOCH, report.loss / Math.LN2, heldOutBits, report.stepsPerSecond);
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
