import { checkInteger, checkNumber, checkOptions, show } from "../../checks.ts";
import { DataError, OptionError } from "../../errors.ts";
import { defaultGenerator, Generator } from "../../random.ts";

/** Options of {@link sample}. */
export interface SampleOptions {
  /** Divides the logits: below 1 sharpens the distribution, above 1 flattens it; 0 takes the most likely token (default 1). */
  readonly temperature?: number;
  /** Keeps only this many most likely tokens (default: all). */
  readonly topK?: number;
  /** Keeps only the most likely tokens that together have this probability, at least one (default 1: all). */
  readonly topP?: number;
  /** Source of the draw (default: the default generator, which `manualSeed` seeds). */
  readonly generator?: Generator;
}

/**
 * Draws a token from a language model's logits. `topK` applies to the logits divided by the temperature, `topP` (nucleus sampling,
 * Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020) to the probabilities that `topK` leaves. Among equally
 * likely tokens the lower index comes first.
 *
 * The same seed gives the same tokens: every call with a temperature above 0 takes 64 bits from the generator. The tokens differ
 * from those of `torch.multinomial`.
 *
 * @param logits one for each token, at least one finite; −Infinity excludes a token
 * @returns the token's index
 * @throws DataError for a NaN, +Infinity, or when every token is excluded
 *
 * @example
 * const generator = new Generator(0);
 * const next = data.sample((await logits.read()).data, { temperature: 0.8, topK: 40, generator });
 */
export function sample(logits: ArrayLike<number>, options: SampleOptions = {}, ...more: never[]): number {
  const where = "sample";
  checkOptions(where, options, ["temperature", "topK", "topP", "generator"], more);
  const { temperature = 1, topK, topP = 1, generator = defaultGenerator } = options;
  checkNumber(where, "temperature", temperature, "a number of at least 0", (n) => n >= 0);
  if (topK !== undefined) checkInteger(where, "topK", topK);
  checkNumber(where, "topP", topP, "a number above 0 and up to 1", (n) => n > 0 && n <= 1);
  if (!(generator instanceof Generator)) {
    throw new OptionError(`${where}: generator must be a Generator, got ${show(generator)}`);
  }
  const best = checkLogits(where, logits);
  if (temperature === 0) return best;

  // Relative to the best one, so that no exponential overflows; one that underflows excludes its token.
  const top = logits[best]!;
  let tokens = Uint32Array.from({ length: logits.length }, (_, i) => i);
  let weights = Float64Array.from(logits, (logit) => Math.exp((logit - top) / temperature));
  if (topK !== undefined || topP < 1) {
    tokens = tokens.sort((a, b) => logits[b]! - logits[a]! || a - b).subarray(0, topK);
    weights = Float64Array.from(tokens, (token) => weights[token]!);
    const kept = nucleus(weights, topP);
    tokens = tokens.subarray(0, kept);
    weights = weights.subarray(0, kept);
  }

  // 53 bits, as many as a double in [0, 1) holds.
  const uniform = Number(generator.random64() >> 11n) * 2 ** -53;
  let left = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    left -= weights[i]!;
    if (left < 0) break;
  }
  return tokens[last]!;
}

/** How many of the descending weights make up this share of their sum. */
function nucleus(weights: Float64Array, share: number): number {
  if (share === 1) return weights.length;
  const wanted = share * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i]!;
    if (sum >= wanted) return i + 1;
  }
  return weights.length;
}

/** Throws for logits that give no distribution; returns the index of the largest one. */
function checkLogits(where: string, logits: ArrayLike<number>): number {
  if (
    typeof logits !== "object" ||
    logits === null ||
    !(Number.isInteger(logits.length) && logits.length > 0)
  ) {
    throw new OptionError(
      `${where}: logits must be an array with one number for each token, got ${show(logits)}`,
    );
  }
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    if (typeof logit !== "number" || Number.isNaN(logit) || logit === Number.POSITIVE_INFINITY) {
      throw new DataError(`${where}: logits must be finite or -Infinity, got ${show(logit)} at index ${i}`);
    }
    if (logit > logits[best]!) best = i;
  }
  if (logits[best] === Number.NEGATIVE_INFINITY) {
    throw new DataError(`${where}: every token is ruled out: all ${logits.length} logits are -Infinity`);
  }
  return best;
}
