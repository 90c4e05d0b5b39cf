/** The Text view's worker: the text, the model, its training, and its samples. */
import { data, manualSeed, nn, optim, Trainer } from "webgpu-lstm";
import { type CharacterTask, characterTask } from "../../../tasks/characters/task.ts";
import { serveRun } from "../../training/serve-run.ts";
import { mindActions } from "../model/mind.ts";
import { TextModel } from "../model/model.ts";
import { Thinker } from "../model/thinker.ts";
import {
  characterCount,
  heldOutShare,
  type ModelSettings,
  type Source,
  type TextConfig,
  type WritingSettings,
} from "../settings.ts";
import { type Baselines, baselinesOf } from "./baselines.ts";
import { type NewSamples, Sampler } from "./sampler.ts";

/** Facts about the text. */
export interface Facts {
  /** The number of training characters, held-out characters, and different characters. */
  readonly train: number;
  readonly heldOut: number;
  readonly vocabulary: number;
  /** Bits per held-out character of models that count. */
  readonly baselines: Baselines;
}

serveRun<TextConfig>(async (device, { source, settings, writing }) => {
  const text = await textOf(source);
  const task = characterTask(text, { heldOut: heldOutShare(characterCount(text)) });
  manualSeed(0);
  const model = new TextModel(task.vocabulary.size, settings);
  const criterion = new nn.CrossEntropyLoss();
  const trainer = new Trainer(device, model, {
    // Logits are [N, T, characters]; the loss has the classes in dimension 1, as in PyTorch.
    loss: { forward: (logits, y) => criterion.forward(logits.transpose(1, 2), y) },
    optimizer: new optim.Adam(model.parameters(), { lr: settings.learningRate }),
    clipGradNorm: 1,
    carryState: true,
  });
  const { vocabulary, heldOut } = task;
  const thinker = await Thinker.open(device, model, vocabulary);
  const sampler = new Sampler(thinker, writing);
  let facts: Facts | undefined;
  return {
    trainer,
    loaders: loadersOf(task, settings),
    callbacks: { samples: sampler },
    actions: {
      ...mindActions({ device, model, vocabulary, thinker, heldOut, steps: () => sampler.step }),
      facts: () => {
        facts ??= factsOf(task);
        return facts;
      },
      samples: (first: number): NewSamples => ({ samples: sampler.samples(first), thought: sampler.thought }),
      adjust: (changed: WritingSettings) => {
        sampler.settings = changed;
      },
      write: (now: WritingSettings) => sampler.ask(now),
      hush: () => sampler.hush(),
    },
  };
});

async function textOf(source: Source): Promise<string> {
  if (source.kind === "own") return source.text.replaceAll("\r\n", "\n");
  // Loaded only when needed: it is over a megabyte.
  const { chapters } = await import("../../../tasks/characters/moby-dick.ts");
  return chapters.slice(source.from - 1, source.to).join("\n\n");
}

function loadersOf({ train, heldOut }: CharacterTask, { batchSize, length }: ModelSettings) {
  return {
    train: new data.TextBatches(train, { batchSize, length, dropLast: true }),
    validation: new data.TextBatches(heldOut, { batchSize, length }),
  };
}

function factsOf(task: CharacterTask): Facts {
  const { train, heldOut, vocabulary } = task;
  return {
    train: train.length,
    heldOut: heldOut.length,
    // Without the token for unknown characters.
    vocabulary: vocabulary.size - 1,
    baselines: baselinesOf(task),
  };
}
