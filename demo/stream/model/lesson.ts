/** Makes training data from recordings of normal data: scaled windows, and a held-out end of each recording. */
import { WARM_UP } from "./model.ts";

/** Windows of a training step. */
export const BATCH = 32;

/** Approximate number of training steps. */
const STEPS = 240;

/** The number of epochs for {@link STEPS} training steps. */
export function epochsOf(batches: number): number {
  return Math.max(1, Math.round(STEPS / batches));
}

/** Values of a window. */
export const WINDOW = 64;

/** Approximate number of windows: with fewer recordings, their windows overlap more. */
const WINDOWS = 320;

/** The share of each recording for training; the rest gives the residuals on normal data. */
const LEARNED = 0.75;

/** The scale of the model's input: (value - mean) / std. */
interface Scale {
  readonly mean: number;
  readonly std: number;
}

/** Windows of scaled values, [windows, T, 1]. */
interface Windows {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: number[];
}

export interface Lesson {
  readonly scale: Scale;
  /** T is {@link WINDOW}. */
  readonly x: Windows;
  /** The values that follow those of x, from {@link WARM_UP} on: T is WINDOW - WARM_UP. */
  readonly y: Windows;
  /** The end of each recording, scaled; all have the same length. */
  readonly heldOut: readonly Float32Array[];
}

/** Minimum length of a recording. */
export const SHORTEST = Math.ceil((WINDOW + BATCH) / LEARNED);

/** @param recordings All of the same length, at least {@link SHORTEST}. Throws for constant recordings, which have no scale. */
export function lessonOf(recordings: readonly Float32Array[]): Lesson {
  const scale = scaleOf(recordings);
  const scaled = recordings.map((recording) => recording.map((value) => (value - scale.mean) / scale.std));
  const learned = Math.floor(recordings[0]!.length * LEARNED);
  const starts = learned - WINDOW;
  const stride = Math.max(1, Math.ceil((recordings.length * starts) / WINDOWS));
  const windows: Float32Array[] = [];
  for (const recording of scaled) {
    for (let start = 0; start < starts; start += stride) {
      windows.push(recording.subarray(start, start + WINDOW + 1));
    }
  }
  return {
    scale,
    ...pairsOf(windows),
    heldOut: scaled.map((recording) => recording.subarray(learned)),
  };
}

/** What a model reads of some windows, all of the same length, and what it should predict. */
export function pairsOf(windows: readonly Float32Array[]): Pick<Lesson, "x" | "y"> {
  const read = windows[0]!.length - 1;
  const judged = read - WARM_UP;
  const x = new Float32Array(windows.length * read);
  const y = new Float32Array(windows.length * judged);
  for (const [i, window] of windows.entries()) {
    x.set(window.subarray(0, read), i * read);
    y.set(window.subarray(1 + WARM_UP), i * judged);
  }
  return {
    x: { data: x, shape: [windows.length, read, 1] },
    y: { data: y, shape: [windows.length, judged, 1] },
  };
}

function scaleOf(recordings: readonly Float32Array[]): Scale {
  const count = recordings.reduce((sum, { length }) => sum + length, 0);
  const total = (of: (value: number) => number) =>
    recordings.reduce((sum, recording) => recording.reduce((part, value) => part + of(value), sum), 0);
  const mean = total((value) => value) / count;
  const std = Math.sqrt(total((value) => (value - mean) ** 2) / count);
  if (!(std > 1e-6)) {
    throw new Error("The signal did not change while it was recorded, so there is nothing to learn from it.");
  }
  return { mean, std };
}
