/** A character model compiled for one character at a time, with its states on the GPU and every unit's signals in the answer. */
import { type CompiledStep, cat, type Device, type Tensor } from "webgpu-lstm";
import type { TextModel } from "./model.ts";
import { type LayerStates, SIGNALS, traceSignals } from "./signals.ts";

/** The answer to one character in each track. */
export interface StepAnswer {
  /** [tracks, characters] */
  readonly logits: Float32Array;
  /** [tracks, signals, units] */
  readonly signals: Float32Array;
}

export class WatchedStep {
  readonly tracks: number;
  readonly units: number;
  readonly #step: CompiledStep<"h" | "c" | "seen">;
  readonly #characters: number;
  readonly #width: number;
  readonly #zeros: Readonly<Record<string, Float32Array>>;
  #fresh = true;

  private constructor(model: TextModel, tracks: number, step: CompiledStep<"h" | "c" | "seen">) {
    const { numLayers, hiddenSize } = model.cell;
    this.tracks = tracks;
    this.units = numLayers * hiddenSize;
    this.#step = step;
    this.#characters = model.fc.outFeatures;
    this.#width = SIGNALS[model.kind].length * this.units;
    const zeros = new Float32Array(tracks * this.units);
    this.#zeros = model.kind === "LSTM" ? { h: zeros, c: zeros } : { h: zeros };
  }

  /** @param tracks Characters that are read side by side, each with its own state. */
  static async open(device: Device, model: TextModel, tracks = 1): Promise<WatchedStep> {
    const { numLayers, hiddenSize } = model.cell;
    const state = [numLayers, tracks, hiddenSize];
    const isLstm = model.kind === "LSTM";
    const step = await device.compile(
      (inputs: Readonly<Record<string, Tensor>>) => {
        const { x, h, c } = inputs as { x: Tensor; h: Tensor; c?: Tensor };
        const { output, state: after } = model.forward(x, isLstm ? { h, c } : h);
        const states = (isLstm ? after : { h: after }) as LayerStates;
        const embedded = model.embedding.forward(x).select(1, 0);
        const signals = traceSignals(model.kind, model.cell, embedded, { h, c }, states);
        const seen = cat([output.select(1, 0), signals], 1);
        return { h: states.h, ...(states.c && { c: states.c }), seen };
      },
      {
        inputs: { x: [tracks, 1], h: state, ...(isLstm && { c: state }) },
        carry: { h: "h", ...(isLstm && { c: "c" }) },
      },
    );
    return new WatchedStep(model, tracks, step as CompiledStep<"h" | "c" | "seen">);
  }

  /** Reads one character in each track. */
  async read(ids: ArrayLike<number>): Promise<StepAnswer> {
    const before = this.#fresh ? this.#zeros : {};
    this.#fresh = false;
    const { data } = await this.#step.ask({ x: Float32Array.from(ids), ...before }, "seen");
    const [logits, signals] = [
      new Float32Array(this.tracks * this.#characters),
      new Float32Array(this.tracks * this.#width),
    ];
    const row = this.#characters + this.#width;
    for (let track = 0; track < this.tracks; track++) {
      const end = track * row + this.#characters;
      logits.set(data.subarray(track * row, end), track * this.#characters);
      signals.set(data.subarray(end, (track + 1) * row), track * this.#width);
    }
    return { logits, signals };
  }

  /** Begins the next character from states of zero. */
  reset(): void {
    this.#fresh = true;
  }

  dispose(): void {
    this.#step.dispose();
  }
}
