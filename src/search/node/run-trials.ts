import { checkInteger, checkOptions, show } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import { type FrozenTrial, isFinished } from "../frozen-trial.ts";
import { Study } from "../study.ts";
import { jobOptions, loadBullMQ, queueOf } from "./bull.ts";
import { isQueued, passOnStop } from "./claim.ts";

/** Options of {@link runTrials}. */
export interface RunTrialsOptions {
  /**
   * New trials; 0 to wait for those alone that wait or run already, such as those of `study.enqueueTrial`. After `study.stop()` in a callback,
   * or where the workers' sampler has tried everything (`samplers.Grid`), those that have not started end as FAIL; only what `enqueueTrial`
   * asks for is still run.
   */
  readonly trials: number;
  /** How often a trial is tried whose worker dies or loses its device; then it is FAIL. Default 3. */
  readonly attempts?: number;
  /** Ends the waiting. The trials stay in the queue, and workers go on with them. */
  readonly signal?: AbortSignal;
  /** Called after each trial, and awaited. */
  readonly callbacks?: readonly ((study: Study, trial: FrozenTrial) => unknown)[];
}

/** Milliseconds between two looks at the study. */
const LOOK_MS = 100;

/** Milliseconds after which jobs that are missing are queued again: a Redis without its file may have lost them. */
const REPAIR_MS = 20_000;

/**
 * Queues trials for the workers of {@link serveTrials}, and waits until they have ended. Several programs may do so for one study. A program that
 * was killed in it goes on with `trials: 0`. Needs the npm packages `bullmq` and `ioredis`.
 *
 * @example
 * const study = await createStudy({ name: "seattle", storage: new JournalRedis(url), loadIfExists: true });
 * await runTrials(study, { trials: 40 });
 * console.log(study.bestValue, study.bestParams);
 *
 * @throws OptionError if the study's storage is no JournalRedis; StorageUnavailableError if Redis is away for longer than its `patience`; the
 * signal's reason if it is aborted
 */
export async function runTrials(study: Study, options: RunTrialsOptions, ...more: never[]): Promise<void> {
  const where = "runTrials";
  if (!(study instanceof Study)) throw new OptionError(`${where}: study must be a study, got ${show(study)}`);
  checkOptions(where, options, ["trials", "attempts", "signal", "callbacks"], more);
  const { trials, attempts = 3, signal, callbacks = [] } = options;
  checkInteger(where, "trials", trials, 0);
  checkInteger(where, "attempts", attempts);
  if (signal !== undefined && typeof signal.throwIfAborted !== "function")
    throw new OptionError(`${where}: signal must be an AbortSignal, got ${show(signal)}`);
  if (!Array.isArray(callbacks) || callbacks.some((callback) => typeof callback !== "function"))
    throw new OptionError(`${where}: callbacks must be a list of functions, got ${show(callbacks)}`);
  signal?.throwIfAborted();

  const { core } = study;
  const over = new AbortController();
  const { name, options: connection } = queueOf(where, core.journal, core.record.id, over.signal);
  const { Queue } = await loadBullMQ(where);
  core.stopping = false;
  await untilAborted(core.sync(), signal);
  // One line each, all in one piece.
  const added = Array.from({ length: trials }, () => core.add({ state: "WAITING" }));
  await untilAborted(Promise.all(added), signal);
  const all = core.record.trials;
  const open = new Set(all.filter(isQueued).map(({ number }) => number));
  const queue = new Queue(name, connection);
  // The journal's connection says when Redis is away; this one waits for it.
  queue.on("error", () => {});
  try {
    let repaired = Number.NEGATIVE_INFINITY;
    for (;;) {
      signal?.throwIfAborted();
      await untilAborted(core.sync(), signal);
      for (const number of open) {
        const trial = all[number]!;
        if (!isFinished(trial.state)) continue;
        open.delete(number);
        for (const callback of callbacks) await callback(study, trial.copy());
        await passOnStop(core);
      }
      if (open.size === 0) return;
      if (performance.now() - repaired > REPAIR_MS) {
        const missing = [...open].filter((number) => isQueued(all[number]!));
        const jobs = missing.map((number) => ({
          name: "trial",
          data: { number, attempts },
          opts: jobOptions(number),
        }));
        await untilAborted(queue.addBulk(jobs), signal);
        repaired = performance.now();
      }
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  } finally {
    over.abort();
    await queue.close();
  }
}

/** Waits no longer than the signal lets it. */
async function untilAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return void (await work);
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  work.catch(() => {});
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
