/**
 * The locks of Optuna's journal files: a symbolic link, or a file that is created exclusively, beside the journal. Who has made it may write.
 */
import { lstat, open, rename, stat, symlink, unlink } from "node:fs/promises";
import { resolve } from "node:path";
import { StorageUnavailableError } from "../../errors.ts";

/** How writers of a file exclude each other; all of them must use the same way. */
export type LockKind = "symlink" | "open";

/** The waits between two attempts, in milliseconds: they double. */
const FIRST_WAIT = 1;
const LONGEST_WAIT = 1000;

export class FileLock {
  readonly #target: string;
  readonly #file: string;
  readonly #kind: LockKind;
  readonly #graceSeconds: number;

  /** @param graceSeconds After which a lock that nobody renews is taken for one that was left behind */
  constructor(path: string, kind: LockKind, graceSeconds: number) {
    this.#target = resolve(path);
    this.#file = `${this.#target}.lock`;
    this.#kind = kind;
    this.#graceSeconds = graceSeconds;
  }

  /** Runs `work` while nobody else has the lock. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    await this.#acquire();
    try {
      return await work();
    } finally {
      await this.#release().catch((cause: unknown) => {
        throw this.#failed(cause);
      });
    }
  }

  async #acquire(): Promise<void> {
    let wait = FIRST_WAIT;
    let seen: string | null = null;
    let since = performance.now();
    for (;;) {
      try {
        await this.#create();
        return;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw this.#failed(cause);
      }
      const state = await this.#state();
      if (state === null) continue; // released just now
      if (state !== seen) {
        seen = state;
        since = performance.now();
      }
      if (performance.now() - since > 1000 * this.#graceSeconds && (await this.#state()) === seen) {
        await this.#release().catch(() => {}); // another waiter was faster
        wait = FIRST_WAIT;
        seen = null;
        continue;
      }
      await new Promise((done) => setTimeout(done, wait));
      wait = Math.min(2 * wait, LONGEST_WAIT);
    }
  }

  async #create(): Promise<void> {
    if (this.#kind === "symlink") await symlink(this.#target, this.#file);
    else await (await open(this.#file, "wx")).close();
  }

  /** What tells one lock, and one moment of its holder's work, from another; `null` without a lock. */
  async #state(): Promise<string | null> {
    try {
      const { ino, mtimeMs } = await lstat(this.#file);
      const journal = await stat(this.#target).catch(() => null);
      return `${ino} ${mtimeMs} ${journal?.mtimeMs} ${journal?.size}`;
    } catch {
      return null;
    }
  }

  /** Removes the lock, under another name first: so of several who do so only one succeeds. */
  async #release(): Promise<void> {
    const renamed = `${this.#file}${crypto.randomUUID()}.rename`;
    await rename(this.#file, renamed);
    await unlink(renamed);
  }

  #failed(cause: unknown): Error {
    const { code, message } = cause as NodeJS.ErrnoException;
    const advice =
      this.#kind === "symlink" && (code === "EPERM" || code === "ENOSYS")
        ? 'this system makes no symbolic links here; use lock: "open", in Python JournalFileOpenLock'
        : "check that the folder exists, may be written to and has room";
    return new StorageUnavailableError(`JournalFile: cannot lock ${this.#target} (${message}); ${advice}`, {
      cause,
    });
  }
}
