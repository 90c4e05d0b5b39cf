/** How well counting predicts a text, which a model should beat. */
import { data } from "webgpu-lstm";
import { kneserNeyBits } from "../../../tasks/characters/kneser-ney.ts";
import type { CharacterTask } from "../../../tasks/characters/task.ts";

/** Bits per held-out character, from the second one on. */
export interface Baselines {
  readonly unigram: number;
  readonly bigram: number;
  readonly trigram: number;
  readonly fiveGram: number;
}

/** The baselines' names in texts. */
export const BASELINE_NAMES: Readonly<Record<keyof Baselines, string>> = {
  unigram: "unigram",
  bigram: "bigram",
  trigram: "trigram",
  fiveGram: "5-gram",
};

/** Counts in the training part, and measures on the held-out part. */
export function baselinesOf(task: CharacterTask): Baselines {
  const { vocabulary, train, heldOut } = task;
  const classes = vocabulary.size;
  const bits = (order: number) =>
    data.NGramModel.fit(train, { order, classes }).bitsPerToken(heldOut, { from: 1 });
  return { unigram: bits(1), bigram: bits(2), trigram: bits(3), fiveGram: kneserNeyBits(task, classes, 5) };
}

/** The lowest of the baselines. */
export function bestOf(baselines: Baselines): { readonly name: string; readonly bits: number } {
  const names = Object.keys(baselines) as (keyof Baselines)[];
  const best = names.reduce((best, name) => (baselines[name] < baselines[best] ? name : best));
  return { name: BASELINE_NAMES[best], bits: baselines[best] };
}
