/**
 * A database with the checkpoints' bytes in one table and their index in another, so that listing does not read the
 * bytes. Both are written in one atomic transaction.
 *
 * @see https://w3c.github.io/IndexedDB/
 */
import { StorageUnavailableError } from "../errors.ts";
import {
  bytesOf,
  type CheckpointStore,
  checkStorageName,
  damaged,
  missing,
  type StoredCheckpoint,
  storageError,
} from "./checkpoint-store.ts";
import { crc32 } from "./crc32.ts";
import { answerOf, inTransaction } from "./indexeddb.ts";

const CONTENT = "content";
const INDEX = "index";

/** A row of the index, by name. */
interface Entry {
  readonly name: string;
  readonly bytes: number;
  readonly savedAt: number;
  /** Order of saving. */
  readonly number: number;
  /** CRC-32 of the content; version 0.1.0 did not store it. */
  readonly crc?: number;
}

/** @throws StorageUnavailableError if the runtime has no IndexedDB, or denies it to this page. */
export async function openIndexedDbStore(where: string, name: string): Promise<CheckpointStore> {
  const factory = (globalThis as { indexedDB?: IDBFactory }).indexedDB;
  if (!factory) {
    throw new StorageUnavailableError(
      `${where}: this runtime has no IndexedDB; keep the bytes yourself, in a file`,
    );
  }
  try {
    const opening = factory.open(`webgpu-lstm/${name}`, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(CONTENT);
      opening.result.createObjectStore(INDEX, { keyPath: "name" });
    };
    return new IndexedDbStore(await answerOf(opening));
  } catch (cause) {
    throw storageError(where, cause);
  }
}

class IndexedDbStore implements CheckpointStore {
  readonly backend = "indexeddb";
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
    // Another tab wants to delete or upgrade the database: do not block it.
    database.onversionchange = () => database.close();
  }

  async save(name: string, checkpoint: Uint8Array | ArrayBuffer | Blob): Promise<void> {
    const where = "CheckpointStore.save";
    checkStorageName(where, name);
    const bytes = await bytesOf(where, checkpoint);
    // A view may be a small part of a large buffer; store only that part.
    const copy = bytes.slice();
    const content = copy.buffer;
    const crc = crc32(copy);
    await this.#transaction(where, "readwrite", async (index, contents) => {
      const entries = await answerOf<Entry[]>(index.getAll());
      const number = Math.max(0, ...entries.map((entry) => entry.number)) + 1;
      contents.put(content, name);
      index.put({ name, bytes: content.byteLength, savedAt: Date.now(), number, crc } satisfies Entry);
    });
  }

  async load(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const where = "CheckpointStore.load";
    checkStorageName(where, name);
    const [entry, content] = await this.#transaction(where, "readonly", (index, contents) => {
      const both = [
        answerOf<Entry | undefined>(index.get(name)),
        answerOf<unknown>(contents.get(name)),
      ] as const;
      return Promise.all(both);
    });
    if (!entry && content === undefined) throw missing(where, name);
    if (!entry || !(content instanceof ArrayBuffer)) throw damaged(where, name);
    const bytes = new Uint8Array(content);
    if (bytes.length !== entry.bytes || crc32(bytes) !== (entry.crc ?? crc32(bytes)))
      throw damaged(where, name);
    return bytes;
  }

  async loadBlob(name: string): Promise<Blob> {
    return new Blob([await this.load(name)], { type: "application/octet-stream" });
  }

  async list(): Promise<readonly StoredCheckpoint[]> {
    const entries = await this.#transaction("CheckpointStore.list", "readonly", (index) => {
      return answerOf<Entry[]>(index.getAll());
    });
    const sorted = [...entries].sort((a, b) => a.number - b.number);
    return sorted.map(({ name, bytes, savedAt }) => ({ name, bytes, savedAt: new Date(savedAt) }));
  }

  async latest(): Promise<StoredCheckpoint | undefined> {
    return (await this.list()).at(-1);
  }

  async remove(name: string): Promise<void> {
    const where = "CheckpointStore.remove";
    checkStorageName(where, name);
    await this.#transaction(where, "readwrite", async (index, contents) => {
      contents.delete(name);
      index.delete(name);
    });
  }

  close(): void {
    this.#database.close();
  }

  #transaction<T>(
    where: string,
    mode: IDBTransactionMode,
    work: (index: IDBObjectStore, contents: IDBObjectStore) => Promise<T>,
  ): Promise<T> {
    return inTransaction(where, this.#database, [INDEX, CONTENT], mode, (transaction) =>
      work(transaction.objectStore(INDEX), transaction.objectStore(CONTENT)),
    );
  }
}
