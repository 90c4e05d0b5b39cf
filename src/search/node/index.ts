/**
 * Studies in files and in Redis, and a queue of trials for several machines, for Node.
 * @packageDocumentation
 */
export type { CheckpointOptions, TrialCheckpoint } from "./checkpoints.ts";
export type { QueuedObjective } from "./claim.ts";
export { JournalFile, type JournalFileOptions } from "./journal-file.ts";
export { JournalRedis, type JournalRedisOptions } from "./journal-redis.ts";
export type { LockKind } from "./lock.ts";
export { type RunTrialsOptions, runTrials } from "./run-trials.ts";
export { type ServeTrialsOptions, serveTrials } from "./serve-trials.ts";
