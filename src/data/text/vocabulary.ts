import { checkInteger, checkOptions, show } from "../../checks.ts";
import { DataError, OptionError } from "../../errors.ts";
import { type Split, type Tokenizer, type TokenizerJSON, tokenizer, tokenizerFromJSON } from "./tokenizer.ts";

/** Options of {@link Vocabulary.fromText} and {@link Vocabulary.fromTokens}. */
export interface VocabularyOptions {
  /** How a text becomes tokens (default "characters"). */
  readonly split?: Split;
  /** Language of `split: "words"`, a BCP 47 tag (default "en"). */
  readonly locale?: string;
  /** Drops tokens that occur less often (default 1: none). */
  readonly minFrequency?: number;
  /** Maximum number of tokens, including `padding` and `unknown`; keeps the most frequent ones (default: no limit). */
  readonly maxSize?: number;
  /** A token that replaces every dropped or new token, such as "<unk>"; without it those throw. */
  readonly unknown?: string;
  /** A token that pads short sequences, such as "<pad>"; it gets index 0. */
  readonly padding?: string;
}

/** What {@link Vocabulary.toJSON} writes. */
export interface VocabularyJSON {
  /** Which class it restores. */
  readonly type: "Vocabulary";
  /** Tokens by index. */
  readonly tokens: readonly string[];
  /** How texts are cut into tokens. */
  readonly tokenizer: TokenizerJSON;
  /** The token for all that are not known; `null` for none. */
  readonly unknown: string | null;
  /** The token that fills short texts; `null` for none. */
  readonly padding: string | null;
}

/**
 * Tokens (characters or words) and their indices: converts text for an embedding.
 *
 * Indices are those of torchtext's `build_vocab_from_iterator` with special tokens first
 * (https://docs.pytorch.org/text/stable/vocab.html): `padding`, `unknown`, then the tokens by falling frequency, ties by code
 * point.
 *
 * @example
 * const vocabulary = data.Vocabulary.fromText(text, { unknown: "\uFFFD" });
 * const ids = vocabulary.encode("Call me Ishmael.");  // Int32Array(16)
 * vocabulary.decode(ids);                             // "Call me Ishmael."
 */
export class Vocabulary {
  /** Every token by its index. */
  readonly tokens: readonly string[];
  /** The token that replaces unknown ones, if there is one. */
  readonly unknown: string | null;
  /** The token that pads short sequences, if there is one. Its index is 0. */
  readonly padding: string | null;
  readonly #tokenizer: Tokenizer;
  readonly #indices: ReadonlyMap<string, number>;

  private constructor(
    tokens: readonly string[],
    tokenizer: Tokenizer,
    unknown: string | null,
    padding: string | null,
  ) {
    if (padding === undefined) {
      throw new OptionError(
        "Vocabulary: Vocabulary.fromText(text) or Vocabulary.fromTokens(tokens) gives one",
      );
    }
    this.tokens = tokens;
    this.#tokenizer = tokenizer;
    this.unknown = unknown;
    this.padding = padding;
    this.#indices = new Map(tokens.map((token, index) => [token, index]));
  }

  /**
   * Builds a vocabulary from one or several texts. Use the training part alone: new tokens in the rest are then as unknown as in use.
   * @throws DataError when no token remains
   */
  static fromText(
    text: string | Iterable<string>,
    options: VocabularyOptions = {},
    ...more: never[]
  ): Vocabulary {
    const where = "Vocabulary.fromText";
    const settings = checkVocabularyOptions(where, options, more);
    const texts = typeof text === "string" ? [text] : strings(where, "text", text);
    return Vocabulary.#build(where, tokensOf(texts, settings.tokenizer), settings);
  }

  /** Builds a vocabulary from tokens. `split` still defines how {@link encode} cuts a string. */
  static fromTokens(tokens: Iterable<string>, options: VocabularyOptions = {}, ...more: never[]): Vocabulary {
    const where = "Vocabulary.fromTokens";
    const settings = checkVocabularyOptions(where, options, more);
    return Vocabulary.#build(where, strings(where, "tokens", tokens), settings);
  }

  /** Restores a vocabulary from {@link toJSON}. */
  static fromJSON(json: VocabularyJSON): Vocabulary {
    const where = "Vocabulary.fromJSON";
    const { type, tokens, unknown = null, padding = null } = (json ?? {}) as Partial<VocabularyJSON>;
    if (type !== "Vocabulary" || !Array.isArray(tokens)) {
      throw new DataError(`${where}: wants an object with type "Vocabulary" and tokens, got ${show(json)}`);
    }
    const list = [...strings(where, "tokens", tokens)];
    if (new Set(list).size !== list.length) throw new DataError(`${where}: a token occurs twice`);
    for (const [name, token] of Object.entries({ unknown, padding })) {
      if (token === null || list.includes(token)) continue;
      throw new DataError(`${where}: ${name} must be one of the tokens or null, got ${show(token)}`);
    }
    return new Vocabulary(list, tokenizerFromJSON(where, json.tokenizer), unknown, padding);
  }

