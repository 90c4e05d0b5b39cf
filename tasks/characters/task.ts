/** A text to learn from, and how well counting predicts it. */
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

/** Represents a character that the training part lacks: Unicode's replacement character. */
const UNKNOWN = "\uFFFD";

/** Splits `text` and holds out its last part; `heldOut` is the share. */
export function characterTask(text: string, options: { readonly heldOut?: number } = {}): CharacterTask {
  const { heldOut = 0.1 } = options;
  const characters = [...text];
  const at = Math.round(characters.length * (1 - heldOut));
  const train = characters.slice(0, at);
  const vocabulary = data.Vocabulary.fromTokens(train, { unknown: UNKNOWN });
  return { vocabulary, train: vocabulary.encode(train), heldOut: vocabulary.encode(characters.slice(at)) };
}

/** Counts characters and triples in the training part, and measures them on the held-out part. */
export function baselinesOf({ vocabulary, train, heldOut }: CharacterTask): Baselines {
  const bits = (order: number) =>
    data.NGramModel.fit(train, { order, classes: vocabulary.size }).bitsPerToken(heldOut, { from: 1 });
  return { unigram: bits(1), trigram: bits(3) };
}
