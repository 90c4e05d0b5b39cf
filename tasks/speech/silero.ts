/**
 * Silero VAD (https://github.com/snakers4/silero-vad, MIT), which says how likely a chunk of sound holds speech: the file
 * `silero_vad_v6.onnx` as it is, its state carried from chunk to chunk on the GPU.
 */
import type { CompiledStep, Device, Tensor } from "webgpu-lstm";
import { loadOnnx, type OnnxModel } from "webgpu-lstm/formats";

/** Samples a second. */
export const RATE = 16_000;

/** New samples of a step: 32 ms. */
export const CHUNK = 512;

/** Samples of the chunk before, which a step takes again. */
export const CONTEXT = 64;

/** Sizes of the state. */
const STATE = [2, 1, 128] as const;

type Result = "output" | "stateN";

export class Silero {
  readonly #model: OnnxModel;
  readonly #step: CompiledStep<Result>;
  readonly #input = new Float32Array(CONTEXT + CHUNK);
  #fresh = true;

  private constructor(model: OnnxModel, step: CompiledStep<Result>) {
    this.#model = model;
    this.#step = step;
  }

  /** @param file The bytes of `silero_vad_v6.onnx` */
  static async open(device: Device, file: ArrayBuffer | Uint8Array): Promise<Silero> {
    const model = await loadOnnx(file, { constants: { sr: BigInt(RATE) } });
    const step = await device.compile(
      (inputs: Record<"input" | "state", Tensor>) => model.forward(inputs) as Record<Result, Tensor>,
      { inputs: { input: [1, CONTEXT + CHUNK], state: STATE }, carry: { state: "stateN" } },
    );
    return new Silero(model, step);
  }

  /**
   * The probability that there is speech in a chunk. Chunks must come in order; a call need not wait for the one before.
   * @param chunk {@link CHUNK} samples in ±1
   */
  probability(chunk: Float32Array): Promise<number> {
    if (chunk.length !== CHUNK)
      throw new RangeError(`Silero: a chunk has ${CHUNK} samples, got ${chunk.length}`);
    this.#input.copyWithin(0, CHUNK);
    this.#input.set(chunk, CONTEXT);
    const state = this.#fresh ? { state: new Float32Array(STATE[0] * STATE[2]) } : {};
    this.#fresh = false;
    return this.#step.run({ input: this.#input, ...state }).output.item();
  }

  /** Forgets what it has heard. */
  reset(): void {
    this.#fresh = true;
    this.#input.fill(0);
  }

  dispose(): void {
    this.#step.dispose();
    this.#model.dispose();
  }
}

/** A recording in chunks; zeros fill up the last one. */
export function* chunksOf(samples: Float32Array): Generator<Float32Array> {
  for (let from = 0; from < samples.length; from += CHUNK) {
    const part = samples.subarray(from, from + CHUNK);
    if (part.length === CHUNK) yield part;
    else {
      const last = new Float32Array(CHUNK);
      last.set(part);
      yield last;
    }
  }
}
