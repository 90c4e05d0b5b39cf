/** What a unit fires on: the places of a text where its shade is strongest, and the characters that it answers to. */

/** A place in the text. */
export interface Passage {
  readonly characters: readonly string[];
  /** The unit's shade after each of them. */
  readonly shades: readonly number[];
  /** The number of the character where it fires. */
  readonly at: number;
}

/** What follows one character. */
export interface AnswerTo {
  readonly character: string;
  /** The mean shade after it. */
  readonly mean: number;
}

export interface Firing {
  /** Where the shade is highest, and lowest; strongest first. */
  readonly high: readonly Passage[];
  readonly low: readonly Passage[];
  /** By falling mean. */
  readonly answers: readonly AnswerTo[];
}

/** Characters before and after the place, and between two places. */
const BEFORE = 32;
const AFTER = 12;
const APART = 60;

/** Passages of each sign. */
const PASSAGES = 4;

/** Minimum number of occurrences for a mean. */
const OFTEN = 12;

/**
 * @param characters The text
 * @param shades The unit's shade after each character; NaN where it is not known
 */
export function firingOf(characters: readonly string[], shades: ArrayLike<number>): Firing {
  return {
    high: passages(characters, shades, 1),
    low: passages(characters, shades, -1),
    answers: answersOf(characters, shades),
  };
}

function passages(characters: readonly string[], shades: ArrayLike<number>, sign: 1 | -1): Passage[] {
  const strength = (at: number) => sign * shades[at]!;
  const order = [...characters.keys()]
    .filter((at) => strength(at) > 0)
    .sort((a, b) => strength(b) - strength(a) || a - b);
  const places: number[] = [];
  for (const at of order) {
    if (places.length === PASSAGES) break;
    if (places.every((place) => Math.abs(place - at) >= APART)) places.push(at);
  }
  return places.map((place) => {
    const from = Math.max(0, place - BEFORE);
    const to = Math.min(characters.length, place + AFTER + 1);
    return {
      characters: characters.slice(from, to),
      shades: Array.from({ length: to - from }, (_, i) => shades[from + i]!),
      at: place - from,
    };
  });
}

function answersOf(characters: readonly string[], shades: ArrayLike<number>): AnswerTo[] {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const [at, character] of characters.entries()) {
    if (Number.isNaN(shades[at]!)) continue;
    const entry = sums.get(character) ?? { sum: 0, count: 0 };
    entry.sum += shades[at]!;
    entry.count++;
    sums.set(character, entry);
  }
  return [...sums]
    .filter(([, { count }]) => count >= OFTEN)
    .map(([character, { sum, count }]) => ({ character, mean: sum / count }))
    .sort((a, b) => b.mean - a.mean);
}
