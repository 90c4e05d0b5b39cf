/**
 * A journal in IndexedDB: a database with one table, its lines by their numbers. A transaction appends at the end of the table, so tabs and
 * workers can write at the same time, and a page that is closed leaves no half of a line. (A file of OPFS would be copied whole for
 * each line, or belong to one worker alone.)
 *
 * @see https://w3c.github.io/IndexedDB/
 */
import { checkOptions } from "../checks.ts";
import { StorageUnavailableError } from "../errors.ts";
import { checkStorageName, storageError } from "../io/checkpoint-store.ts";
import { answerOf, inTransaction } from "../io/indexeddb.ts";
import type { Journal } from "./journal.ts";

const LINES = "lines";

/** A journal that the browser keeps. */
export interface StoredJournal extends Journal {
  /** The journal as a file of Optuna: its lines, each with its end. Offer it as a download. */
  text(): Promise<string>;
  /** Removes all lines, and with them every study. Studies that are open must not be used any more. */
  clear(): Promise<void>;
  /** Closes the database. The lines stay. */
  close(): void;
}

/** Options of {@link openJournal}. */
export interface JournalOptions {
  /** Name of the journal's database. Default "webgpu-lstm". */
  readonly name?: string;
}

/**
 * Opens a journal of this origin; a new name makes an empty one. Pages and workers may open it at the same time.
 *
 * @example
 * const study = await createStudy({ name: "seattle", storage: await openJournal(), loadIfExists: true });
 * await study.requeueRunning(); // what the page left when it was closed
 *
 * @throws StorageUnavailableError without IndexedDB: in Node, in some private windows, or if the user denies it.
 */
export async function openJournal(options: JournalOptions = {}, ...more: never[]): Promise<StoredJournal> {
  const where = "openJournal";
  checkOptions(where, options, ["name"], more);
  const { name = "webgpu-lstm" } = options;
  checkStorageName(where, name);
  const factory = (globalThis as { indexedDB?: IDBFactory }).indexedDB;
  if (!factory) {
    throw new StorageUnavailableError(
      `${where}: this runtime has no IndexedDB; use a MemoryJournal, or in Node a JournalFile of webgpu-lstm/search/node`,
    );
  }
  try {
    const opening = factory.open(`webgpu-lstm/search/${name}`, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(LINES);
    return new IndexedDbJournal(await answerOf(opening));
  } catch (cause) {
    throw storageError(where, cause);
  }
}

class IndexedDbJournal implements StoredJournal {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
    // Another tab wants to delete the database: do not block it.
    database.onversionchange = () => database.close();
  }

  async append(lines: readonly string[]): Promise<void> {
    await this.#transaction("Journal.append", "readwrite", async (table) => {
      const count = await answerOf(table.count());
      for (const [i, line] of lines.entries()) table.add(line, count + i);
    });
  }

  read(from: number): Promise<readonly string[]> {
    return this.#transaction("Journal.read", "readonly", (table) =>
      answerOf<string[]>(table.getAll(IDBKeyRange.lowerBound(from))),
    );
  }

  async text(): Promise<string> {
    return (await this.read(0)).map((line) => `${line}\n`).join("");
  }

  async clear(): Promise<void> {
    await this.#transaction("Journal.clear", "readwrite", async (table) => {
      table.clear();
    });
  }

  close(): void {
    this.#database.close();
  }

  #transaction<T>(
    where: string,
    mode: IDBTransactionMode,
    work: (table: IDBObjectStore) => Promise<T>,
  ): Promise<T> {
    return inTransaction(where, this.#database, [LINES], mode, (transaction) =>
      work(transaction.objectStore(LINES)),
    );
  }
}
