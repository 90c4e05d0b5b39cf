import type { Tensor } from "../../graph/tensor.ts";

/**
 * Sequences of different lengths in one batch, as `torch.nn.utils.rnn.PackedSequence`: what recurrent layers take in place of a
 * padded batch, so that padding reaches neither their states nor their gradients, and the reverse direction begins at each
 * sequence's own end.
 *
 * PyTorch lays the steps of all sequences one after the other; here they stay padded, since the lengths may differ from run
 * to run and a program's shapes do not. The kernels are told the lengths. So the rows keep their order, and there are no
 * `batch_sizes` and `sorted_indices`.
 */
export class PackedSequence {
  /** [T, N, *]: time first; what lies past a sequence's end does not count. */
  readonly data: Tensor;
  /** [N] */
  readonly lengths: Tensor;
  /** The lengths, where they were known while tracing. */
  readonly knownLengths: readonly number[] | null;

  /** @internal */
  constructor(data: Tensor, lengths: Tensor, knownLengths: readonly number[] | null) {
    this.data = data;
    this.lengths = lengths;
    this.knownLengths = knownLengths;
  }

  /** The same sequences with other values at each step: [T, N, *]. What is computed from padding stays padding. */
  with(data: Tensor): PackedSequence {
    return new PackedSequence(data, this.lengths, this.knownLengths);
  }
}
