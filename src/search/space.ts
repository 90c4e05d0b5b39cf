/** The parameters that trials have in common. */
import { type Distribution, type SearchSpace, sameDistribution } from "./distributions.ts";
import type { FrozenTrial } from "./frozen-trial.ts";

/** By code units, as Python sorts text without characters beyond the first plane. */
export function byName<T>([a]: readonly [string, T], [b]: readonly [string, T]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The parameters that all these trials have with the same range, by name. */
export function intersection(trials: readonly FrozenTrial[]): SearchSpace {
  const last = trials.at(-1);
  if (!last) return new Map();
  const common = [...last.distributions].filter(([name, range]) =>
    trials.every(({ distributions }) => {
      const other = distributions.get(name);
      return other !== undefined && sameDistribution(other, range);
    }),
  );
  return new Map(common.sort(byName));
}

/**
 * The parameters in groups that occur together: two are in one group if every trial has both or neither.
 *
 * @see Optuna's `_GroupDecomposedSearchSpace`
 */
export function groups(trials: readonly FrozenTrial[]): readonly SearchSpace[] {
  let spaces: ReadonlyMap<string, Distribution>[] = [];
  for (const { distributions } of trials) {
    const left = new Map(distributions);
    const next: ReadonlyMap<string, Distribution>[] = [];
    for (const space of spaces) {
      const [inside, outside] = [new Map<string, Distribution>(), new Map<string, Distribution>()];
      for (const [name, range] of space) (distributions.has(name) ? inside : outside).set(name, range);
      for (const name of space.keys()) left.delete(name);
      next.push(inside, outside);
    }
    next.push(left);
    spaces = next.filter(({ size }) => size > 0);
  }
  return spaces.map((space) => new Map([...space].sort(byName)));
}
