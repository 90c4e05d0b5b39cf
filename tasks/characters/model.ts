/** A character model, and how it writes. */
import { type Device, data, type Generator, nn, type StatefulModel, Stream, type Tensor } from "webgpu-lstm";

/** Logits of the next character, and the state after the last one. */
export class CharacterModel extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly gru: nn.GRU;
  readonly fc: nn.Linear;

  constructor(characters: number, size: { embedding: number; hidden: number; layers: number }) {
    super();
    this.embedding = new nn.Embedding(characters, size.embedding);
    this.gru = new nn.GRU(size.embedding, size.hidden, { numLayers: size.layers, batchFirst: true });
    this.fc = new nn.Linear(size.hidden, characters);
  }

  /**
   * @param x character indices [N, T]
   * @param h the state before the first one [layers, N, hidden]; zero if not given
   * @returns logits [N, T, characters] and the state after the last step
   */
  forward(x: Tensor, h?: Tensor): { output: Tensor; state: Tensor } {
    const { output, state } = this.gru.forward(this.embedding.forward(x), h);
    return { output: this.fc.forward(output), state };
  }
}

/** How a {@link Writer} chooses each character. */
export interface WritingOptions extends data.SampleOptions {
  /** Characters to write. */
  readonly length: number;
  readonly generator: Generator;
  /** Ends writing before the next character; `write` then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Writes text with a model, one character after the other; the state stays on the GPU. Sees the weights as they are when it writes. */
export class Writer {
  readonly #stream: Stream;
  readonly #vocabulary: data.Vocabulary;

  private constructor(stream: Stream, vocabulary: data.Vocabulary) {
    this.#stream = stream;
    this.#vocabulary = vocabulary;
  }

  /** @param model Its `forward(x, state)` takes character indices [N, T] and gives logits [N, T, characters]. */
  static async open(device: Device, model: StatefulModel, vocabulary: data.Vocabulary): Promise<Writer> {
    return new Writer(await Stream.open(device, model, { input: [] }), vocabulary);
  }

  /** Goes on from `prompt`, which must not be empty. Gives what was written, without the prompt. */
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
