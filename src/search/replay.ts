/** The studies and trials that the lines of a journal make, one line after the other, as in Optuna's `JournalStorageReplayResult`. */
import { isObject, show } from "../checks.ts";
import { DataError } from "../errors.ts";
import {
  type Distribution,
  externalOf,
  incompatibility,
  type ParamValue,
  parseDistribution,
} from "./distributions.ts";
import { StudyError } from "./errors.ts";
import { bare, isFinished, STATES, TrialRecord, type TrialState } from "./frozen-trial.ts";
import { DIRECTIONS, type Direction, Op } from "./operations.ts";
import { fromPythonJson } from "./python.ts";

/** A study of a storage. */
export interface StudyRecord {
  readonly id: number;
  readonly name: string;
  readonly directions: readonly Direction[];
  readonly userAttrs: Record<string, unknown>;
  readonly systemAttrs: Record<string, unknown>;
  readonly trials: TrialRecord[];
  /** The first trial's range of each parameter, which later ones must be compatible with. */
  readonly ranges: Map<string, { readonly number: number; readonly distribution: Distribution }>;
}

/** A line of a journal. */
interface Log extends Readonly<Record<string, unknown>> {
  readonly op_code: number;
}

/** What a line did: the study or the trial that it made, whether it started a waiting trial, or nothing. */
export type Outcome = StudyRecord | TrialRecord | boolean | undefined;

export class Replay {
  /** The studies that there are, by id. */
  readonly studies = new Map<number, StudyRecord>();
  /** All trials by id, those of deleted studies too. */
  readonly trials: TrialRecord[] = [];
  /** Lines so far. */
  lines = 0;
  readonly #owners = new Map<number, StudyRecord>();
  #nextStudy = 0;

  study(name: string): StudyRecord | undefined {
    for (const study of this.studies.values()) if (study.name === name) return study;
    return undefined;
  }

  /**
   * Takes the next line. One that comes too late for others (a trial that has ended, a name that is taken) changes nothing.
   * @param own Whether this storage wrote the line, so that its writer must hear of that
   * @throws StudyError for such a line of its own; DataError for a line that is none of Optuna's, which then does not count
   */
  apply(text: string, own: boolean): Outcome {
    this.lines++;
    try {
      return this.#apply(this.#parse(text));
    } catch (error) {
      if (error instanceof StudyError) {
        if (own) throw error;
        return undefined;
      }
      const invalid = error instanceof DataError ? error : this.#invalid(text, error);
      this.lines--;
      throw invalid;
    }
  }

