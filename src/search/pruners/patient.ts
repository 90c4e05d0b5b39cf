import { checkInteger, checkNumber, checkOptions, show } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import type { FrozenTrial } from "../frozen-trial.ts";
import type { Pruner, StudyView } from "../sampler.ts";
import { bestOf } from "./steps.ts";

/** Options of {@link Patient}. */
export interface PatientOptions {
  /** Number of reports without an improvement to tolerate; one more asks the wrapped pruner. */
  readonly patience: number;
  /** What a value must be better by to count. Default 0. */
  readonly minDelta?: number;
}

/**
 * Lets another pruner decide only once a trial has stopped improving: Optuna's `PatientPruner`. Without another pruner, such a trial is
 * pruned.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.pruners.PatientPruner.html
 *
 * @example
 * const pruner = new pruners.Patient(new pruners.Median(), { patience: 3 });
 * const study = await createStudy({ pruner });
 */
export class Patient implements Pruner {
  readonly #wrapped: Pruner | null;
  readonly #patience: number;
  readonly #minDelta: number;

  constructor(wrapped: Pruner | null, options: PatientOptions, ...more: never[]) {
    const where = "pruners.Patient";
    if (wrapped !== null && typeof (wrapped as Partial<Pruner>)?.prune !== "function")
      throw new OptionError(`${where}: wrapped must be a pruner or null, got ${show(wrapped)}`);
    checkOptions(where, options, ["patience", "minDelta"], more);
    const { patience, minDelta = 0 } = options;
    checkInteger(where, "patience", patience, 0);
    checkNumber(where, "minDelta", minDelta, "a number of at least 0", (n) => n >= 0);
    this.#wrapped = wrapped;
    this.#patience = patience;
    this.#minDelta = minDelta;
  }

  prune(study: StudyView, trial: FrozenTrial): boolean {
    const direction = study.directions[0]!;
    const sorted = [...trial.intermediateValues].sort(([a], [b]) => a - b).map(([, value]) => value);
    if (sorted.length <= this.#patience + 1) return false;
    const before = bestOf(sorted.slice(0, -this.#patience - 1), direction);
    const lately = bestOf(sorted.slice(-this.#patience - 1), direction);
    const stalls =
      direction === "minimize" ? before + this.#minDelta < lately : before - this.#minDelta > lately;
    return stalls && (this.#wrapped ? this.#wrapped.prune(study, trial) : true);
  }
}
