import { listed, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { FrozenTrial } from "./frozen-trial.ts";

/** How a trial ends. */
export interface Verdict {
  readonly state: "COMPLETE" | "PRUNED" | "FAIL";
  readonly values: readonly number[] | null;
  /** Why it failed; `null` for a trial that did not, or whose caller did not say. */
  readonly reason: string | null;
}

/** What is wrong with an objective's values; `null` if nothing is. */
function problemOf(values: readonly unknown[], directions: number): string | null {
  const bad = values.filter((value) => typeof value !== "number" || Number.isNaN(value));
  if (bad.length > 0) {
    const wanted = directions === 1 ? "a number" : `${directions} numbers`;
    return `the objective must give ${wanted}, not NaN, got ${listed(bad.map(show))}`;
  }
  if (values.length === directions) return null;
  return `the objective must give a value for each of the study's ${directions} directions, got ${values.length}`;
}

/**
 * How a trial with these values ends, as Optuna's `tell` has it: a pruned one takes the last value that it has reported.
 * @throws OptionError if the state does not fit the values
 */
export function judge(
  where: string,
  given: unknown,
  state: unknown,
  trial: FrozenTrial,
  directions: number,
): Verdict {
  const values = given === undefined || given === null ? null : Array.isArray(given) ? given : [given];
  if (state === undefined) {
    const problem = problemOf(values ?? [given], directions);
    return problem === null
      ? { state: "COMPLETE", values: values as number[], reason: null }
      : { state: "FAIL", values: null, reason: problem };
  }
  if (state === "COMPLETE") {
    const problem = problemOf(values ?? [given], directions);
    if (problem !== null) throw new OptionError(`${where}: ${problem}; tell state "FAIL" for a failed trial`);
    return { state, values: values as number[], reason: null };
  }
  if (state !== "PRUNED" && state !== "FAIL") {
    throw new OptionError(`${where}: state must be "COMPLETE", "PRUNED" or "FAIL", got ${show(state)}`);
  }
  if (values !== null) {
    throw new OptionError(
      `${where}: a trial that ends as ${state} has no values, got ${show(given)}; leave them out, and report() the last one`,
    );
  }
  const last = trial.lastStep === null ? undefined : trial.intermediateValues.get(trial.lastStep);
  const reported = state === "PRUNED" && last !== undefined && problemOf([last], directions) === null;
  return { state, values: reported ? [last] : null, reason: null };
}
