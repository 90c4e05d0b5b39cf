/** A character model, and how it writes. */
import {
  type CompiledStep,
  type Device,
  data,
  type Generator,
  nn,
  type Result,
  type Tensor,
} from "webgpu-lstm";

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
   * @param h the state before the first one [layers, N, hidden]
   * @returns logits [N, T, characters] and the state after the last step
   */
  forward(x: Tensor, h: Tensor): { logits: Tensor; h: Tensor } {
    const { output, state } = this.gru.forward(this.embedding.forward(x), h);
    return { logits: this.fc.forward(output), h: state };
  }

  /** The state before a text begins: zeros for `rows` tracks. */
  zeroState(rows: number): Float32Array {
    return new Float32Array(this.gru.numLayers * rows * this.gru.hiddenSize);
  }

  stateShape(rows: number): number[] {
    return [this.gru.numLayers, rows, this.gru.hiddenSize];
  }
}

/** How a {@link Writer} chooses each character. */
export interface WritingOptions extends data.SampleOptions {
  /** Characters to write. */
  readonly length: number;
  readonly generator: Generator;
}

/** Writes text with a model, one character after the other; the state stays on the GPU. Sees the weights as they are when it writes. */
export class Writer {
  readonly #step: CompiledStep<"logits" | "h">;
  readonly #model: CharacterModel;
  readonly #vocabulary: data.Vocabulary;

  private constructor(
    step: CompiledStep<"logits" | "h">,
    model: CharacterModel,
    vocabulary: data.Vocabulary,
  ) {
    this.#step = step;
    this.#model = model;
    this.#vocabulary = vocabulary;
  }

  static async open(device: Device, model: CharacterModel, vocabulary: data.Vocabulary): Promise<Writer> {
    const step = await device.compile(
      ({ x, h }) => {
        const { logits, h: after } = model.forward(x, h);
        return { logits: logits.reshape([vocabulary.size]), h: after };
      },
      { inputs: { x: [1, 1], h: model.stateShape(1) } },
    );
    return new Writer(step, model, vocabulary);
  }

  /** Goes on from `prompt`, which must not be empty. Gives what was written, without the prompt. */
  async write(prompt: string, { length, ...sampling }: WritingOptions): Promise<string> {
    let h: Result | Float32Array = this.#model.zeroState(1);
    let logits: Result | undefined;
    const read = (id: number) => ({ logits, h } = this.#step.run({ x: Int32Array.of(id), h }));
    for (const id of this.#vocabulary.encode(prompt)) read(id);
    if (!logits) throw new Error("Writer.write: the prompt must not be empty");
    const written: number[] = [];
    while (written.length < length) {
      const next = data.sample((await (logits as Result).read()).data, sampling);
      written.push(next);
      if (written.length < length) read(next);
    }
    return this.#vocabulary.decode(written);
  }

  dispose(): void {
    this.#step.dispose();
  }
}
