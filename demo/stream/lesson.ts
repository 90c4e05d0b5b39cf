/** What a model learns from: recordings of what is normal, scaled, cut into windows; the end of each is kept to judge it by. */
import { WARM_UP } from "./model.ts";

/** Windows of a training step. */
export const BATCH = 32;

/** Training steps, about. */
const STEPS = 240;

/** Epochs of so many batches that the training takes its steps. */
export function epochsOf(batches: number): number {
  return Math.max(1, Math.round(STEPS / batches));
}

/** Values of a window. */
export const WINDOW = 64;

/** About so many windows are cut: the fewer the recordings, the more their windows overlap. */
const WINDOWS = 320;

/** Share of each recording that is learned from; the rest tells how large residuals are on normal data. */
const LEARNED = 0.75;

/** How values become what the model sees: (value - mean) / std. */
interface Scale {
  readonly mean: number;
  readonly std: number;
}

export interface Lesson {
  readonly scale: Scale;
  /** [windows, WINDOW, 1], scaled. */
  readonly x: { readonly data: Float32Array<ArrayBuffer>; readonly shape: number[] };
  /** The values that follow those of x from {@link WARM_UP} on: [windows, WINDOW - WARM_UP, 1], scaled. */
  readonly y: { readonly data: Float32Array<ArrayBuffer>; readonly shape: number[] };
  /** The end of each recording, all as long as each other, scaled. */
  readonly heldOut: readonly Float32Array[];
}

/** The shortest recording that makes a lesson. */
export const SHORTEST = Math.ceil((WINDOW + BATCH) / LEARNED);

/** @param recordings As long as each other, {@link SHORTEST} or longer; a constant one is refused: it has no scale. */
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
  const judged = WINDOW - WARM_UP;
  const x = new Float32Array(windows.length * WINDOW);
  const y = new Float32Array(windows.length * judged);
  for (const [i, window] of windows.entries()) {
    x.set(window.subarray(0, WINDOW), i * WINDOW);
    y.set(window.subarray(1 + WARM_UP), i * judged);
  }
  return {
    scale,
    x: { data: x, shape: [windows.length, WINDOW, 1] },
    y: { data: y, shape: [windows.length, judged, 1] },
    heldOut: scaled.map((recording) => recording.subarray(learned)),
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
