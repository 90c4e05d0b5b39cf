/** Reads a held-out text with a character model, and keeps the shade of every unit after every character. */
import type { Device, data } from "webgpu-lstm";
import { type Firing, firingOf } from "./firing.ts";
import type { TextModel } from "./model.ts";
import { shadeOf } from "./signals.ts";
import { WatchedStep } from "./watched-step.ts";

/** Tracks that are read side by side, and the characters of each. */
const TRACKS = 32;
const TRACK_LENGTH = 256;

/** Characters that a track begins with before its shades count. */
const WARM_UP = 16;

export class Reading {
  readonly #characters: readonly string[];
  readonly #units: number;
  /** [units, characters] */
  readonly #shades: Float32Array;

  private constructor(characters: readonly string[], units: number) {
    this.#characters = characters;
    this.#units = units;
    this.#shades = new Float32Array(units * characters.length).fill(Number.NaN);
  }

  /** Reads the beginning of `ids`. */
  static async of(
    device: Device,
    model: TextModel,
    vocabulary: data.Vocabulary,
    ids: Int32Array,
  ): Promise<Reading> {
    const length = Math.min(TRACK_LENGTH, Math.max(1, Math.floor(ids.length / TRACKS)));
    const tracks = Math.min(TRACKS, ids.length);
    const characters = Array.from(ids.subarray(0, tracks * length), (id) => vocabulary.tokens[id]!);
    const step = await WatchedStep.open(device, model, tracks);
    try {
      const reading = new Reading(characters, step.units);
      for (let t = 0; t < length; t++) {
        const { signals } = await step.read(
          Array.from({ length: tracks }, (_, track) => ids[track * length + t]!),
        );
        // A short text has no characters to spare.
        if (t < Math.min(WARM_UP, length / 2)) continue;
        const thought = { characters, signals, cell: model.kind, units: step.units };
        for (let track = 0; track < tracks; track++) {
          for (let unit = 0; unit < step.units; unit++) {
            reading.#shades[unit * characters.length + track * length + t] = shadeOf(thought, track, unit);
          }
        }
      }
      return reading;
    } finally {
      step.dispose();
    }
  }

  firing(unit: number): Firing {
    const { length } = this.#characters;
    const number = Math.min(unit, this.#units - 1);
    return firingOf(this.#characters, this.#shades.subarray(number * length, (number + 1) * length));
  }
}
