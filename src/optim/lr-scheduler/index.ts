/**
 * Learning-rate schedules, as `torch.optim.lr_scheduler` (https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate).
 * @packageDocumentation
 */

export { ChainedScheduler, SequentialLR } from "./compose.ts";
export {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from "./cosine.ts";
export { CyclicLR, type CyclicLROptions } from "./cyclic.ts";
export { LambdaLR, type LambdaLROptions, type LrLambda, MultiplicativeLR } from "./lambda.ts";
export { OneCycleLR, type OneCycleLROptions } from "./one-cycle.ts";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./plateau.ts";
export {
  ConstantLR,
  type ConstantLROptions,
  LinearLR,
  type LinearLROptions,
  PolynomialLR,
  type PolynomialLROptions,
} from "./ramp.ts";
export { LRScheduler, type SchedulerStateDict, type StepsEvery } from "./scheduler.ts";
export { type DecayOptions, ExponentialLR, MultiStepLR, StepLR } from "./step.ts";