  static #build(where: string, tokens: Iterable<string>, settings: Settings): Vocabulary {
    const { minFrequency, maxSize, unknown, padding, tokenizer } = settings;
    const counts = new Map<string, number>();
    for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
    const special = [padding, unknown].filter((token) => token !== null);
    for (const token of special) counts.delete(token);
    const kept = [...counts]
      .filter(([, count]) => count >= minFrequency)
      .sort(([a, m], [b, n]) => n - m || compareCodePoints(a, b))
      .slice(0, maxSize - special.length)
      .map(([token]) => token);
    if (kept.length === 0) {
      throw new DataError(
        `${where}: no token is left; the text has ${counts.size} different ones, minFrequency is ${minFrequency}`,
      );
    }
    return new Vocabulary([...special, ...kept], tokenizer, unknown, padding);
  }

  /** Number of tokens: the embedding's rows, and the classes of a language model. */
  get size(): number {
    return this.tokens.length;
  }

  /**
   * The index of a token, or of the unknown token if the vocabulary lacks it.
   * @throws DataError if the vocabulary lacks it and has no unknown token
   */
  indexOf(token: string): number {
    return this.#index("Vocabulary.indexOf", token);
  }

  /** Whether a token has an index of its own. */
  has(token: string): boolean {
    return this.#indices.has(token);
  }

  /**
   * The indices of a text's tokens, or of given tokens.
   * @throws DataError for a token outside the vocabulary, if there is no unknown token
   */
  encode(text: string | Iterable<string>): Int32Array {
    const where = "Vocabulary.encode";
    const tokens = typeof text === "string" ? this.#tokenizer.tokens(text) : strings(where, "text", text);
    return Int32Array.from(tokens, (token, i) => this.#index(where, token, i));
  }

  /**
   * Converts indices to text. Padding is dropped; the unknown token appears under its own name.
   * @throws DataError for a value that is not an index
   */
  decode(indices: ArrayLike<number>): string {
    const where = "Vocabulary.decode";
    if (typeof indices !== "object" || indices === null || !Number.isInteger(indices.length)) {
      throw new OptionError(`${where}: expected an array of indices, got ${show(indices)}`);
    }
    const tokens: string[] = [];
    for (let i = 0; i < indices.length; i++) {
      const token = this.tokens[indices[i]!];
      if (token === undefined) {
        throw new DataError(
          `${where}: indices must be from 0 to ${this.size - 1}, got ${indices[i]} at ${i}`,
        );
      }
      if (token !== this.padding) tokens.push(token);
    }
    return tokens.join(this.#tokenizer.separator);
  }

  /** What {@link Vocabulary.fromJSON} restores it from: plain JSON. */
  toJSON(): VocabularyJSON {
    const { tokens, unknown, padding } = this;
    return { type: "Vocabulary", tokens, tokenizer: this.#tokenizer.toJSON(), unknown, padding };
  }

  #index(where: string, token: string, at?: number): number {
    const index =
      this.#indices.get(token) ?? (this.unknown === null ? undefined : this.#indices.get(this.unknown));
    if (index !== undefined) return index;
    const place = at === undefined ? "" : ` at ${at}`;
    throw new DataError(
      `${where}: ${show(token)}${place} is not among the ${this.size} tokens; build the vocabulary with an unknown token`,
    );
  }
}

type Settings = ReturnType<typeof checkVocabularyOptions>;

function checkVocabularyOptions(where: string, options: VocabularyOptions, more: readonly never[]) {
  const known = ["split", "locale", "minFrequency", "maxSize", "unknown", "padding"];
  checkOptions(where, options, known, more);
  const {
    split = "characters",
    locale = "en",
    minFrequency = 1,
    maxSize = Number.POSITIVE_INFINITY,
    unknown = null,
    padding = null,
  } = options;
  checkInteger(where, "minFrequency", minFrequency);
  for (const [name, token] of Object.entries({ unknown, padding })) {
    if (token !== null && (typeof token !== "string" || token === "")) {
      throw new OptionError(
        `${where}: ${name} must be a token, a string that is not empty, got ${show(token)}`,
      );
    }
  }
  if (unknown !== null && unknown === padding) {
    throw new OptionError(
      `${where}: unknown and padding must be different tokens, got ${show(unknown)} twice`,
    );
  }
  if (maxSize !== Number.POSITIVE_INFINITY) {
    const special = Number(unknown !== null) + Number(padding !== null);
    checkInteger(where, "maxSize", maxSize, special + 1);
  }
  return { tokenizer: tokenizer(where, split, locale), minFrequency, maxSize, unknown, padding };
}

function* tokensOf(texts: Iterable<string>, { tokens }: Tokenizer): Iterable<string> {
  for (const text of texts) yield* tokens(text);
}

/** Yields the strings of a list, checking each. */
function* strings(where: string, name: string, list: Iterable<unknown>): Iterable<string> {
  if (typeof list?.[Symbol.iterator] !== "function") {
    throw new OptionError(`${where}: ${name} must be a string or a list of strings, got ${show(list)}`);
  }
  let at = 0;
  for (const item of list) {
    if (typeof item !== "string") {
      throw new OptionError(`${where}: ${name} must be a list of strings, got ${show(item)} at index ${at}`);
    }
    at++;
    yield item;
  }
}

/** Compares strings by code point, as Python does; JavaScript's `<` differs beyond the basic plane. */
function compareCodePoints(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
