/** What there is to learn from a text, and what counting alone gets out of it. */
import { data } from "webgpu-lstm";

/** A text split in two, as indices of its characters. */
export interface CharacterTask {
  readonly vocabulary: data.Vocabulary;
  readonly train: Int32Array;
  /** The end of the text, which training never sees. */
  readonly heldOut: Int32Array;
}

/** Bits per character of the held-out text, from its second character on. */
export interface Baselines {
  readonly unigram: number;
  readonly trigram: number;
}

/** Stands for a character that the training part does not have: Unicode's replacement character. */
const UNKNOWN = "\uFFFD";

/** Splits `text`: the last `heldOut` of it (a share) is held out. */
export function characterTask(text: string, options: { readonly heldOut?: number } = {}): CharacterTask {
  const { heldOut = 0.1 } = options;
  const characters = [...text];
  const at = Math.round(characters.length * (1 - heldOut));
  const train = characters.slice(0, at);
  const vocabulary = data.Vocabulary.fromTokens(train, { unknown: UNKNOWN });
  return { vocabulary, train: vocabulary.encode(train), heldOut: vocabulary.encode(characters.slice(at)) };
}

/** Counts the training part and measures on the held-out one. */
export function baselinesOf({ vocabulary, train, heldOut }: CharacterTask): Baselines {
  const bits = (order: number) =>
    data.NGramModel.fit(train, { order, classes: vocabulary.size }).bitsPerToken(heldOut, { from: 1 });
  return { unigram: bits(1), trigram: bits(3) };
}
