/** Divides trials into the better ones, which TPE imitates, and the others, which it avoids. */
import type { FrozenTrial } from "../frozen-trial.ts";
import type { Direction } from "../operations.ts";
import { losses } from "../pareto.ts";
import { constraintViolation } from "./constraints.ts";
import { betterHalf } from "./several.ts";

/** The two groups, each by the trials' numbers. */
export interface Split {
  readonly below: readonly FrozenTrial[];
  readonly above: readonly FrozenTrial[];
}

type Key = (trial: FrozenTrial) => readonly number[];

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1;
}

/** The first `count` by a key; earlier trials first among equals. */
function sorted(trials: readonly FrozenTrial[], key: Key): readonly FrozenTrial[] {
  const keyed = trials.map((trial) => ({ trial, key: key(trial) }));
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ trial }) => trial);
}

/** Pruned trials: those that got farther first, then by the last value they reported; NaN and nothing last. */
function prunedKey(direction: Direction | undefined): Key {
  return ({ lastStep, intermediateValues }) => {
    if (lastStep === null) return [1, 0];
    const value = intermediateValues.get(lastStep)!;
    if (Number.isNaN(value)) return [-lastStep, Number.POSITIVE_INFINITY];
    return [-lastStep, direction === "maximize" ? -value : value];
  };
}

/**
 * The `count` best trials and the others. Complete trials come first, by their values; then pruned ones; then those that violate a
 * constraint. Running ones are among the others.
 */
export function splitTrials(
  trials: readonly FrozenTrial[],
  directions: readonly Direction[],
  count: number,
): Split {
  const running = trials.filter(({ state }) => state === "RUNNING");
  const ended = trials.filter(({ state }) => state !== "RUNNING");
  const infeasible = ended.filter((trial) => constraintViolation(trial) > 0);
  const feasible = ended.filter((trial) => constraintViolation(trial) === 0);
  const complete = feasible.filter(({ state }) => state === "COMPLETE");
  const pruned = feasible.filter(({ state }) => state === "PRUNED");

  const below: FrozenTrial[] = [];
  const above: FrozenTrial[] = [...running];
  let left = count;
  const take = (group: readonly FrozenTrial[]) => {
    const size = Math.min(left, group.length);
    below.push(...group.slice(0, size));
    above.push(...group.slice(size));
    left -= size;
  };
  if (directions.length === 1) take(sorted(complete, (trial) => losses(trial, directions)));
  else take(betterHalf(complete, directions, Math.min(left, complete.length)));
  take(sorted(pruned, prunedKey(directions[0])));
  take(sorted(infeasible, (trial) => [constraintViolation(trial)]));
  const byNumber = (a: FrozenTrial, b: FrozenTrial) => a.number - b.number;
  return { below: below.sort(byNumber), above: above.sort(byNumber) };
}
