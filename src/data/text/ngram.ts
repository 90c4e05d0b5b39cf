import { checkInteger, checkOptions } from "../../checks.ts";
import { DataError, OptionError } from "../../errors.ts";
import { checkIds } from "./batches.ts";

/** Options of {@link NGramModel.fit}. */
export interface NGramOptions {
  /** Length of an n-gram in tokens: 1 uses no context, 3 (a trigram) two tokens. */
  readonly order: number;
  /** Number of possible tokens: `vocabulary.size`. */
  readonly classes: number;
}

/** How many tokens followed a context, and how many distinct ones. */
interface Context {
  count: number;
  distinct: number;
}

/**
 * An n-gram language model: predicts a token from the few before it by counting. A baseline for recurrent models.
 *
 * Orders are interpolated by method C of I. H. Witten and T. C. Bell, "The zero-frequency problem", IEEE Transactions on
 * Information Theory 37(4), 1991. For a context h followed c(h) times, by t(h) distinct tokens, its own counts have
 * weight c(h) / (c(h) + t(h)), the next shorter context the rest:
 *
 *     P(w | h) = (c(h, w) + t(h) · P(w | h without its first token)) / (c(h) + t(h))
 *
 * Below the empty context every token has probability 1 / classes. There is nothing to tune, every probability is above 0,
 * and those of one context sum to 1.
 *
 * @example
 * const trigram = data.NGramModel.fit(ids, { order: 3, classes: vocabulary.size });
 * trigram.bitsPerToken(heldOut); // bits per character
 */
export class NGramModel {
  /** The n: a token and the n − 1 before it. */
  readonly order: number;
  /** The number of different tokens. */
  readonly classes: number;
  /** By context length: occurrences of context and token, and of the context. Keys are digits in base `classes`. */
  readonly #grams: readonly Map<number, number>[];
  readonly #contexts: readonly Map<number, Context>[];

  private constructor(ids: ArrayLike<number>, order: number, classes: number) {
    if (classes === undefined) throw new OptionError("NGramModel: NGramModel.fit(ids, options) gives one");
    this.order = order;
    this.classes = classes;
    this.#grams = Array.from({ length: order }, () => new Map<number, number>());
    this.#contexts = Array.from({ length: order }, () => new Map<number, Context>());
    for (let i = 0; i < ids.length; i++) {
      for (let length = 0; length < Math.min(order, i + 1); length++) {
        const key = this.#key(ids, i, length);
        const contexts = this.#contexts[length]!;
        const context = contexts.get(key) ?? { count: 0, distinct: 0 };
        const grams = this.#grams[length]!;
        const gram = key * classes + ids[i]!;
        const seen = grams.get(gram) ?? 0;
        grams.set(gram, seen + 1);
        context.count++;
        if (seen === 0) context.distinct++;
        contexts.set(key, context);
      }
    }
  }

  /**
   * Counts the n-grams of a sequence. Use the training part alone.
   * @throws DataError for an empty sequence, or an index of `classes` or more
   */
  static fit(ids: ArrayLike<number>, options: NGramOptions, ...more: never[]): NGramModel {
    const where = "NGramModel.fit";
    checkOptions(where, options, ["order", "classes"], more);
    const { order, classes } = options;
    checkInteger(where, "order", order);
    checkInteger(where, "classes", classes);
    if (classes ** order > Number.MAX_SAFE_INTEGER) {
      throw new OptionError(
        `${where}: order ${order} of ${classes} classes has more n-grams than can be told apart (2^53); use a lower order`,
      );
    }
    checkIds(where, ids, classes);
    if (ids.length === 0) throw new DataError(`${where}: the sequence is empty`);
    return new NGramModel(ids, order, classes);
  }

  /**
   * Probability of each token after `context`; at most its last `order - 1` tokens count.
   * @returns [classes], summing to 1
   */
  distribution(context: ArrayLike<number>): Float64Array {
    checkIds("NGramModel.distribution", context, this.classes);
    const sequence = [...Array.from(context), 0];
    const at = sequence.length - 1;
    return Float64Array.from({ length: this.classes }, (_, token) => {
      sequence[at] = token;
      return this.#probability(sequence, at);
    });
  }

  /**
   * Mean of −log2 P over the tokens of a sequence, each given those before it; for character tokens, bits per character.
   * @param options `from`: the first token that counts (default 0); earlier tokens are context only. With 1, the tokens that
   * count are the targets of {@link TextBatches}.
   * @throws DataError when no token counts
   */
  bitsPerToken(ids: ArrayLike<number>, options: { readonly from?: number } = {}): number {
    const where = "NGramModel.bitsPerToken";
    checkOptions(where, options, ["from"]);
    const { from = 0 } = options;
    checkInteger(where, "from", from, 0);
    checkIds(where, ids, this.classes);
    if (ids.length <= from) {
      throw new DataError(`${where}: there must be a token from ${from} on, got a sequence of ${ids.length}`);
    }
    let bits = 0;
    for (let i = from; i < ids.length; i++) bits -= Math.log2(this.#probability(ids, i));
    return bits / (ids.length - from);
  }

  /** P of token `ids[at]` given those before it. */
  #probability(ids: ArrayLike<number>, at: number): number {
    let probability = 1 / this.classes;
    for (let length = 0; length < Math.min(this.order, at + 1); length++) {
      const key = this.#key(ids, at, length);
      const context = this.#contexts[length]!.get(key);
      if (!context) break; // then a longer context never occurred either
      const { count, distinct } = context;
      const seen = this.#grams[length]!.get(key * this.classes + ids[at]!) ?? 0;
      probability = (seen + distinct * probability) / (count + distinct);
    }
    return probability;
  }

  /** The `length` tokens before `at` as one number. */
  #key(ids: ArrayLike<number>, at: number, length: number): number {
    let key = 0;
    for (let i = at - length; i < at; i++) key = key * this.classes + ids[i]!;
    return key;
  }
}
