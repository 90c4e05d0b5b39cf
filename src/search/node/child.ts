/** The process in which a worker's objective computes: started by child-process.ts, which tells it what to do. */

import { loadStudy } from "../create.ts";
import { reasonOf } from "../optimize.ts";
import type { Pruner, Sampler } from "../sampler.ts";
import type { Study } from "../study.ts";
import { StoredCheckpoint } from "./checkpoints.ts";
import type { FromChild, Setup, ToChild } from "./child-process.ts";
import { type Outcome, type QueuedObjective, runClaimed } from "./claim.ts";
import { JournalRedis } from "./journal-redis.ts";

/** What the module of an objective exports. */
interface ObjectiveModule {
  readonly default?: unknown;
  readonly sampler?: Sampler;
  readonly pruner?: Pruner;
}

let job: { readonly study: Study; readonly objective: QueuedObjective; readonly setup: Setup } | null = null;
let stop = new AbortController();

async function setUp(setup: Setup): Promise<void> {
  const { default: objective, sampler, pruner } = (await import(setup.module)) as ObjectiveModule;
  if (typeof objective !== "function")
    throw new TypeError(
      `the module's default export must be the objective, a function of a trial, got ${typeof objective}`,
    );
  const storage = new JournalRedis(setup.connection, { prefix: setup.prefix });
  const study = await loadStudy({
    name: setup.study,
    storage,
    ...(sampler && { sampler }),
    ...(pruner && { pruner }),
  });
  job = { study, objective: objective as QueuedObjective, setup };
}

async function run(number: number): Promise<Outcome> {
  const { study, objective, setup } = job!;
  const { core } = study;
  const checkpoint = new StoredCheckpoint(
    core.journal as JournalRedis,
    core.record.id,
    number,
    setup.checkpoints,
  );
  return runClaimed(core, number, objective, checkpoint, stop.signal);
}

function say(message: FromChild): void {
  process.send?.(message);
}

process.on("message", (message: ToChild) => {
  if (message.kind === "set up") {
    setUp(message.setup).then(
      () => say({ kind: "ready" }),
      (error: unknown) => say({ kind: "unable", reason: reasonOf(error) }),
    );
  } else if (message.kind === "run") {
    stop = new AbortController();
    run(message.number).then(
      (outcome) => say({ kind: "outcome", outcome }),
      (error: unknown) => say({ kind: "outcome", outcome: { kind: "lost", reason: reasonOf(error) } }),
    );
  } else
    stop.abort(new DOMException("the worker is leaving; the trial goes back to the queue", "AbortError"));
});
// A worker that is gone has lost its trials; another one goes on with them.
process.on("disconnect", () => process.exit(1));
// A terminal and service managers send these to all processes of a group: the worker decides.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
