import type { Tensor } from "../../graph/tensor.ts";

/**
 * Sequences of different lengths in one batch, as `torch.nn.utils.rnn.PackedSequence`. Recurrent layers take it instead of a
 * padded batch, so that padding affects neither states nor gradients, and the reverse direction begins at each
 * sequence's own end.
 *
 * PyTorch concatenates the steps of all sequences. Here they stay padded, because lengths may change from run to run while a
 * program's shapes are fixed; the kernels take the lengths as input. So the rows keep their order, and there are no
 * `batch_sizes` or `sorted_indices`.
 */
export class PackedSequence {
  /** Shape [T, N, *], time first. Values past a sequence's end are ignored; those of `packPaddedSequence` are zero. */
  readonly data: Tensor;
  /** Length of each sequence, [N]. */
  readonly lengths: Tensor;
  /** The lengths, if known while tracing. */
  readonly knownLengths: readonly number[] | null;

  /** @internal */
  constructor(data: Tensor, lengths: Tensor, knownLengths: readonly number[] | null) {
    this.data = data;
    this.lengths = lengths;
    this.knownLengths = knownLengths;
  }

  /** The same sequences with other values at each step: [T, N, *]. Padding stays padding. */
  with(data: Tensor): PackedSequence {
    return new PackedSequence(data, this.lengths, this.knownLengths);
  }
}
