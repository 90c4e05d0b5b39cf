/** A trial of a queue, as a worker takes it, runs it and leaves it. */
import { DeviceLostError, StorageUnavailableError } from "../../errors.ts";
import type { StudyCore } from "../core.ts";
import { isFinished, type TrialRecord } from "../frozen-trial.ts";
import { stateOp, studyAttrOp, trialAttrOp } from "../operations.ts";
import { reasonOf, runObjective } from "../optimize.ts";
import type { Verdict } from "../tell.ts";
import { FIXED_PARAMS, type Trial } from "../trial.ts";
import type { TrialCheckpoint } from "./checkpoints.ts";

/** An objective of a queue: it may save checkpoints, and goes on from the one that another worker has left. */
export type QueuedObjective = (
  trial: Trial,
  checkpoint: TrialCheckpoint,
) => number | readonly number[] | Promise<number | readonly number[]>;

/** How a worker's work on a trial ended: with the trial; before it, so that another takes it up; or because something broke. */
export type Outcome =
  | { readonly kind: "ended" }
  | { readonly kind: "handed back" }
  | { readonly kind: "lost"; readonly reason: string };

/** The system attribute of a trial that a queue's worker has taken. */
const QUEUE = "queue";

/** Its value. */
interface Attempts {
  /** How often a worker has taken it and has not handed it back. */
  readonly attempts: number;
  /** Why the last one did not end it. */
  readonly reason: string;
  /** Who took it, until it hands it back or loses it. */
  readonly worker?: string;
}

const DIED = "its worker died";

/** The system attribute of a study that was stopped: how many trials it had by then. */
const STOPPED = "queue_stopped_at";

const NOT_RUN =
  "not run: the study was stopped before, by study.stop() or by a sampler that has tried everything";

/** Milliseconds before a storage that is away is told once more. */
const AGAIN_MS = 1000;

/** That of a trial that nobody has taken. */
const NEW: Attempts = { attempts: 0, reason: DIED };

function queued(record: TrialRecord): Attempts | null {
  return (record.systemAttrs[QUEUE] as Attempts | null | undefined) ?? null;
}

/** Whether workers of the queue have this trial to run. Another program may have taken it, such as Python. */
export function isQueued(record: TrialRecord): boolean {
  return record.state === "WAITING" || (record.state === "RUNNING" && queued(record) !== null);
}

/** Ends the search if the study was told to stop: of the trials that there are, no other starts. */
export async function passOnStop(core: StudyCore): Promise<void> {
  if (!core.stopping) return;
  core.stopping = false;
  await core.write(studyAttrOp("system", core.record.id, STOPPED, core.record.trials.length));
}

/** Whether a trial was queued before the study was stopped, and nobody has asked for its parameters. */
function isOver({ record: { systemAttrs } }: StudyCore, trial: TrialRecord): boolean {
  const asked = FIXED_PARAMS in trial.systemAttrs || Object.keys(trial.params).length > 0;
  return trial.state === "WAITING" && trial.number < Number(systemAttrs[STOPPED] ?? 0) && !asked;
}

/**
 * Takes a trial, unless it has ended or was taken by others. One that was tried too often ends as FAIL, and so does one of a study that was
 * stopped before.
 */
export async function claim(core: StudyCore, number: number, limit: number): Promise<boolean> {
  await core.sync();
  const record = core.record.trials[number];
  if (!record || !isQueued(record)) return false;
  if (isOver(core, record)) {
    await endAs(core, number, NOT_RUN);
    return false;
  }
  const { attempts, reason, worker } = queued(record) ?? NEW;
  // A worker that has taken it already, and could not hear so from a storage that was away, takes it once.
  const isAgain = worker === core.worker;
  if (attempts >= limit && !isAgain) {
    const times = `given up after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`;
    await endAs(core, number, `${times}; at the last one ${reason}`);
    return false;
  }
  // Both lines are stored together.
  const started = record.state === "WAITING" ? core.write(stateOp(record.id, "RUNNING", null)) : true;
  const next = { attempts: isAgain ? attempts : attempts + 1, reason: DIED, worker: core.worker };
  const noted = note(core, record, next);
  const [isOurs] = await Promise.all([started, noted]);
  if (isOurs !== true) {
    await note(core, record, null);
    return false;
  }
  return true;
}

/** Ends a trial as FAIL, unless another worker has ended it. */
async function endAs(core: StudyCore, number: number, reason: string): Promise<void> {
  await core.finish(number, { state: "FAIL", values: null, reason }).catch((error: unknown) => {
    if (!isFinished(core.record.trials[number]!.state)) throw error;
  });
}

/**
 * Notes that a claimed trial did not end, and why, unless another worker has taken it since. What was handed back, or ended because the storage
 * was away, is no failed attempt.
 * @param signal Aborted when the worker is to leave
 */
export async function leave(
  core: StudyCore,
  number: number,
  outcome: Outcome,
  signal?: AbortSignal,
): Promise<void> {
  await whileAway(signal, async () => {
    await core.sync();
    const record = core.record.trials[number]!;
    const { attempts, worker } = queued(record) ?? NEW;
    if (isFinished(record.state) || worker !== core.worker || outcome.kind === "ended") return;
    if (outcome.kind === "lost") await note(core, record, { attempts, reason: outcome.reason });
    else await note(core, record, { attempts: attempts - 1, reason: DIED });
  });
}

async function note(core: StudyCore, record: TrialRecord, value: Attempts | null): Promise<void> {
  await core.write(trialAttrOp("system", record.id, QUEUE, value)).catch((error: unknown) => {
    if (!isFinished(record.state)) throw error;
  });
}

/**
 * Runs the objective of a claimed trial, from its start or from its last checkpoint, and records how it ends. A result that cannot be stored
 * is kept until it can.
 * @param signal Aborted when the trial is to be handed back
 */
export async function runClaimed(
  core: StudyCore,
  number: number,
  objective: QueuedObjective,
  checkpoint: TrialCheckpoint,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    await core.sync();
    const trial = await core.begin(core.record.trials[number]!, signal);
    const { stored, verdict, thrown } = await runObjective("serveTrials", core, trial, (own) =>
      objective(own, checkpoint),
    );
    if (stored.state !== "RUNNING") return { kind: "ended" };
    if (thrown && signal.aborted) return { kind: "handed back" };
    if (thrown?.error instanceof DeviceLostError) return { kind: "lost", reason: reasonOf(thrown.error) };
    if (thrown?.error instanceof StorageUnavailableError) throw thrown.error;
    await record(core, number, verdict, signal);
    await passOnStop(core);
    return { kind: "ended" };
  } catch (error) {
    // A Redis that was away says nothing about the trial.
    if (error instanceof StorageUnavailableError) return { kind: "handed back" };
    throw error;
  }
}

/** Records how a trial ended, unless another worker has. */
async function record(core: StudyCore, number: number, verdict: Verdict, signal: AbortSignal): Promise<void> {
  await whileAway(signal, async () => {
    try {
      await core.finish(number, verdict);
    } catch (error) {
      if (!isFinished(core.record.trials[number]!.state)) throw error;
    }
  });
}

/** Tells the storage something, again and again while it is away and nobody calls it off. */
async function whileAway(signal: AbortSignal | undefined, tell: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await tell();
    } catch (error) {
      if (!(error instanceof StorageUnavailableError) || signal?.aborted) throw error;
    }
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}
