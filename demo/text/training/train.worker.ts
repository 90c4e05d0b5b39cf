/** The Text view's worker: the text, the model, its training, and its samples. */
import type { CharacterTask } from "../../../tasks/characters/task.ts";
import { serveRun } from "../../training/serve-run.ts";
import { mindActions } from "../model/mind.ts";
import { Thinker } from "../model/thinker.ts";
import { ONE_CYCLE, type TextConfig, type WritingSettings } from "../settings.ts";
import { type Baselines, baselinesOf } from "./baselines.ts";
import { learningOf, SEED, taskOf } from "./learning.ts";
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
  const task = await taskOf(source);
  const { model, trainer, oneCycle, loaders } = learningOf(device, task, settings, SEED);
  const { vocabulary, heldOut } = task;
  const thinker = await Thinker.open(device, model, vocabulary);
  const sampler = new Sampler(thinker, writing);
  let facts: Facts | undefined;
  return {
    trainer,
    loaders,
    schedules: { [ONE_CYCLE]: oneCycle },
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
