import { shorten, show } from "../checks.ts";
import {
  DataError,
  OptionError,
  StorageQuotaError,
  StorageUnavailableError,
  WebGpuLstmError,
} from "../errors.ts";

/** A checkpoint's entry in a store. */
export interface StoredCheckpoint {
  /** The name that it was saved by. */
  readonly name: string;
  /** Its size. */
  readonly bytes: number;
  /** When it was saved. */
  readonly savedAt: Date;
}

/** Named checkpoints. Errors name the failing call; operations are atomic. */
export interface CheckpointStore {
  /** The kind of storage. */
  readonly backend: string;
  /**
   * Saves a checkpoint. It replaces an earlier one of the same name once it is written.
   * @throws StorageQuotaError when the browser has no room; the earlier checkpoint is kept.
   */
  save(name: string, checkpoint: Uint8Array | ArrayBuffer | Blob): Promise<void>;
  /**
   * Loads a checkpoint and compares its checksum. Only checkpoints that version 0.1.0 saved in IndexedDB have none; of them the length is
   * compared.
   * @throws DataError if the checkpoint is missing or damaged.
   */
  load(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** As {@link load}, for a download or an upload. */
  loadBlob(name: string): Promise<Blob>;
  /** All complete checkpoints, oldest first. */
  list(): Promise<readonly StoredCheckpoint[]>;
  /** The newest checkpoint; `undefined` if there is none. */
  latest(): Promise<StoredCheckpoint | undefined>;
  /** Removes a checkpoint; does nothing if it does not exist. */
  remove(name: string): Promise<void>;
  /** Closes the store and keeps its contents. */
  close(): void;
}

/** A file name has at most 255 bytes; the store needs some of them. */
const MAX_NAME = 200;

/** Throws an OptionError for an invalid name of a store or checkpoint. */
export function checkStorageName(where: string, name: unknown): asserts name is string {
  if (typeof name === "string" && name !== "" && encodedLength(name) <= MAX_NAME) return;
  throw new OptionError(`${where}: name must be text of 1 to ${MAX_NAME} characters, got ${show(name)}`);
}

/** Length in a file name; infinite for a lone surrogate, which has no encoding. */
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

/** The error for a missing checkpoint. */
export function missing(where: string, name: string): DataError {
  return new DataError(`${where}: there is no checkpoint ${show(name)}; list() gives those that there are`);
}

/** The error for a checkpoint whose bytes are not those that were saved. */
export function damaged(where: string, name: string): DataError {
  return new DataError(`${where}: checkpoint ${show(name)} is damaged, its checksum differs; save it anew`);
}

/** Converts a browser's error to the public one. */
export function storageError(where: string, cause: unknown): Error {
  if (cause instanceof WebGpuLstmError) return cause;
  const { name, message } = (cause ?? {}) as Partial<DOMException>;
  const said = `${name ?? "Error"}: ${shorten(message || "no message")}`;
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
