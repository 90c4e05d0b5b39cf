/** The character model of the Text view. */
import { nn, type Tensor } from "webgpu-lstm";
import { CELLS } from "../../tasks/series/cells.ts";
import type { ModelSettings } from "./settings.ts";

/** Size of a character's vector. */
const EMBEDDING = 32;

/** Says of every character which one comes next. */
export class TextModel extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly cell: nn.GRU | nn.LSTM | nn.RNN;
  readonly fc: nn.Linear;

  constructor(characters: number, { cell, hiddenSize, numLayers }: ModelSettings) {
    super();
    this.embedding = new nn.Embedding(characters, EMBEDDING);
    this.cell = new CELLS[cell](EMBEDDING, hiddenSize, { numLayers, batchFirst: true });
    this.fc = new nn.Linear(hiddenSize, characters);
  }

  /**
   * @param x character indices [N, T]
   * @param before what this returned as `state`; zero if not given
   * @returns logits [N, T, characters], and the state after the last character
   */
  forward(x: Tensor, before?: unknown): { output: Tensor; state: unknown } {
    // An LSTM's state is { h, c }, the others' a tensor: each gets back what it gave.
    const cell = this.cell as { forward(x: Tensor, state: unknown): { output: Tensor; state: unknown } };
    const { output, state } = cell.forward(this.embedding.forward(x), before);
    return { output: this.fc.forward(output), state };
  }
}
