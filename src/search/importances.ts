/**
 * How much each parameter matters, by PED-ANOVA: how differently the best trials and all trials are spread over its range. Numbers are Optuna's.
 *
 * @see S. Watanabe et al., "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces", 2023
 */
import { checkNumber, checkOptions, listed, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import {
  type CategoricalDistribution,
  type Distribution,
  internalOf,
  isSingle,
  sameDistribution,
} from "./distributions.ts";
import type { FrozenTrial } from "./frozen-trial.ts";
import { logNormalMass } from "./normal.ts";
import { losses } from "./pareto.ts";
import { Study } from "./study.ts";
import { betterHalf } from "./tpe/several.ts";

/** Options of {@link importances}. */
export interface ImportanceOptions {
  /** Names of the parameters to judge; by default all that complete trials have. */
  readonly params?: readonly string[];
  /** Which share of the trials counts as the best. Default 0.1. */
  readonly targetQuantile?: number;
  /** The best are compared with this share of the trials. Default 1: all. */
  readonly regionQuantile?: number;
}

/** Cells that a numerical range is cut into, at most. */
const MOST_CELLS = 50;
/** Keeps quotients of densities finite. */
const LEAST_DENSITY = 1e-12;

/** Trials whose parameter has one range, or that have no such parameter. */
interface Regime {
  readonly range: Distribution | undefined;
  readonly trials: FrozenTrial[];
}

/**
 * The share that each parameter has in how good a trial is: Optuna's `get_param_importances` with its default method, PED-ANOVA. Only complete
 * trials with finite values count; a parameter that only some trials have is judged by these. With few trials the numbers mean little: there
 * should be at least 50.
 *
 * @example
 * for (const [name, share] of importances(study)) console.log(name, share);
 *
 * @returns Shares of sum 1 by the parameters' names, the largest first; all equal where nothing can be said
 * @throws OptionError for a parameter that no complete trial has
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.importance.PedAnovaImportanceEvaluator.html
 */
export function importances(
  study: Study,
  options: ImportanceOptions = {},
  ...more: never[]
): ReadonlyMap<string, number> {
  const where = "importances";
  checkOptions(where, options, ["params", "targetQuantile", "regionQuantile"], more);
  if (!(study instanceof Study)) throw new OptionError(`${where}: study must be a Study, got ${show(study)}`);
  const { targetQuantile = 0.1, regionQuantile = 1 } = options;
  const wanted = "a number above targetQuantile, at most 1";
  checkNumber(where, "targetQuantile", targetQuantile, "a number between 0 and 1", (n) => n > 0 && n < 1);
  checkNumber(where, "regionQuantile", regionQuantile, wanted, (n) => n > targetQuantile && n <= 1);
  const complete = study.trials.filter(({ state }) => state === "COMPLETE");
  const params = paramsOf(where, complete, options.params);
  const trials = complete.filter(({ values }) => values!.every(Number.isFinite));
  const target = new Set(best(trials, study, targetQuantile));
  const region = best(trials, study, regionQuantile);
  const shares = params.map((name) => {
    const share = trials.length > 1 ? importance(name, target, region) : 0;
    return [name, share] as const;
  });
  const sum = shares.reduce((total, [, share]) => total + share, 0);
  const normal = shares.map(([name, share]) => [name, sum === 0 ? 1 / shares.length : share / sum] as const);
  return new Map(normal.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)));
}

function paramsOf(where: string, complete: readonly FrozenTrial[], given: unknown): readonly string[] {
  const all = [...new Set(complete.flatMap(({ distributions }) => [...distributions.keys()]))].sort();
  if (given === undefined) return all;
  if (!Array.isArray(given))
    throw new OptionError(`${where}: params must be a list of names, got ${show(given)}`);
  for (const name of given as unknown[]) {
    if (!all.includes(name as string)) {
      throw new OptionError(
        `${where}: params must be parameters of complete trials, ${listed(all) || "of which there are none"}, got ${show(name)}`,
      );
    }
  }
  return [...new Set(given as string[])];
}

/** The best share of the trials; as many as are level with the last of them, where there is one direction. */
function best(
  trials: readonly FrozenTrial[],
  { directions }: Study,
  quantile: number,
): readonly FrozenTrial[] {
  const count = Math.ceil(quantile * trials.length);
  if (count === trials.length) return trials;
  if (directions.length > 1) return betterHalf(trials, directions, count).slice(0, count);
  const loss = (trial: FrozenTrial) => losses(trial, directions)[0]!;
  const limit = trials.map(loss).sort((a, b) => a - b)[count - 1]!;
  return trials.filter((trial) => loss(trial) <= limit);
}

