/** The queue of a study: BullMQ's, in the Redis of its journal. */
import { OptionError } from "../../errors.ts";
import { JournalRedis } from "./journal-redis.ts";
import { importOptional } from "./redis.ts";

/** What a job holds: which trial, and how often it may be tried. */
export interface TrialJob {
  readonly number: number;
  readonly attempts: number;
}

export function loadBullMQ(where: string): Promise<typeof import("bullmq")> {
  return importOptional(where, () => import("bullmq"), "bullmq");
}

/** Milliseconds between two attempts to reach a Redis that is away. */
export const RETRY_MS = 500;

/**
 * The queue's name and its options, of a study by its id.
 * @param signal Aborted when a Redis that is away is of no interest any more
 */
export function queueOf(where: string, journal: unknown, studyId: number, signal?: AbortSignal) {
  if (!(journal instanceof JournalRedis) || journal.cluster)
    throw new OptionError(
      `${where}: the study's storage must be a JournalRedis, without cluster: true; the queue is in the same Redis`,
    );
  const retryStrategy = () => (signal?.aborted ? null : RETRY_MS);
  const connection = { ...journal.address, maxRetriesPerRequest: null, retryStrategy };
  return { name: `study-${studyId}`, options: { connection, prefix: `${journal.prefix}:queue` } };
}

/** More than any job reaches: how often a trial is tried is in the study, and not the queue's to count. */
export const ANY_NUMBER = 1_000_000;

/**
 * A trial's job has one name, so that it is not queued twice; when the trial has ended, the journal alone knows of it. A worker that cannot reach
 * the journal leaves the job to be tried again.
 */
export const jobOptions = (number: number) => ({
  jobId: `trial-${number}`,
  removeOnComplete: true,
  removeOnFail: true,
  attempts: ANY_NUMBER,
  backoff: { type: "fixed", delay: 1000 },
});
