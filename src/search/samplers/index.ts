/**
 * Samplers, which choose the next trial's parameters, as `optuna.samplers`.
 * @packageDocumentation
 */

export { GP, type GPOptions } from "./gp.ts";
export { Grid, type GridOptions, type GridSpace } from "./grid.ts";
export { QMC, type QMCOptions } from "./qmc.ts";
export { Random, type RandomOptions } from "./random.ts";
export { TPE, type TPEOptions } from "./tpe.ts";
