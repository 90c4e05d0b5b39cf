import { show } from "../checks.ts";
import { StudyError } from "./errors.ts";
import { FAIL_REASON, type FrozenTrial, type TrialRecord } from "./frozen-trial.ts";
import type { Journal } from "./journal.ts";
import {
  addTrialOp,
  createTrialOp,
  type Operation,
  stateOp,
  studyAttrOp,
  type TrialTemplate,
  trialAttrOp,
} from "./operations.ts";
import type { Outcome, StudyRecord } from "./replay.ts";
import type { Pruner, Sampler, StudyView } from "./sampler.ts";
import type { Storage } from "./storage.ts";
import type { Verdict } from "./tell.ts";
import { Trial, type TrialHost } from "./trial.ts";

/** What a study and its run have in common: a study's record in a storage, and the ways a trial starts and ends there. */
export class StudyCore implements TrialHost {
  readonly record: StudyRecord;
  readonly sampler: Sampler;
  readonly pruner: Pruner;
  readonly view: StudyView;
  /** Whether the run is to end. */
  stopping = false;
  readonly #storage: Storage;

  constructor(storage: Storage, record: StudyRecord, sampler: Sampler, pruner: Pruner) {
    this.#storage = storage;
    this.record = record;
    this.sampler = sampler;
    this.pruner = pruner;
    this.view = {
      name: record.name,
      directions: record.directions,
      systemAttrs: record.systemAttrs,
      trials: (...states) =>
        states.length === 0 ? record.trials : record.trials.filter(({ state }) => states.includes(state)),
      setSystemAttr: (key, value) => void this.write(studyAttrOp("system", record.id, key, value)),
      setTrialSystemAttr: ({ id }, key, value) => void this.write(trialAttrOp("system", id, key, value)),
      stop: () => {
        this.stopping = true;
      },
    };
  }

  get journal(): Journal {
    return this.#storage.journal;
  }

  /** The name of this writer of the journal. */
  get worker(): string {
    return this.#storage.worker;
  }

  write(operation: Operation): Promise<Outcome> {
    return this.#storage.write(operation);
  }

  sync(): Promise<void> {
    return this.#storage.sync();
  }

  /** Starts a trial: the next one of the queue, or a new one. */
  async start(signal: AbortSignal): Promise<Trial> {
    await this.sync();
    return this.begin((await this.#popWaiting()) ?? (await this.add()), signal);
  }

  /** Goes on with a trial that was started. */
  async begin(record: TrialRecord, signal: AbortSignal): Promise<Trial> {
    await this.sampler.beforeTrial?.(this.view, record);
    // What the sampler has noted must be read back before it samples.
    await this.sync();
    return new Trial(this, record, signal);
  }

  /** A trial as it is stored, once all that it has written is. Another worker may have ended it meanwhile. */
  async settle(trial: Trial): Promise<FrozenTrial> {
    const record = this.record.trials[trial.number]!;
    await trial.settled().catch((error: unknown) => {
      if (!(error instanceof StudyError) || record.state === "RUNNING") throw error;
    });
    return record;
  }

  /** Records how a trial has ended. */
  async finish(number: number, { state, values, reason }: Verdict): Promise<FrozenTrial> {
    const record = this.record.trials[number]!;
    try {
      await this.sampler.afterTrial?.(this.view, record, state, values);
    } finally {
      if (reason !== null) this.write(trialAttrOp("system", record.id, FAIL_REASON, reason));
      await this.write(stateOp(record.id, state, values));
    }
    return record.copy();
  }

  /** Ends a trial as FAIL and queues its parameters again. */
  async giveUp(number: number, reason: string): Promise<FrozenTrial> {
    const record = this.record.trials[number]!;
    const ended = await this.finish(number, { state: "FAIL", values: null, reason });
    const { [FAIL_REASON]: _, ...systemAttrs } = record.systemAttrs;
    const history = systemAttrs["retry_history"];
    await this.add({
      state: "WAITING",
      params: record.params,
      distributions: record.distributions,
      userAttrs: record.userAttrs,
      // Optuna's names for a trial that is tried again.
      systemAttrs: {
        failed_trial: number,
        ...systemAttrs,
        retry_history: [...(Array.isArray(history) ? history : []), number],
      },
    });
    return ended;
  }

  /** Adds a trial: a new one that runs, or as the template has it. */
  async add(template?: TrialTemplate): Promise<TrialRecord> {
    const { id } = this.record;
    return (await this.write(template ? addTrialOp(id, template) : createTrialOp(id))) as TrialRecord;
  }

  /** @throws StudyError if there is no such trial */
  find(where: string, trial: unknown): TrialRecord {
    const { trials } = this.record;
    const record = trials[trial instanceof Trial ? trial.number : (trial as number)];
    if (!record || (trial instanceof Trial && record.id !== trial.id)) {
      throw new StudyError(
        `${where}: trial must be a trial of this study or the number of one, of ${trials.length}, got ${show(trial)}`,
      );
    }
    return record;
  }

  async #popWaiting(): Promise<TrialRecord | undefined> {
    for (const trial of this.record.trials) {
      if (trial.state !== "WAITING") continue;
      // Of several workers one gets it; another may even have ended it meanwhile.
      const started = await this.write(stateOp(trial.id, "RUNNING", null)).catch((error: unknown) => {
        if (error instanceof StudyError) return false;
        throw error;
      });
      if (started === true) return trial;
    }
    return undefined;
  }
}
