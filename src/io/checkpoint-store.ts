import { show } from "../checks.ts";
import {
  DataError,
  OptionError,
  StorageQuotaError,
  StorageUnavailableError,
  WebGpuLstmError,
} from "../errors.ts";

/** What a store knows of one checkpoint. */
export interface StoredCheckpoint {
  readonly name: string;
  readonly bytes: number;
  readonly savedAt: Date;
}

/** Named checkpoints. Every call's error names it; none leaves anything half-done that a later call would find. */
export interface CheckpointStore {
  /** Where it is kept. */
  readonly backend: string;
  /**
   * Saves a checkpoint; under a name that is there already it takes that one's place, once it is written.
   * @throws StorageQuotaError where the browser has no more room: the earlier one is still there then.
   */
  save(name: string, checkpoint: Uint8Array | ArrayBuffer | Blob): Promise<void>;
  /** @throws DataError if there is none of that name, or it is damaged. */
  load(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** As {@link load}, for a download or an upload. */
  loadBlob(name: string): Promise<Blob>;
  /** All that are complete, the one that was saved first first. */
  list(): Promise<readonly StoredCheckpoint[]>;
  /** The one that was saved last; `undefined` if there is none. */
  latest(): Promise<StoredCheckpoint | undefined>;
  /** Removes a checkpoint; does nothing if there is none of that name. */
  remove(name: string): Promise<void>;
  /** Ends the use of the store; what it holds stays. */
  close(): void;
}

/** A file's name has at most 255 bytes, of which the store needs some. */
const MAX_NAME = 200;

/** Throws an OptionError for a name that no store can have, or no checkpoint. */
export function checkStorageName(where: string, name: unknown): asserts name is string {
  if (typeof name === "string" && name !== "" && encodedLength(name) <= MAX_NAME) return;
  throw new OptionError(`${where}: name must be text of 1 to ${MAX_NAME} characters, got ${show(name)}`);
}

/** Length in a file's name; infinite for half a character, which has no encoding. */
function encodedLength(name: string): number {
  try {
    return encodeURIComponent(name).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** The bytes to save. */
export async function bytesOf(where: string, checkpoint: unknown): Promise<Uint8Array<ArrayBuffer>> {
  if (checkpoint instanceof Blob) return new Uint8Array(await checkpoint.arrayBuffer());
  if (checkpoint instanceof ArrayBuffer) return new Uint8Array(checkpoint);
  if (checkpoint instanceof Uint8Array) return checkpoint as Uint8Array<ArrayBuffer>;
  throw new OptionError(
    `${where}: expected bytes, as trainer.checkpoint() and saveCheckpoint() give them, or a Blob, got ${show(checkpoint)}`,
  );
}

/** The error for a checkpoint that is not there. */
export function missing(where: string, name: string): DataError {
  return new DataError(`${where}: there is no checkpoint ${show(name)}; list() gives those that there are`);
}

/** What a browser's refusal means to the caller. */
export function storageError(where: string, cause: unknown): Error {
  if (cause instanceof WebGpuLstmError) return cause;
  const { name, message } = (cause ?? {}) as Partial<DOMException>;
  const said = `${name ?? "Error"}: ${message || "no message"}`;
  if (name === "QuotaExceededError") {
    return new StorageQuotaError(
      `${where}: the browser gives this page no more room (${said}); remove() checkpoints, ask for ` +
        "navigator.storage.persist(), or keep the bytes elsewhere",
      { cause },
    );
  }
  if (name === "SecurityError" || name === "NotAllowedError" || name === "InvalidStateError") {
    return new StorageUnavailableError(
      `${where}: the browser does not let this page store anything (${said})`,
      { cause },
    );
  }
  return new DataError(`${where}: the browser's storage failed (${said})`, { cause });
}
