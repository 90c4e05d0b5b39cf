/** Writes text with a character model. */
import { type Device, data, type Generator, type StatefulModel, Stream } from "webgpu-lstm";

/** How a {@link Writer} chooses each character. */
interface WritingOptions extends data.SampleOptions {
  /** Characters to write. */
  readonly length: number;
  readonly generator: Generator;
  /** Stops the writing before the next character; `write` then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Writes text with a model, character by character; the state stays on the GPU. It uses the weights of the moment. */
export class Writer {
  readonly #stream: Stream;
  readonly #vocabulary: data.Vocabulary;

  private constructor(stream: Stream, vocabulary: data.Vocabulary) {
    this.#stream = stream;
    this.#vocabulary = vocabulary;
  }

  /** @param model Its `forward(x, state)` takes character indices [N, T] and returns logits [N, T, characters]. */
  static async open(device: Device, model: StatefulModel, vocabulary: data.Vocabulary): Promise<Writer> {
    return new Writer(await Stream.open(device, model, { input: [] }), vocabulary);
  }

  /** Continues `prompt`, which must not be empty, and returns the new text without the prompt. */
  async write(prompt: string, { length, signal, ...sampling }: WritingOptions): Promise<string> {
    if (prompt === "") throw new Error("Writer.write: the prompt must not be empty");
    this.#stream.reset();
    const read = (id: number) => this.#stream.step(Int32Array.of(id));
    const answers = await Promise.all(Array.from(this.#vocabulary.encode(prompt), read));
    let logits = answers.at(-1)!.data;
    const written: number[] = [];
    while (written.length < length) {
      signal?.throwIfAborted();
      const next = data.sample(logits, sampling);
      written.push(next);
      if (written.length < length) logits = (await read(next)).data;
    }
    return this.#vocabulary.decode(written);
  }

  dispose(): void {
    this.#stream.dispose();
  }
}
