/** The tagger of tools/goldens/tagger.py: which tokens of a sequence come again, and which came before. */
import { nn, type Tensor } from "webgpu-lstm";

const TOKENS = 12;
export const TAGS = 4;

/** Two bidirectional layers over packed sequences. */
export class Tagger extends nn.Module {
  readonly embedding = new nn.Embedding(TOKENS, 8, { paddingIdx: 0 });
  readonly lstm = new nn.LSTM(8, 8, { numLayers: 2, bidirectional: true, batchFirst: true });
  readonly fc = new nn.Linear(16, TAGS);

  /** Logits [N, T, tags] of tokens [N, T], padded beyond the lengths [N]. */
  forward(tokens: Tensor, lengths: Tensor): Tensor {
    const { packPaddedSequence, padPackedSequence } = nn.utils.rnn;
    const options = { batchFirst: true, enforceSorted: false };
    const packed = packPaddedSequence(this.embedding.forward(tokens), lengths, options);
    const { output } = padPackedSequence(this.lstm.forward(packed).output, { batchFirst: true });
    return this.fc.forward(output);
  }
}
