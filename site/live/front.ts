/** What the front page and its worker share: the wave, and what they tell each other. */

/** Values that the model reads before it goes on by itself. */
export const READ = 48;
/** Values that it then writes, each from those before. */
export const WRITTEN = 64;

/** The wave at a time. */
function wave(t: number): number {
  return 0.6 * Math.sin(t / 4) + 0.35 * Math.sin(t / 1.7 + 1);
}

/** The wave from a time on. */
export function waveFrom(t: number, length: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, (_, i) => wave(t + i));
}

/** From the page: what to read before writing. */
export interface Begin {
  readonly window: Float32Array<ArrayBuffer>;
}

/** From the worker. */
export type FrontReport =
  | {
      readonly kind: "step";
      readonly step: number;
      readonly loss: number;
      readonly written: Float32Array;
      readonly learned: boolean;
    }
  | { readonly kind: "device"; readonly name: string }
  | { readonly kind: "failed"; readonly message: string };
