/**
 * An interpolated Kneser-Ney model (S. F. Chen and J. Goodman, "An empirical study of smoothing techniques for language modeling", 1999,
 * section 2.7): the strongest baseline by counting. For the longest context h, with c(h w) the occurrences and t(h) the distinct tokens
 * after h,
 *
 *     P(w | h) = (max(c(h w) − D, 0) + D · t(h) · P(w | h without its first token)) / Σ c(h w')
 *
 * For shorter contexts, c counts the distinct tokens before h w instead of the occurrences. Below the empty context every token has
 * probability 1 / classes. Each order has its own discount D, chosen on the end of the training part.
 */

/** The discounts that are tried. */
const DISCOUNTS = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);

/** The share of the training part that chooses the discounts, and its maximum in tokens. */
const VALIDATION = 0.1;
const MOST_VALIDATION = 20_000;

/** For each token after the first and each order: c(h w), Σ c(h w') and t(h). */
interface Evidence {
  readonly counts: Float64Array;
  readonly tokens: number;
}

export class KneserNey {
  readonly #order: number;
  readonly #classes: number;
  /** The n-grams as a tree: the number of an n-gram, by that of its beginning and its last token. 0 is the empty one. */
  readonly #children = new Map<number, number>();
  /** By number of an n-gram: its c, and as a context its sum of c and its t. */
  readonly #count = [0];
  readonly #sum = [0];
  readonly #distinct = [0];

  /** @param order Length of the longest n-gram. @param classes Number of possible tokens. */
  constructor(order: number, classes: number) {
    this.#order = order;
    this.#classes = classes;
  }

  /** Counts the tokens from number `from` on; those before are their context, and must have been counted. */
  add(ids: ArrayLike<number>, from = 0): void {
    this.#walk(ids, (at, contexts) => {
      const token = ids[at]!;
      const grams = contexts.map((context) => this.#child(context, token, at >= from));
      if (at >= from) this.#see(contexts, grams);
      return grams;
    });
  }

  /** Mean of −log2 P over the tokens after the first. @param discounts One for each order, from the empty context's on */
  bitsPerToken(ids: ArrayLike<number>, discounts: readonly number[]): number {
    return this.#bits(this.#evidence(ids), discounts);
  }

  /** The discounts that predict these tokens best, each chosen while the others stay, until none changes. */
  chooseDiscounts(ids: ArrayLike<number>): number[] {
    const evidence = this.#evidence(ids);
    const discounts = Array.from({ length: this.#order }, () => 0.75);
    let best = this.#bits(evidence, discounts);
    for (let better = true; better; ) {
      better = false;
      for (let n = this.#order - 1; n >= 0; n--) {
        for (const discount of DISCOUNTS) {
          const bits = this.#bits(evidence, discounts.with(n, discount));
          if (bits >= best) continue;
          best = bits;
          discounts[n] = discount;
          better = true;
        }
      }
    }
    return discounts;
  }

  #child(context: number, token: number, make: boolean): number {
    const key = context * this.#classes + token;
    let child = this.#children.get(key);
    if (child === undefined && make && context >= 0) {
      child = this.#count.push(0) - 1;
      this.#sum.push(0);
      this.#distinct.push(0);
      this.#children.set(key, child);
    }
    return child ?? -1;
  }

  /** Counts the longest n-gram; where one is new, it is one more token before the next shorter one. */
  #see(contexts: readonly number[], grams: readonly number[]): void {
    for (let n = grams.length - 1; n >= 0; n--) {
      const isNew = this.#count[grams[n]!]! === 0;
      this.#count[grams[n]!]!++;
      this.#sum[contexts[n]!]!++;
      if (!isNew) return;
      this.#distinct[contexts[n]!]!++;
    }
  }

  /**
   * Goes through the tokens with the contexts of each, from the empty one to the longest.
   * @param visit Returns the n-grams of the token, by the length of their contexts; −1 for one that is not in the tree.
   */
  #walk(ids: ArrayLike<number>, visit: (at: number, contexts: readonly number[]) => number[]): void {
    let contexts = [0];
    for (let at = 0; at < ids.length; at++) {
      const grams = visit(at, contexts);
      contexts = [0, ...grams.slice(0, this.#order - 1)];
    }
  }

  #evidence(ids: ArrayLike<number>): Evidence {
    const tokens = ids.length - 1;
    const counts = new Float64Array(3 * this.#order * tokens);
    this.#walk(ids, (at, contexts) => {
      const grams = contexts.map((context) => this.#child(context, ids[at]!, false));
      if (at === 0) return grams;
      for (const [n, context] of contexts.entries()) {
        const gram = grams[n]!;
        const here = 3 * ((at - 1) * this.#order + n);
        counts[here] = gram < 0 ? 0 : this.#count[gram]!;
        counts[here + 1] = context < 0 ? 0 : this.#sum[context]!;
        counts[here + 2] = context < 0 ? 0 : this.#distinct[context]!;
      }
      return grams;
    });
    return { counts, tokens };
  }

  #bits({ counts, tokens }: Evidence, discounts: readonly number[]): number {
    let bits = 0;
    for (let at = 0; at < tokens; at++) {
      let probability = 1 / this.#classes;
      for (let n = 0; n < this.#order; n++) {
        const here = 3 * (at * this.#order + n);
        const sum = counts[here + 1]!;
        // A context that never occurred says nothing, and no longer one has occurred either.
        if (sum === 0) break;
        const discount = discounts[n]!;
        probability =
          (Math.max(counts[here]! - discount, 0) + discount * counts[here + 2]! * probability) / sum;
      }
      bits -= Math.log2(probability);
    }
    return bits / tokens;
  }
}

/** Bits per held-out token, from its second one on, of a Kneser-Ney model that has counted the whole training part. */
export function kneserNeyBits(
  { train, heldOut }: { readonly train: Int32Array; readonly heldOut: Int32Array },
  classes: number,
  order: number,
): number {
  const validation = Math.max(2, Math.min(MOST_VALIDATION, Math.round(VALIDATION * train.length)));
  const at = train.length - validation;
  const model = new KneserNey(order, classes);
  model.add(train.subarray(0, at));
  const discounts = model.chooseDiscounts(train.subarray(at));
  const before = Math.max(0, at - order + 1);
  model.add(train.subarray(before), at - before);
  return model.bitsPerToken(heldOut, discounts);
}
