/** A character model. */
import { nn, type Tensor } from "webgpu-lstm";

/** Predicts the character that follows each character. */
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
   * @param h the state before the first character [layers, N, hidden]; zero if not given
   * @returns logits [N, T, characters] and the state after the last character
   */
  forward(x: Tensor, h?: Tensor): { output: Tensor; state: Tensor } {
    const { output, state } = this.gru.forward(this.embedding.forward(x), h);
    return { output: this.fc.forward(output), state };
  }
}
