/**
 * Search for hyper-parameters: Optuna's studies, samplers and pruners, in its journal.
 * @packageDocumentation
 */
export {
  type CreateStudyOptions,
  createStudy,
  deleteStudy,
  type LoadStudyOptions,
  loadStudy,
} from "./create.ts";
export type {
  CategoricalChoice,
  CategoricalDistribution,
  Distribution,
  FloatDistribution,
  IntDistribution,
  Params,
  ParamValue,
  SearchSpace,
} from "./distributions.ts";
export { StudyError, TrialPruned } from "./errors.ts";
export type { Attrs, FrozenTrial, TrialState } from "./frozen-trial.ts";
export { type ImportanceOptions, importances } from "./importances.ts";
export { type Journal, MemoryJournal } from "./journal.ts";
export type { Direction } from "./operations.ts";
export type { Objective, RunOptions } from "./optimize.ts";
export * as pruners from "./pruners/index.ts";
export { type PruningOptions, pruning } from "./pruning.ts";
export type { Pruner, Sampler, StudyView } from "./sampler.ts";
export * as samplers from "./samplers/index.ts";
export { type JournalOptions, openJournal, type StoredJournal } from "./stored-journal.ts";
export type { EnqueueOptions, OptimizeOptions, Study, TellOptions } from "./study.ts";
export type { SuggestOptions, Trial } from "./trial.ts";
