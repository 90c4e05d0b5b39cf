import { show } from "../checks.ts";
import { DataError, OptionError } from "../errors.ts";
import type { Journal } from "./journal.ts";
import type { Operation } from "./operations.ts";
import { toPythonJson } from "./python.ts";
import { type Outcome, Replay } from "./replay.ts";

/** A line on its way into the journal. */
interface Pending {
  readonly line: string;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A journal and what its lines make. Lines are appended in the order of the calls, those of one turn together, and each call settles when
 * its line has been read back: only then is it known what other writers' lines came before it.
 */
export class Storage {
  readonly replay = new Replay();
  readonly journal: Journal;
  /** As Optuna names its workers; one writer of this program does not see itself as two. */
  readonly worker = `${crypto.randomUUID()}-0`;
  #queue: Pending[] = [];
  /** Appended, not yet read back. */
  readonly #sent: Pending[] = [];
  #turn: Promise<void> = Promise.resolve();
  #scheduled = false;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  /** Appends a line. Resolves with what it did; rejects if it came too late, or cannot be stored. */
  write(operation: Operation): Promise<Outcome> {
    const { op_code, ...fields } = operation;
    const line = toPythonJson({ op_code, worker_id: this.worker, ...fields });
    const written = new Promise<Outcome>((resolve, reject) => this.#queue.push({ line, resolve, reject }));
    // Whoever needs the outcome awaits it, maybe later.
    written.catch(() => {});
    if (!this.#scheduled) {
      this.#scheduled = true;
      // Errors reach the writers of the lines, and the next sync.
      this.sync().catch(() => {});
    }
    return written;
  }

  /** Appends what waits, and takes all lines that there are by now. */
  sync(): Promise<void> {
    const turn = this.#turn.then(() => this.#exchange());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #exchange(): Promise<void> {
    this.#scheduled = false;
    const batch = this.#queue;
    this.#queue = [];
    let failure: { readonly error: unknown } | null = null;
    if (batch.length > 0) {
      try {
        await this.journal.append(batch.map(({ line }) => line));
        this.#sent.push(...batch);
      } catch (error) {
        const { stored = 0 } = (error ?? {}) as { readonly stored?: number };
        this.#sent.push(...batch.splice(0, stored));
        for (const { reject } of batch) reject(error);
        if (stored === 0) throw error;
        failure = { error };
      }
    }
    try {
      for (const line of await this.journal.read(this.replay.lines)) this.#take(line);
    } catch (error) {
      for (const { reject } of this.#sent.splice(0)) reject(error);
      throw error;
    }
    // Whoever waits for a line that was taken and then lost would wait for ever.
    for (const { line, reject } of this.#sent.splice(0)) reject(lost(line));
    if (failure) throw failure.error;
  }

  #take(line: string): void {
    const at = line.includes(this.worker) ? this.#sent.findIndex((pending) => pending.line === line) : -1;
    const pending = at < 0 ? undefined : this.#sent.splice(at, 1)[0];
    try {
      const outcome = this.replay.apply(line, pending !== undefined);
      pending?.resolve(outcome);
    } catch (error) {
      if (!pending) throw error;
      pending.reject(error);
    }
  }
}

const lost = (line: string) =>
  new DataError(
    `Study: the journal took a line and does not have it (${line.slice(0, 80)}); its storage has lost data, for example a Redis that ` +
      "crashed without appendfsync always. Open the study again",
  );

const storages = new WeakMap<Journal, Storage>();

/** The one storage of a journal: studies that are opened with the same journal share it. */
export function storageOf(where: string, journal: unknown): Storage {
  const { append, read } = (journal ?? {}) as Partial<Journal>;
  if (typeof append !== "function" || typeof read !== "function") {
    throw new OptionError(
      `${where}: storage must be a journal, such as new MemoryJournal(), or new JournalFile("study.log") of webgpu-lstm/search/node, ` +
        `got ${show(journal)}`,
    );
  }
  let storage = storages.get(journal as Journal);
  if (!storage) {
    storage = new Storage(journal as Journal);
    storages.set(journal as Journal, storage);
  }
  return storage;
}
