/**
 * Checkpoints in the browser: in the origin's private file system (OPFS) or in IndexedDB. If saving fails, the earlier
 * checkpoint of that name can still be loaded.
 */
import { checkOptions, show } from "../checks.ts";
import { OptionError, StorageUnavailableError } from "../errors.ts";
import { type CheckpointStore, checkStorageName } from "./checkpoint-store.ts";
import { openIndexedDbStore } from "./indexeddb-store.ts";
import { openOpfsStore } from "./opfs-store.ts";

export type { CheckpointStore, StoredCheckpoint } from "./checkpoint-store.ts";

/** How {@link openCheckpointStore} opens a store. */
export interface CheckpointStoreOptions {
  /** Name of the store: its folder or database. Default "webgpu-lstm". */
  readonly name?: string;
  /** Kind of storage; by default OPFS if the runtime can write there, else IndexedDB. */
  readonly backend?: "opfs" | "indexeddb";
}

/**
 * Opens a store of this origin; a new name makes an empty one.
 *
 * @example
 * const store = await openCheckpointStore();
 * await store.save("seattle", await trainer.checkpoint());
 * const last = await store.latest();
 * if (last) await trainer.resume(await store.load(last.name));
 *
 * @throws StorageUnavailableError without such storage: in Node, in some private windows, or if the user denies it.
 */
export async function openCheckpointStore(
  options: CheckpointStoreOptions = {},
  ...more: never[]
): Promise<CheckpointStore> {
  const where = "openCheckpointStore";
  checkOptions(where, options, ["name", "backend"], more);
  const { name = "webgpu-lstm", backend } = options;
  checkStorageName(where, name);
  if (backend !== undefined && backend !== "opfs" && backend !== "indexeddb") {
    throw new OptionError(`${where}: backend must be "opfs" or "indexeddb", got ${show(backend)}`);
  }
  if (backend === "indexeddb") return openIndexedDbStore(where, name);
  if (backend === "opfs") return openOpfsStore(where, name);
  try {
    return await openOpfsStore(where, name);
  } catch (error) {
    if (!(error instanceof StorageUnavailableError)) throw error;
    return openIndexedDbStore(where, name);
  }
}
