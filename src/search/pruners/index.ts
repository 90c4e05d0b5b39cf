/**
 * Pruners, which end trials that promise little, as `optuna.pruners`.
 * @packageDocumentation
 */

export { Hyperband, type HyperbandOptions } from "./hyperband.ts";
export { Median, type MedianOptions } from "./median.ts";
export { Nop } from "./nop.ts";
export { Patient, type PatientOptions } from "./patient.ts";
export { Percentile, type PercentileOptions } from "./percentile.ts";
export { SuccessiveHalving, type SuccessiveHalvingOptions } from "./successive-halving.ts";
export { Threshold, type ThresholdOptions } from "./threshold.ts";
