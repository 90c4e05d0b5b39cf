/** Trains a character model by truncated back-propagation through time: the state of one window is where the next one starts. */
import { type Device, data, Generator, manualSeed, nn, optim, type Result } from "webgpu-lstm";
import { CharacterModel, Writer } from "./model.ts";
import type { CharacterTask } from "./task.ts";

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
  /** Steps from one report to the next. */
  readonly reportEvery: number;
  readonly prompt: string;
  readonly temperature: number;
  /** Characters to write at each report. */
  readonly write: number;
}

/** Settings with which a minute or two on a processor shows what there is to see. */
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

/** How training stands after some steps. */
export interface CharacterReport {
  readonly step: number;
  /** Bits per character while training, the mean since the last report. */
  readonly trainBits: number;
  /** Bits per character of the held-out text. */
  readonly heldOutBits: number;
  /** What the model writes after the prompt. */
  readonly written: string;
  /** Training alone, since the last report. */
  readonly charactersPerSecond: number;
}

/** Trains, and reports every `reportEvery` steps and at the end; leaving the loop ends training. */
export async function* trainCharacters(
  device: Device,
  task: CharacterTask,
  settings: CharacterSettings,
): AsyncGenerator<CharacterReport, void, void> {
  const { batchSize, length, steps, reportEvery, prompt, temperature, write } = settings;
  manualSeed(settings.seed);
  const generator = new Generator(settings.seed);
  const model = new CharacterModel(task.vocabulary.size, settings);
  const train = new data.TextBatches(task.train, { batchSize, length, dropLast: true });
  const heldOut = new data.TextBatches(task.heldOut, { batchSize, length });
  const programs: { dispose(): void }[] = [];
  try {
    const trainer = await compileTraining(device, model, settings);
    programs.push(trainer);
    const judge = await compileJudge(device, model, settings);
    programs.push(judge);
    const writer = await Writer.open(device, model, task.vocabulary);
    programs.push(writer);

    const batches = endless(train);
    let h: Result | Float32Array = model.zeroState(batchSize);
    for (let step = 0; step < steps; ) {
      const until = Math.min(step + reportEvery, steps);
      const start = performance.now();
      const losses: Result[] = [];
      for (; step < until; step++) {
        const { x, y, begins } = batches.next().value;
        await trainer.ready();
        const results = trainer.run({ x, y, h: begins ? model.zeroState(batchSize) : h });
        h = results.h; // stays on the GPU; no gradient goes back into the run that it comes from
        losses.push(results.loss);
      }
      const trainBits = await meanBits(
        losses,
        losses.map(() => 1),
      );
      const seconds = (performance.now() - start) / 1000;
      if (!Number.isFinite(trainBits)) {
        throw new Error(`the loss is ${trainBits} after step ${step}: try a smaller learning rate`);
      }
      yield {
        step,
        trainBits,
        heldOutBits: await judge.bits(heldOut),
        written: await writer.write(prompt, { length: write, temperature, generator }),
        charactersPerSecond: (losses.length * batchSize * length) / seconds,
      };
    }
  } finally {
    for (const program of programs) program.dispose();
    model.dispose();
  }
}

function compileTraining(device: Device, model: CharacterModel, settings: CharacterSettings) {
  const { batchSize, length, learningRate, clip } = settings;
  const optimizer = new optim.Adam(model.parameters(), { lr: learningRate });
  const criterion = new nn.CrossEntropyLoss();
  return device.compile(
    ({ x, y, h }) => {
      const { logits, h: after } = model.forward(x, h); // [N, T, characters]
      const loss = criterion.forward(logits.transpose(1, 2), y);
      nn.utils.clipGradNorm_(model.parameters(), clip);
      return { loss, h: after };
    },
    {
      inputs: { x: [batchSize, length], y: [batchSize, length], h: model.stateShape(batchSize) },
      minimize: "loss",
      optimizer,
    },
  );
}

/** Measures a text, its state carried from window to window as in training. */
async function compileJudge(device: Device, model: CharacterModel, settings: CharacterSettings) {
  const { batchSize, length } = settings;
  const criterion = new nn.CrossEntropyLoss();
  const step = await device.compile(
    ({ x, y, h }) => {
      const { logits, h: after } = model.forward(x, h);
      return { loss: criterion.forward(logits.transpose(1, 2), y), h: after };
    },
    { inputs: { x: [batchSize, length], y: [batchSize, length], h: model.stateShape(batchSize) } },
  );
  return {
    async bits(batches: data.TextBatches): Promise<number> {
      const losses: Result[] = [];
      const weights: number[] = [];
      let h: Result | Float32Array = model.zeroState(batchSize);
      for (const { x, y } of batches) {
        await step.ready();
        const results = step.run({ x, y, h });
        h = results.h;
        losses.push(results.loss);
        weights.push(x.data.length);
      }
      return meanBits(losses, weights);
    },
    dispose: () => step.dispose(),
  };
}

/** The weighted mean of cross-entropies (natural logarithms) in bits. */
async function meanBits(losses: readonly Result[], weights: readonly number[]): Promise<number> {
  // The last one first: its read answers for all before it.
  const values = await Promise.all([...losses].reverse().map((loss) => loss.item()));
  values.reverse();
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return values.reduce((sum, value, i) => sum + value * weights[i]!, 0) / total / Math.LN2;
}

/** Epoch after epoch. */
function* endless(batches: data.TextBatches): Iterator<data.TextBatch, never> {
  for (;;) yield* batches;
}
