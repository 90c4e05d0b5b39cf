/**
 * Studies in files, for Node.
 * @packageDocumentation
 */
export { JournalFile, type JournalFileOptions } from "./journal-file.ts";
export type { LockKind } from "./lock.ts";