/** Sum over the parameter's ranges of (share of the best)² / (share of all), times how far the two densities are apart. */
function importance(name: string, target: ReadonlySet<FrozenTrial>, region: readonly FrozenTrial[]): number {
  const regimes: Regime[] = [];
  for (const trial of region) {
    const range = trial.distributions.get(name);
    const same = regimes.find((regime) =>
      range && regime.range ? sameDistribution(regime.range, range) : regime.range === range,
    );
    if (same) same.trials.push(trial);
    else regimes.push({ range, trials: [trial] });
  }
  let sum = 0;
  for (const { range, trials } of regimes) {
    const top = trials.filter((trial) => target.has(trial));
    if (!range || isSingle(range) || trials.length < 2 || top.length === 0) continue;
    const [ofBest, ofAll] = [top.length / target.size, trials.length / region.length];
    const values = (of: readonly FrozenTrial[]) => of.map(({ params }) => internalOf(range, params[name])!);
    const [p, q] = [densities(range, values(top)), densities(range, values(trials))];
    const divergence = q.reduce((total, at, i) => total + at * (p[i]! / at - 1) ** 2, 0);
    sum += (ofBest ** 2 / ofAll) * divergence;
  }
  return sum * (target.size / region.length) ** 2;
}

/** The density of values over the cells of a range: kernels around the cells that have some, and a wide one over all. */
function densities(range: Distribution, values: readonly number[]): Float64Array {
  const counts = range.type === "categorical" ? ofChoices(range, values) : ofCells(range, values);
  const cells = [...counts.keys()].filter((cell) => counts[cell]! > 0);
  const total = values.length + 1;
  const kernel =
    range.type === "categorical" ? choiceKernel(counts.length, cells.length + 1) : cellKernel(counts, cells);
  return counts.map((_, at) => {
    const sum = cells.reduce((density, cell) => density + (counts[cell]! / total) * kernel(at, cell), 0);
    return sum + kernel(at, undefined) / total + LEAST_DENSITY;
  });
}

function ofChoices({ choices }: CategoricalDistribution, values: readonly number[]): Float64Array {
  const counts = new Float64Array(choices.length);
  for (const index of values) counts[index]! += 1;
  return counts;
}

/** How many values are in each cell. Ends are in the middle of their cells. */
function ofCells(
  { type, low, high, log, step }: Exclude<Distribution, CategoricalDistribution>,
  values: readonly number[],
): Float64Array {
  let size = MOST_CELLS;
  if (type === "int" && log) size = Math.min(size, Math.ceil(Math.log(high - low + 1) / Math.log(2)) + 1);
  else if (step !== null) size = Math.min(size, Math.round((high - low) / step) + 1);
  const scaled = (value: number) => (log ? Math.log(value) : value);
  const width = (scaled(high) - scaled(low)) / (size - 1);
  const counts = new Float64Array(size);
  for (const value of values) {
    const cell = Math.ceil((scaled(value) - scaled(low)) / width - 0.5);
    counts[Math.min(Math.max(cell, 0), size - 1)]! += 1;
  }
  return counts;
}

/** The density at a cell of the kernel around another, or of the prior's. */
type Kernel = (at: number, around: number | undefined) => number;

function choiceKernel(choices: number, kernels: number): Kernel {
  const rest = 1 / kernels;
  return (at, around) =>
    around === undefined ? 1 / choices : (rest + Number(at === around)) / (choices * rest + 1);
}

/** Normal distributions over the cells, of a width by Scott's rule. */
function cellKernel(counts: Float64Array, cells: readonly number[]): Kernel {
  const weight = (cell: number) => counts[cell]!;
  const total = cells.reduce((sum, cell) => sum + weight(cell), 0);
  const mean = cells.reduce((sum, cell) => sum + cell * weight(cell), 0) / total;
  const squares = cells.reduce((sum, cell) => sum + (cell - mean) ** 2 * weight(cell), 0);
  const deviation = Math.sqrt(squares / Math.max(1, total - 1));
  let sum = 0;
  const upTo = cells.map((cell) => (sum += weight(cell)));
  const quarter = upTo.findIndex((count) => count >= Math.floor(total / 4));
  const threeQuarters = upTo.findIndex((count) => count > Math.floor((total * 3) / 4));
  const spread = cells.at(threeQuarters)! - cells[quarter]!;
  const width = Math.max(1.059 * Math.min(spread / 1.34, deviation) * total ** -0.2, 0.5 / 1.64);
  const [from, to] = [-0.5, counts.length - 0.5];
  return (at, around) => {
    const [center, sigma] = around === undefined ? [(counts.length - 1) / 2, counts.length] : [around, width];
    const between = (a: number, b: number) => logNormalMass((a - center) / sigma, (b - center) / sigma);
    return Math.exp(between(at - 0.5, at + 0.5) - between(from, to));
  };
}
