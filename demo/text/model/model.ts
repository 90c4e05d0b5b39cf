/** The character model of the Text view. */
import { nn, type Tensor } from "webgpu-lstm";
import { CELLS, type CellKind } from "../../../tasks/series/cells.ts";
import type { ModelSettings } from "../settings.ts";

/** What a model is made of. */
export type ModelSize = Pick<ModelSettings, "cell" | "hiddenSize" | "numLayers">;

/** The size of the embedding. */
export const EMBEDDING = 32;

/** Predicts the character that follows each character. */
export class TextModel extends nn.Module {
  readonly kind: CellKind;
  readonly embedding: nn.Embedding;
  readonly cell: nn.GRU | nn.LSTM | nn.RNN;
  readonly fc: nn.Linear;

  constructor(characters: number, { cell, hiddenSize, numLayers }: ModelSize) {
    super();
    this.kind = cell;
    this.embedding = new nn.Embedding(characters, EMBEDDING);
    this.cell = new CELLS[cell](EMBEDDING, hiddenSize, { numLayers, batchFirst: true });
    this.fc = new nn.Linear(hiddenSize, characters);
  }

  /**
   * @param x character indices [N, T]
   * @param before the `state` of the last call; zero if not given
   * @returns logits [N, T, characters], and the state after the last character
   */
  forward(x: Tensor, before?: unknown): { output: Tensor; state: unknown } {
    // An LSTM's state is { h, c }, the others' is a tensor; each receives its own state again.
    const cell = this.cell as { forward(x: Tensor, state: unknown): { output: Tensor; state: unknown } };
    const { output, state } = cell.forward(this.embedding.forward(x), before);
    return { output: this.fc.forward(output), state };
  }
}
