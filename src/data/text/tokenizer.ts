import { show } from "../../checks.ts";
import { DataError, OptionError } from "../../errors.ts";

/**
 * How a text becomes tokens. Characters are Unicode code points, so an emoji is one token and not two halves. Words are the
 * segments of `Intl.Segmenter`, spaces and punctuation included, so joining them restores the text. With a
 * regular expression the tokens are its matches, and text between matches is lost.
 */
export type Split = "characters" | "words" | RegExp;

/** {@link Split} and its settings, as plain JSON. */
export type TokenizerJSON =
  | { readonly split: "characters" }
  | { readonly split: "words"; readonly locale: string }
  | { readonly split: "pattern"; readonly source: string; readonly flags: string };

/** Cuts texts into tokens, and defines the separator for joining them. */
export interface Tokenizer {
  tokens(text: string): Iterable<string>;
  readonly separator: string;
  toJSON(): TokenizerJSON;
}

/** @param locale of the word rules, a BCP 47 tag such as "en" */
export function tokenizer(where: string, split: Split, locale: string): Tokenizer {
  if (split === "characters") {
    // Iterating a string yields code points.
    return { tokens: (text) => text, separator: "", toJSON: () => ({ split: "characters" }) };
  }
  if (split === "words") return wordTokenizer(where, locale);
  if (split instanceof RegExp) return patternTokenizer(split);
  throw new OptionError(
    `${where}: split must be "characters", "words" or a RegExp of a token, got ${show(split)}`,
  );
}

/** Restores a tokenizer from `toJSON`. */
export function tokenizerFromJSON(where: string, json: TokenizerJSON): Tokenizer {
  const { split, locale, source, flags } = (json ?? {}) as unknown as Record<string, unknown>;
  if (split === "characters") return tokenizer(where, split, "en");
  if (split === "words" && typeof locale === "string") return tokenizer(where, split, locale);
  if (split === "pattern" && typeof source === "string" && typeof flags === "string") {
    try {
      return patternTokenizer(new RegExp(source, flags));
    } catch (cause) {
      throw new DataError(`${where}: the pattern ${show(source)} with flags ${show(flags)} is not a RegExp`, {
        cause,
      });
    }
  }
  throw new DataError(`${where}: tokenizer must be what toJSON() wrote, got ${show(json)}`);
}

function wordTokenizer(where: string, locale: string): Tokenizer {
  if (typeof Intl !== "object" || !("Segmenter" in Intl)) {
    throw new OptionError(
      `${where}: split "words" needs Intl.Segmenter, which is not here; pass a RegExp of a token instead`,
    );
  }
  let segmenter: Intl.Segmenter;
  try {
    segmenter = new Intl.Segmenter(locale, { granularity: "word" });
  } catch (cause) {
    throw new OptionError(`${where}: locale must be a language tag such as "en", got ${show(locale)}`, {
      cause,
    });
  }
  return {
    *tokens(text) {
      for (const { segment } of segmenter.segment(text)) yield segment;
    },
    separator: "",
    toJSON: () => ({ split: "words", locale }),
  };
}

function patternTokenizer({ source, flags }: RegExp): Tokenizer {
  // A copy: matchAll needs the flag g, and nobody else changes this one's lastIndex.
  const pattern = new RegExp(source, flags.includes("g") ? flags : `${flags}g`);
  return {
    *tokens(text) {
      for (const [token] of text.matchAll(pattern)) if (token !== "") yield token;
    },
    separator: " ",
    toJSON: () => ({ split: "pattern", source, flags: pattern.flags }),
  };
}
