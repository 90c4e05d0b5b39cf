/** Trials as a study records them. */
import type { Distribution, Params, ParamValue, SearchSpace } from "./distributions.ts";

/** What has become of a trial. */
export type TrialState = "RUNNING" | "COMPLETE" | "PRUNED" | "FAIL" | "WAITING";

/** The states by their numbers in a journal. */
export const STATES: readonly TrialState[] = ["RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING"];

/** Whether a trial in this state will not change any more. */
export function isFinished(state: TrialState): boolean {
  return state !== "RUNNING" && state !== "WAITING";
}

/** Named values that a journal can hold: plain JSON, and NaN and infinities. */
export type Attrs = Readonly<Record<string, unknown>>;

/** A trial as it is recorded: Optuna's `FrozenTrial`. */
export interface FrozenTrial {
  /** Its number in the study, from 0. */
  readonly number: number;
  /** Its number in the storage, which may hold several studies. */
  readonly id: number;
  /** Whether it waits, runs or how it has ended. */
  readonly state: TrialState;
  /** The objective's value; `null` before the end, of a failed trial, and where there are several. */
  readonly value: number | null;
  /** The objective's values, one for each direction of the study; `null` if there is none. A pruned trial has the last reported one. */
  readonly values: readonly number[] | null;
  /** The values of its parameters. */
  readonly params: Params;
  /** The range of each parameter. */
  readonly distributions: SearchSpace;
  /** The reported values by their steps. */
  readonly intermediateValues: ReadonlyMap<number, number>;
  /** The last of the reported steps; `null` if there is none. */
  readonly lastStep: number | null;
  /** What users have noted with it. */
  readonly userAttrs: Attrs;
  /** What samplers and pruners have noted. */
  readonly systemAttrs: Attrs;
  /** Why a failed trial failed; `null` if it did not, or nobody noted it. */
  readonly reason: string | null;
  /** When it began; `null` if it waits. */
  readonly datetimeStart: Date | null;
  /** When it ended; `null` before. */
  readonly datetimeComplete: Date | null;
}

/** The system attribute that holds a failed trial's reason. */
export const FAIL_REASON = "fail_reason";

/** An object without inherited names, which takes any name for its own. */
export function bare<T>(entries: Readonly<Record<string, T>> = {}): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, entries);
}

/** A trial of a storage, as the journal's lines change it. */
export class TrialRecord implements FrozenTrial {
  readonly number: number;
  readonly id: number;
  readonly studyId: number;
  state: TrialState = "RUNNING";
  values: readonly number[] | null = null;
  readonly params: Record<string, ParamValue> = bare();
  readonly distributions = new Map<string, Distribution>();
  readonly intermediateValues = new Map<number, number>();
  readonly userAttrs: Record<string, unknown> = bare();
  readonly systemAttrs: Record<string, unknown> = bare();
  datetimeStart: Date | null = null;
  datetimeComplete: Date | null = null;

  constructor(studyId: number, id: number, number: number) {
    this.studyId = studyId;
    this.id = id;
    this.number = number;
  }

  get value(): number | null {
    return this.values?.length === 1 ? this.values[0]! : null;
  }

  get lastStep(): number | null {
    let last: number | null = null;
    for (const step of this.intermediateValues.keys()) if (last === null || step > last) last = step;
    return last;
  }

  get reason(): string | null {
    const reason = this.systemAttrs[FAIL_REASON];
    return typeof reason === "string" ? reason : null;
  }

  /** The trial as it is now, for a caller who may change it. */
  copy(): FrozenTrial {
    const { number, id, state, value, values, lastStep, reason, datetimeStart, datetimeComplete } = this;
    return {
      number,
      id,
      state,
      value,
      values: values && [...values],
      params: bare(this.params),
      distributions: new Map(this.distributions),
      intermediateValues: new Map(this.intermediateValues),
      lastStep,
      userAttrs: bare(structuredClone({ ...this.userAttrs })),
      systemAttrs: bare(structuredClone({ ...this.systemAttrs })),
      reason,
      datetimeStart: datetimeStart && new Date(datetimeStart),
      datetimeComplete: datetimeComplete && new Date(datetimeComplete),
    };
  }
}
