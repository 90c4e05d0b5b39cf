export { type ClipGradNormOptions, clipGradNorm_, clipGradValue_ } from "./clip.ts";
export * as rnn from "./rnn.ts";
