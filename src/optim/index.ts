/**
 * Optimizers, as `torch.optim` (https://docs.pytorch.org/docs/stable/optim.html).
 * @packageDocumentation
 */

export { Adadelta, type AdadeltaOptions } from "./adadelta.ts";
export { Adagrad, type AdagradOptions } from "./adagrad.ts";
export { Adam, type AdamOptions, AdamW, type AdamWOptions } from "./adam.ts";
export { Adamax, type AdamaxOptions } from "./adamax.ts";
export { ASGD, type AsgdOptions } from "./asgd.ts";
export type { LbfgsOptions } from "./lbfgs/options.ts";
export { LBFGS, type LbfgsLoss } from "./lbfgs.ts";
export * as lrScheduler from "./lr-scheduler/index.ts";
export { NAdam, type NAdamOptions } from "./nadam.ts";
export { Optimizer } from "./optimizer.ts";
export type { ParameterSource, ParamGroup, ParamGroupOptions } from "./param-group.ts";
export { RAdam, type RAdamOptions } from "./radam.ts";
export { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
export { Rprop, type RpropOptions } from "./rprop.ts";
export { SGD, type SgdOptions } from "./sgd.ts";
export type { OptimizerStateDict, ParameterStateDict } from "./state-dict.ts";
