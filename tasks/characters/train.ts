/** Trains a character model by truncated back-propagation through time: each window starts from the state of the last one. */
import { type Device, data, Generator, manualSeed, nn, optim, Trainer } from "webgpu-lstm";
import { CharacterModel } from "./model.ts";
import type { CharacterTask } from "./task.ts";
import { Writer } from "./writer.ts";

/** Settings of {@link trainCharacters}. */
export interface CharacterSettings {
  readonly embedding: number;
  readonly hidden: number;
  readonly layers: number;
  /** Tracks of the text that are read side by side. */
  readonly batchSize: number;
  /** Characters that gradients go back. */
  readonly length: number;
  readonly steps: number;
  readonly learningRate: number;
  /** Largest norm of the gradients. */
  readonly clip: number;
  readonly seed: number;
  /** Steps between two reports. */
  readonly reportEvery: number;
  readonly prompt: string;
  readonly temperature: number;
  /** Characters to write at each report. */
  readonly write: number;
}

/** Settings with which the model writes words after a minute or two on a CPU. */
export const DEFAULTS: CharacterSettings = {
  embedding: 32,
  hidden: 64,
  layers: 1,
  batchSize: 16,
  length: 32,
  steps: 600,
  learningRate: 0.01,
  clip: 1,
  seed: 0,
  reportEvery: 100,
  prompt: "The whale ",
  temperature: 0.7,
  write: 120,
};

/** The state of training after some steps. */
export interface CharacterReport {
  readonly step: number;
  /** Bits per character in training: the mean since the last report. */
  readonly trainBits: number;
  /** Bits per character of the held-out text. */
  readonly heldOutBits: number;
  /** What the model writes after the prompt. */
  readonly written: string;
  /** The speed of training since the last report, without writing. */
  readonly charactersPerSecond: number;
}

/**
 * Trains, and reports every `reportEvery` steps; leaving the loop ends training. The number of steps is rounded up to whole reports.
 */
export async function* trainCharacters(
  device: Device,
  task: CharacterTask,
  settings: CharacterSettings,
): AsyncGenerator<CharacterReport, void, void> {
  const { batchSize, length, steps, learningRate, clip, prompt, temperature, write } = settings;
  manualSeed(settings.seed);
  const generator = new Generator(settings.seed);
  const model = new CharacterModel(task.vocabulary.size, settings);
  const train = new data.TextBatches(task.train, { batchSize, length, dropLast: true });
  const validation = new data.TextBatches(task.heldOut, { batchSize, length });
  const criterion = new nn.CrossEntropyLoss();
  const trainer = new Trainer(device, model, {
    // Logits are [N, T, characters]; the loss has the classes in dimension 1, as in PyTorch.
    loss: { forward: (logits, y) => criterion.forward(logits.transpose(1, 2), y) },
    optimizer: new optim.Adam(model.parameters(), { lr: learningRate }),
    clipGradNorm: clip,
    carryState: true,
  });
  const batchesPerEpoch = Math.min(settings.reportEvery, steps);
  const epochs = Math.ceil(steps / batchesPerEpoch);
  let writer: Writer | undefined;
  try {
    writer = await Writer.open(device, model, task.vocabulary);
    for await (const report of trainer.fit(train, { epochs, batchesPerEpoch, validation })) {
      const { epoch, loss, validationLoss, stepsPerSecond } = report;
      yield {
        step: epoch * batchesPerEpoch,
        // From nats to bits.
        trainBits: loss / Math.LN2,
        heldOutBits: validationLoss! / Math.LN2,
        written: await writer.write(prompt, { length: write, temperature, generator }),
        charactersPerSecond: stepsPerSecond * batchSize * length,
      };
    }
  } finally {
    writer?.dispose();
    await trainer.dispose();
    model.dispose();
  }
}
