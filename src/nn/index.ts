export { Parameter } from "../graph/parameter.ts";
export { Dropout } from "./dropout.ts";
export * as init from "./init.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { type LossOptions, MSELoss } from "./loss.ts";
export { LSTM, type LstmOptions, type LstmState } from "./lstm.ts";
export { Module } from "./module.ts";
