import { pruners } from "webgpu-lstm/search";

/**
 * Successive halving for trials of some epochs: the first decision after a fifth of them, the next one after three times as many, and each
 * time a third goes on. Sooner, small learning rates and large batches would be judged by how slowly they begin. Trials report their best
 * epoch so far, which is what counts in the end: the loss of one epoch is noise.
 */
export function halving(epochs: number): pruners.SuccessiveHalving {
  return new pruners.SuccessiveHalving({
    minResource: Math.max(1, Math.floor(epochs / 5)),
    reductionFactor: 3,
  });
}
