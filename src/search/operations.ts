/** The lines of Optuna's journal, as this library writes them. The numbers are Optuna's `JournalOperation`. */
import type { Distribution, Params, SearchSpace } from "./distributions.ts";
import { distributionJson, internalOf } from "./distributions.ts";
import { type Attrs, isFinished, STATES, type TrialState } from "./frozen-trial.ts";
import { floats, PythonFloat } from "./python.ts";

export const Op = {
  createStudy: 0,
  deleteStudy: 1,
  setStudyUserAttr: 2,
  setStudySystemAttr: 3,
  createTrial: 4,
  setTrialParam: 5,
  setTrialStateValues: 6,
  setTrialIntermediateValue: 7,
  setTrialUserAttr: 8,
  setTrialSystemAttr: 9,
  /** Written by another implementation; Optuna and this library pass over it. */
  discardTrials: 10,
} as const;

/** What a study is to make of its objective's values. */
export type Direction = "minimize" | "maximize";

/** The directions by their numbers in a journal; 0 is one that was never set. */
export const DIRECTIONS: readonly (Direction | null)[] = [null, "minimize", "maximize"];

/** A line, without the worker's name. */
export type Operation = { readonly op_code: number } & Readonly<Record<string, unknown>>;

/** A time as Optuna writes it: in UTC, with microseconds. */
function timestamp(time: Date): string {
  return time.toISOString().replace("Z", "000+00:00");
}

export function createStudyOp(name: string, directions: readonly Direction[]): Operation {
  return {
    op_code: Op.createStudy,
    study_name: name,
    directions: directions.map((direction) => DIRECTIONS.indexOf(direction)),
  };
}

export function studyAttrOp(
  kind: "user" | "system",
  studyId: number,
  key: string,
  value: unknown,
): Operation {
  return {
    op_code: kind === "user" ? Op.setStudyUserAttr : Op.setStudySystemAttr,
    study_id: studyId,
    [`${kind}_attr`]: { [key]: value },
  };
}

/** A new trial that runs. */
export function createTrialOp(studyId: number): Operation {
  return { op_code: Op.createTrial, study_id: studyId, datetime_start: timestamp(new Date()) };
}

/** What a trial can be given when it is made. */
export interface TrialTemplate {
  readonly state: TrialState;
  readonly values?: readonly number[] | null;
  readonly params?: Params;
  readonly distributions?: SearchSpace;
  readonly userAttrs?: Attrs;
  readonly systemAttrs?: Attrs;
  readonly intermediateValues?: ReadonlyMap<number, number>;
  readonly datetimeStart?: Date | null;
  readonly datetimeComplete?: Date | null;
}

/** A new trial as the template has it. */
export function addTrialOp(studyId: number, template: TrialTemplate): Operation {
  const { state, values = null, params = {}, distributions = new Map<string, Distribution>() } = template;
  const { userAttrs = {}, systemAttrs = {}, intermediateValues = new Map<number, number>() } = template;
  const { datetimeStart = null, datetimeComplete = null } = template;
  const several = values !== null && values.length > 1;
  return {
    op_code: Op.createTrial,
    study_id: studyId,
    datetime_start: datetimeStart && timestamp(datetimeStart),
    state: STATES.indexOf(state),
    value: values === null || several ? null : new PythonFloat(values[0]!),
    values: several ? floats(values) : null,
    datetime_complete: datetimeComplete ? timestamp(datetimeComplete) : undefined,
    distributions: Object.fromEntries(
      [...distributions].map(([name, distribution]) => [name, distributionJson(distribution)]),
    ),
    params: Object.fromEntries(
      [...distributions].map(([name, distribution]) => [
        name,
        internalJson(distribution, internalOf(distribution, params[name])!),
      ]),
    ),
    user_attrs: userAttrs,
    system_attrs: systemAttrs,
    intermediate_values: Object.fromEntries(
      [...intermediateValues].map(([step, value]) => [step, new PythonFloat(value)]),
    ),
  };
}

function internalJson(distribution: Distribution, internal: number): unknown {
  return distribution.type === "categorical" ? internal : new PythonFloat(internal);
}

export function paramOp(id: number, name: string, internal: number, distribution: Distribution): Operation {
  return {
    op_code: Op.setTrialParam,
    trial_id: id,
    param_name: name,
    param_value_internal: internalJson(distribution, internal),
    distribution: distributionJson(distribution),
  };
}

export function stateOp(id: number, state: TrialState, values: readonly number[] | null): Operation {
  const now = timestamp(new Date());
  return {
    op_code: Op.setTrialStateValues,
    trial_id: id,
    state: STATES.indexOf(state),
    values: values && floats(values),
    datetime_start: state === "RUNNING" ? now : undefined,
    datetime_complete: isFinished(state) ? now : undefined,
  };
}

export function intermediateValueOp(id: number, step: number, value: number): Operation {
  return {
    op_code: Op.setTrialIntermediateValue,
    trial_id: id,
    step,
    intermediate_value: new PythonFloat(value),
  };
}

export function trialAttrOp(kind: "user" | "system", id: number, key: string, value: unknown): Operation {
  return {
    op_code: kind === "user" ? Op.setTrialUserAttr : Op.setTrialSystemAttr,
    trial_id: id,
    [`${kind}_attr`]: { [key]: value },
  };
}
