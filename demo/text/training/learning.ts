/**
 * How a character model learns: Adam on truncated back-propagation through time, with the state carried from window to window, and a
 * learning rate that rises in the first tenth of the steps and then falls to nearly zero (Smith & Topin, 2019).
 */
import { type Device, data, manualSeed, nn, optim, Trainer } from "webgpu-lstm";
import { type CharacterTask, characterTask } from "../../../tasks/characters/task.ts";
import { TextModel } from "../model/model.ts";
import { characterCount, heldOutShare, type ModelSettings, type Source } from "../settings.ts";

/** The seed of the view's runs, so that the same settings give the same curve. */
export const SEED = 0;

/** The share of the steps in which the learning rate rises. */
const RISING = 0.1;

/** A text split in two. */
export async function taskOf(source: Source): Promise<CharacterTask> {
  const text = await textOf(source);
  return characterTask(text, { heldOut: heldOutShare(characterCount(text)) });
}

async function textOf(source: Source): Promise<string> {
  if (source.kind === "own") return source.text.replaceAll("\r\n", "\n");
  // Loaded only when needed: it is over a megabyte.
  const { chapters } = await import("../../../tasks/characters/moby-dick.ts");
  return chapters.slice(source.from - 1, source.to).join("\n\n");
}

/** A new model with its trainer, schedule and data. */
export function learningOf(device: Device, task: CharacterTask, settings: ModelSettings, seed: number) {
  const { batchSize, length, learningRate, steps } = settings;
  const { train, heldOut, vocabulary } = task;
  manualSeed(seed);
  const model = new TextModel(vocabulary.size, settings);
  const optimizer = new optim.Adam(model.parameters(), { lr: learningRate });
  const criterion = new nn.CrossEntropyLoss();
  return {
    model,
    trainer: new Trainer(device, model, {
      // Logits are [N, T, characters]; the loss has the classes in dimension 1, as in PyTorch.
      loss: { forward: (logits, y) => criterion.forward(logits.transpose(1, 2), y) },
      optimizer,
      clipGradNorm: 1,
      carryState: true,
    }),
    oneCycle: new optim.lrScheduler.OneCycleLR(optimizer, learningRate, {
      totalSteps: steps,
      pctStart: RISING,
      cycleMomentum: false,
    }),
    loaders: {
      train: new data.TextBatches(train, { batchSize, length, dropLast: true }),
      validation: new data.TextBatches(heldOut, { batchSize, length }),
    },
  };
}