  #parse(text: string): Log {
    const log = fromPythonJson(text);
    if (!isObject(log) || !Number.isInteger(log["op_code"])) throw new TypeError("no record");
    return log as Log;
  }

  #invalid(text: string, cause?: unknown): DataError {
    return new DataError(
      `journal: line ${this.lines} must be a record of Optuna's journal, such as {"op_code":0,…}, got ${show(text)}; ` +
        "the file is no journal, or it is damaged there",
      { cause },
    );
  }

  #apply(log: Log): Outcome {
    switch (log.op_code) {
      case Op.createStudy:
        return this.#createStudy(log);
      case Op.deleteStudy:
        this.studies.delete(this.#study(log).id);
        return undefined;
      case Op.setStudyUserAttr:
        return assign(this.#study(log).userAttrs, log["user_attr"]);
      case Op.setStudySystemAttr:
        return assign(this.#study(log).systemAttrs, log["system_attr"]);
      case Op.createTrial:
        return this.#createTrial(log);
      case Op.setTrialParam:
        return this.#setParam(log);
      case Op.setTrialStateValues:
        return this.#setState(log);
      case Op.setTrialIntermediateValue:
        this.#trial(log).intermediateValues.set(integer(log["step"]), numeric(log["intermediate_value"]));
        return undefined;
      case Op.setTrialUserAttr:
        return assign(this.#trial(log).userAttrs, log["user_attr"]);
      case Op.setTrialSystemAttr:
        return assign(this.#trial(log).systemAttrs, log["system_attr"]);
      case Op.discardTrials:
        return undefined;
    }
    throw new DataError(
      `journal: line ${this.lines} has op_code ${log.op_code}, which is none of 0 to 10; a later version has written the journal: ` +
        "update webgpu-lstm",
    );
  }

  #study(log: Log): StudyRecord {
    const study = this.studies.get(integer(log["study_id"]));
    if (!study) throw new StudyError("the study was deleted; create it again");
    return study;
  }

  /** The trial of a line that changes it. */
  #trial(log: Log): TrialRecord {
    const trial = this.trials[integer(log["trial_id"])];
    if (!trial) throw new StudyError(`there is no trial with id ${show(log["trial_id"])}`);
    if (isFinished(trial.state)) {
      throw new StudyError(
        `trial ${trial.number} has ended as ${trial.state} and cannot change any more; ask for a new one`,
      );
    }
    return trial;
  }

  #createStudy({ study_name: name, directions }: Log): StudyRecord {
    if (typeof name !== "string" || !Array.isArray(directions)) throw new TypeError("no study");
    if (this.study(name)) {
      throw new StudyError(
        `there is a study ${show(name)} already; choose another name, or set loadIfExists: true`,
      );
    }
    const study: StudyRecord = {
      id: this.#nextStudy++,
      name,
      directions: directions.map((number) => DIRECTIONS[integer(number)] ?? "minimize"),
      userAttrs: bare(),
      systemAttrs: bare(),
      trials: [],
      ranges: new Map(),
    };
    this.studies.set(study.id, study);
    return study;
  }

  #createTrial(log: Log): TrialRecord {
    const study = this.#study(log);
    const trial = new TrialRecord(study.id, this.trials.length, study.trials.length);
    trial.state = stateOf(log["state"] ?? 0);
    trial.datetimeStart = dateOf(log["datetime_start"]);
    trial.datetimeComplete = dateOf(log["datetime_complete"]);
    if (Array.isArray(log["values"])) trial.values = log["values"].map(numeric);
    else if (typeof log["value"] === "number") trial.values = [log["value"]];
    const params = (log["params"] ?? {}) as Record<string, unknown>;
    for (const [name, text] of Object.entries(log["distributions"] ?? {})) {
      const distribution = parseDistribution("journal", text);
      this.#keep(study, trial, name, distribution, externalOf(distribution, numeric(params[name])));
    }
    assign(trial.userAttrs, log["user_attrs"] ?? {});
    assign(trial.systemAttrs, log["system_attrs"] ?? {});
    for (const [step, value] of Object.entries(log["intermediate_values"] ?? {}))
      trial.intermediateValues.set(integer(Number(step)), numeric(value));
    study.trials.push(trial);
    this.trials.push(trial);
    this.#owners.set(trial.id, study);
    return trial;
  }

  #setParam(log: Log): undefined {
    const trial = this.#trial(log);
    const name = String(log["param_name"]);
    const distribution = parseDistribution("journal", log["distribution"]);
    const study = this.#owners.get(trial.id)!;
    const first = study.ranges.get(name);
    const problem = first && incompatibility(first.distribution, distribution);
    if (problem) throw new StudyError(incompatible(name, problem));
    this.#keep(
      study,
      trial,
      name,
      distribution,
      externalOf(distribution, numeric(log["param_value_internal"])),
    );
  }

  #keep(study: StudyRecord, trial: TrialRecord, name: string, range: Distribution, value: ParamValue): void {
    trial.params[name] = value;
    trial.distributions.set(name, range);
    const { number } = trial;
    const first = study.ranges.get(name);
    if (!first || number < first.number) study.ranges.set(name, { number, distribution: range });
  }

  #setState(log: Log): boolean {
    const trial = this.#trial(log);
    const state = stateOf(log["state"]);
    // Another writer was first to start the trial.
    if (state === "RUNNING" && trial.state === "RUNNING") return false;
    if (state === "RUNNING") trial.datetimeStart = dateOf(log["datetime_start"]);
    if (isFinished(state)) trial.datetimeComplete = dateOf(log["datetime_complete"]);
    if (Array.isArray(log["values"])) trial.values = log["values"].map(numeric);
    trial.state = state;
    return true;
  }
}

/** What is wrong with a parameter whose range is of another kind than in earlier trials. */
export function incompatible(name: string, problem: string): string {
  return `parameter ${show(name)} has another kind of range than in the study's earlier trials: ${problem}; give it another name`;
}

function assign(attrs: Record<string, unknown>, entries: unknown): undefined {
  if (!isObject(entries)) throw new TypeError("no attributes");
  Object.assign(attrs, entries);
}

function integer(value: unknown): number {
  if (!Number.isInteger(value)) throw new TypeError("no integer");
  return value as number;
}

function numeric(value: unknown): number {
  if (typeof value !== "number") throw new TypeError("no number");
  return value;
}

function stateOf(value: unknown): TrialState {
  const state = STATES[integer(value)];
  if (!state) {
    throw new DataError(
      `journal: a trial has the state ${show(value)}, which is none of 0 to 4; a later version has written the journal: update webgpu-lstm`,
    );
  }
  return state;
}

function dateOf(value: unknown): Date | null {
  if (value === null || value === undefined) return null;
  // A Date has milliseconds; not every engine reads more digits.
  const date = new Date(String(value).replace(/(\.\d{3})\d+/, "$1"));
  if (Number.isNaN(date.getTime())) throw new TypeError("no time");
  return date;
}
