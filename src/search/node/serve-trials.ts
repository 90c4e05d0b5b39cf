import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Job } from "bullmq";
import { checkInteger, checkNumber, checkOptions, show } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import { loadStudy } from "../create.ts";
import { isFinished } from "../frozen-trial.ts";
import type { Pruner, Sampler } from "../sampler.ts";
import { ANY_NUMBER, loadBullMQ, queueOf, RETRY_MS, type TrialJob } from "./bull.ts";
import { type CheckpointOptions, checkCheckpoints, StoredCheckpoint } from "./checkpoints.ts";
import { claim, leave, type QueuedObjective, runClaimed } from "./claim.ts";
import { JournalRedis } from "./journal-redis.ts";
import { ChildProcesses, inThisProcess, LEAVE_MS, type Run, type Runner } from "./runners.ts";

/** How long a worker that leaves waits for Redis, once its trials are over, in ms. */
const CLOSE_MS = 2000;

/** Options of {@link serveTrials}. */
export interface ServeTrialsOptions {
  /** The Redis: `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly connection: string;
  /** The study's name. It exists already. */
  readonly study: string;
  /** The journal's prefix. Default "". */
  readonly prefix?: string;
  /** How many trials run at the same time. Default 1. */
  readonly jobs?: number;
  /** Seconds after which a worker that is not heard of counts as dead, and others take its trials. All workers say the same. Default 30. */
  readonly gracePeriod?: number;
  /** Where checkpoints are kept, and how large they may be. */
  readonly checkpoints?: CheckpointOptions;
  /** For an objective that is a function; a module exports its own as `sampler`. By default `samplers.TPE`. */
  readonly sampler?: Sampler;
  /** For an objective that is a function; a module exports its own as `pruner`. By default `pruners.Median`. */
  readonly pruner?: Pruner;
  /** Ends the work: a trial that is under way gets 8 seconds to end or to save a checkpoint, and goes back to the queue. */
  readonly signal?: AbortSignal;
  /** Takes a line of text when a trial starts or ends here. */
  readonly log?: (line: string) => void;
}

const OPTIONS = [
  "connection",
  "study",
  "prefix",
  "jobs",
  "gracePeriod",
  "checkpoints",
  "sampler",
  "pruner",
  "signal",
  "log",
];

/**
 * Runs trials that {@link runTrials} has queued, one after the other, until its signal is aborted. Any number of programs on any number of
 * machines may do so; each may come and go, or be killed, at any time. Needs the npm packages `bullmq` and `ioredis`.
 *
 * The objective of a module computes in a child process, so that this one can tell the queue in time that it is alive. A child that
 * dies or whose device is lost (`DeviceLostError`) is replaced, and its trial is tried again, here or elsewhere, from its last checkpoint. An
 * objective that is a function runs in this process: then it must not keep the process busy for as long as `gracePeriod`.
 *
 * @param objective A module whose default export is the objective, by its path or URL; or the objective itself
 * @throws OptionError for options that do not fit; StudyError without such a study; WorkerError if the module cannot be loaded;
 * StorageUnavailableError if Redis is away
 *
 * @example
 * // objective.ts: export default async function (trial, checkpoint) { … return loss; }
 * const stop = new AbortController();
 * process.once("SIGTERM", () => stop.abort());
 * await serveTrials("objective.js", { connection: "redis://localhost", study: "seattle", signal: stop.signal });
 */
