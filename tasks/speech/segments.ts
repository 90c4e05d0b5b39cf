/**
 * From probabilities to segments of speech, by the rule of Silero's `get_speech_timestamps`
 * (https://github.com/snakers4/silero-vad/blob/master/src/silero_vad/utils_vad.py): a segment begins with a chunk at the threshold and ends
 * where the probability stays 0.15 below it for a tenth of a second; segments under a quarter of a second do not count.
 */
import { CHUNK, RATE } from "./silero.ts";

/** Seconds of a chunk. */
export const SECONDS = CHUNK / RATE;

/** Where a segment ends: this far below the threshold, but never below {@link LEAST}. */
const BELOW = 0.15;
const LEAST = 0.01;

/** Seconds of silence that end a segment, and of speech that make one. */
const SILENCE = 0.1;
const SPEECH = 0.25;

/** A part of the sound, in chunks: the first one, and the one after the last. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  /** Whether the sound ends within it. */
  readonly open: boolean;
}

/** @param threshold Between 0 and 1; Silero's own is 0.5 */
export function segmentsOf(probabilities: ArrayLike<number>, threshold: number): Segment[] {
  const low = Math.max(LEAST, threshold - BELOW);
  const found: Segment[] = [];
  let from = -1;
  let quiet = -1;
  const close = (to: number, open: boolean) => {
    if ((to - from) * SECONDS >= SPEECH) found.push({ from, to, open });
    from = -1;
    quiet = -1;
  };
  for (let i = 0; i < probabilities.length; i++) {
    const probability = probabilities[i]!;
    if (probability >= threshold) {
      if (from < 0) from = i;
      quiet = -1;
    } else if (from >= 0 && probability < low) {
      if (quiet < 0) quiet = i;
      if ((i - quiet) * SECONDS >= SILENCE) close(quiet, false);
    }
  }
  if (from >= 0) close(probabilities.length, true);
  return found;
}
