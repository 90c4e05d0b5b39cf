/**
 * Studies in files and in Redis, for Node.
 * @packageDocumentation
 */
export { JournalFile, type JournalFileOptions } from "./journal-file.ts";
export { JournalRedis, type JournalRedisOptions } from "./journal-redis.ts";
export type { LockKind } from "./lock.ts";
