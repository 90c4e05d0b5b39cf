/**
 * Clipping of gradients, as `torch.nn.utils` (https://docs.pytorch.org/docs/stable/nn.html#utilities).
 * @packageDocumentation
 */

export { type ClipGradNormOptions, clipGradNorm_, clipGradValue_ } from "./clip.ts";
export * as rnn from "./rnn.ts";
