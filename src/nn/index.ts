/**
 * Layers, cells and losses, as `torch.nn` (https://docs.pytorch.org/docs/stable/nn.html).
 * @packageDocumentation
 */

export { Buffer, Parameter } from "../graph/parameter.ts";
export { Flatten, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh } from "./activations.ts";
export { BatchNorm1d, type BatchNorm1dOptions } from "./batch-norm.ts";
export { type CellOptions, GRUCell, LSTMCell, RNNCell, type RnnCellOptions } from "./cells.ts";
export { type Layer, ModuleList, Sequential } from "./containers.ts";
export { ConvTranspose1d, type ConvTranspose1dOptions } from "./conv-transpose1d.ts";
export { Conv1d, type Conv1dOptions, type PaddingMode } from "./conv1d.ts";
export { CosineSimilarity, type CosineSimilarityOptions, cosineSimilarity } from "./cosine-similarity.ts";
export { Dropout } from "./dropout.ts";
export { Embedding, type EmbeddingOptions, type PretrainedOptions } from "./embedding.ts";
export type { ForwardHook, ForwardPreHook, HookHandle } from "./forward-hooks.ts";
export { GroupNorm, type GroupNormOptions } from "./group-norm.ts";
export { GRU, type GruOptions } from "./gru.ts";
export * as init from "./init.ts";
export { LayerNorm, type LayerNormOptions } from "./layer-norm.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export {
  HuberLoss,
  type HuberLossOptions,
  L1Loss,
  type LossOptions,
  MSELoss,
  type Reduction,
  SmoothL1Loss,
  type SmoothL1LossOptions,
} from "./loss.ts";
export {
  BCELoss,
  type BCELossOptions,
  BCEWithLogitsLoss,
  type BCEWithLogitsLossOptions,
} from "./loss-binary.ts";
export {
  CrossEntropyLoss,
  type CrossEntropyLossOptions,
  NLLLoss,
  type NLLLossOptions,
} from "./loss-classes.ts";
export { CTCLoss, type CTCLossOptions } from "./loss-ctc.ts";
export {
  GaussianNLLLoss,
  type GaussianNLLLossOptions,
  KLDivLoss,
  type KLDivLossOptions,
} from "./loss-distributions.ts";
export type { LossWeights } from "./loss-weights.ts";
export { LSTM, type LstmOptions, type LstmState } from "./lstm.ts";
export { Module } from "./module.ts";
export {
  type AttentionOptions,
  type AttentionResult,
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from "./multihead-attention.ts";
export {
  ELU,
  GELU,
  type GeluOptions,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  LeakyReLU,
  SiLU,
  Softplus,
} from "./pointwise.ts";
export {
  AdaptiveAvgPool1d,
  AvgPool1d,
  type AvgPool1dOptions,
  MaxPool1d,
  type MaxPool1dOptions,
} from "./pooling.ts";

export type { RecurrentOptions } from "./recurrent.ts";
export { type Nonlinearity, RNN, type RnnOptions } from "./rnn.ts";
export { Upsample, type UpsampleOptions } from "./upsample.ts";
export * as utils from "./utils/index.ts";