export async function serveTrials(
  objective: QueuedObjective | string | URL,
  options: ServeTrialsOptions,
  ...more: never[]
): Promise<void> {
  const where = "serveTrials";
  check(where, objective, options, more);
  const {
    connection,
    study: name,
    prefix = "",
    jobs = 1,
    gracePeriod = 30,
    checkpoints = {},
    signal,
  } = options;
  const { log = () => {}, sampler, pruner } = options;
  if (signal?.aborted) return;
  const journal = new JournalRedis(connection, { prefix });
  const { core } = await loadStudy({
    name,
    storage: journal,
    ...(sampler && { sampler }),
    ...(pruner && { pruner }),
  });
  const checkpointOf = (number: number) => new StoredCheckpoint(journal, core.record.id, number, checkpoints);
  const queue = queueOf(where, journal, core.record.id, signal);
  const { Worker, WaitingError } = await loadBullMQ(where);
  const runner: Runner =
    typeof objective === "function"
      ? inThisProcess((number, stop) => runClaimed(core, number, objective, checkpointOf(number), stop))
      : await ChildProcesses.start(where, {
          module: hrefOf(objective),
          connection,
          prefix,
          study: name,
          checkpoints,
        });
  const active = new Map<string, { readonly run: Run; renewed: number; isOurs: boolean }>();

  const work = async (job: Job<TrialJob>, token?: string) => {
    const { number, attempts } = job.data;
    const handBack = async () => {
      await job.moveToWait(token);
      return new WaitingError();
    };
    if (signal?.aborted) throw await handBack();
    // It has come back, since its lock could not be renewed, and its run here is not over yet. BullMQ tries it again later.
    if (active.has(job.id!)) throw new Error(`trial ${number} is still ending here`);
    const isClaimed = await claim(core, number, attempts);
    const record = core.record.trials[number];
    if (isClaimed) {
      log(`trial ${number} starts`);
      const entry = { run: runner.run(number), renewed: performance.now(), isOurs: true };
      active.set(job.id!, entry);
      if (signal?.aborted) entry.run.stop();
      const outcome = await entry.run.outcome;
      try {
        if (outcome.kind !== "ended") {
          const how = outcome.kind === "lost" ? `lost: ${outcome.reason}` : "handed back";
          log(
            `trial ${number} is ${how}${entry.isOurs ? "" : ": this worker could not say that it is alive"}`,
          );
          await leave(core, number, outcome, signal);
          throw await handBack();
        }
      } finally {
        active.delete(job.id!);
      }
      await core.sync();
    }
    if (!record || !isFinished(record.state)) return;
    const what = record.values?.join(", ") ?? record.reason;
    log(`trial ${number} is ${record.state}${what === null ? "" : `: ${what}`}`);
    await checkpointOf(number).remove();
  };

  const lockDuration = 1000 * gracePeriod;
  const worker = new Worker<TrialJob>(queue.name, work, {
    ...queue.options,
    concurrency: jobs,
    lockDuration,
    stalledInterval: lockDuration,
    maxStalledCount: ANY_NUMBER,
  });
  let lastError = "";
  worker.on("error", ({ message }) => {
    if (message !== lastError) log(`Redis: ${message}`);
    lastError = message;
  });
  let lostAt = Number.NEGATIVE_INFINITY;
  worker.on("ioredis:close", () => {
    lostAt = performance.now();
  });
  // Whoever cannot renew its lock for so long has lost the trial: it must not go on beside the worker that has it now.
  const giveUp = (id: string) => {
    const entry = active.get(id);
    if (!entry) return;
    entry.isOurs = false;
    entry.run.abandon();
  };
  worker.on("locksRenewed", ({ jobIds }) => {
    for (const id of jobIds) {
      const entry = active.get(id);
      if (entry) entry.renewed = performance.now();
    }
  });
  worker.on("lockRenewalFailed", (ids) => ids.forEach(giveUp));
  const watch = setInterval(() => {
    for (const [id, { renewed }] of active) if (performance.now() - renewed > lockDuration) giveUp(id);
  }, lockDuration / 4);

  log(`waits for trials of ${show(name)}`);
  await new Promise<void>((done) => signal?.addEventListener("abort", () => done(), { once: true }));
  for (const { run } of active.values()) run.stop();
  // A client of ioredis never ends that is told to between two attempts to connect: let the next one fail for good.
  if (performance.now() - lostAt < 2 * RETRY_MS) await new Promise((done) => setTimeout(done, 2 * RETRY_MS));
  const closed = worker.close();
  await within(LEAVE_MS, Promise.all([...active.values()].map(({ run }) => run.outcome)));
  // A Redis that is away must not keep a worker that is to leave.
  await within(CLOSE_MS, closed);
  clearInterval(watch);
  runner.close();
  journal.close();
}

/** Waits for something, but no longer than this. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((done) => (timer = setTimeout(done, ms)))]);
  clearTimeout(timer);
}

function hrefOf(objective: string | URL): string {
  return (objective instanceof URL ? objective : pathToFileURL(resolve(objective))).href;
}

function check(
  where: string,
  objective: unknown,
  options: ServeTrialsOptions,
  more: readonly unknown[],
): void {
  const isModule = (typeof objective === "string" && objective !== "") || objective instanceof URL;
  if (!isModule && typeof objective !== "function") {
    throw new OptionError(
      `${where}: objective must be a function of a trial, or the path of a module with one as its default export, got ${show(objective)}`,
    );
  }
  checkOptions(where, options, OPTIONS, more);
  const {
    connection,
    study,
    prefix = "",
    jobs = 1,
    gracePeriod = 30,
    checkpoints = {},
    signal,
    log,
  } = options;
  if (connection === undefined)
    throw new OptionError(`${where}: connection must be the URL of a Redis, got undefined`);
  if (typeof study !== "string" || study === "")
    throw new OptionError(`${where}: study must be the study's name, got ${show(study)}`);
  if (typeof prefix !== "string") throw new OptionError(`${where}: prefix must be text, got ${show(prefix)}`);
  checkInteger(where, "jobs", jobs);
  checkNumber(where, "gracePeriod", gracePeriod, "a number of seconds of at least 1", (n) => n >= 1);
  checkCheckpoints(where, checkpoints);
  if (isModule && (options.sampler || options.pruner))
    throw new OptionError(`${where}: a module exports its own sampler and pruner; leave the options out`);
  if (signal !== undefined && typeof signal.throwIfAborted !== "function")
    throw new OptionError(`${where}: signal must be an AbortSignal, got ${show(signal)}`);
  if (log !== undefined && typeof log !== "function")
    throw new OptionError(`${where}: log must be a function of a line of text, got ${show(log)}`);
}
