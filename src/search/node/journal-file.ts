import { type FileHandle, open } from "node:fs/promises";
import { checkNumber, checkOptions, isObject, show } from "../../checks.ts";
import { DataError, OptionError, StorageUnavailableError } from "../../errors.ts";
import type { Journal } from "../journal.ts";
import { fromPythonJson } from "../python.ts";
import { FileLock, type LockKind } from "./lock.ts";

/** Options of {@link JournalFile}. */
export interface JournalFileOptions {
  /**
   * How writers exclude each other: by a symbolic link (Optuna's default), or by a file that is created exclusively, for Windows and for NFS
   * from version 3 on. All writers of a file must use the same. Default "symlink".
   */
  readonly lock?: LockKind;
  /** Seconds after which a lock whose holder does nothing counts as left behind, and is removed. Default 30. */
  readonly gracePeriod?: number;
}

const NEWLINE = 0x0a;

/** Bytes read at a time. */
const CHUNK = 1 << 20;

/**
 * A journal in a file, which Python's Optuna can read and write at the same time: there it is
 * `JournalStorage(JournalFileBackend("study.log"))`.
 *
 * A line that a crash or a full disk has cut off is removed, at once or before the next one is written; lines before it are never touched.
 *
 * @example
 * const study = await createStudy({ name: "seattle", storage: new JournalFile("study.log"), loadIfExists: true });
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.storages.journal.JournalFileBackend.html
 */
export class JournalFile implements Journal {
  readonly path: string;
  readonly #lock: FileLock;
  /** Complete lines read so far, and the bytes that they take. */
  #lines = 0;
  #bytes = 0;

  constructor(path: string, options: JournalFileOptions = {}, ...more: never[]) {
    const where = "JournalFile";
    if (typeof path !== "string" || path === "")
      throw new OptionError(`${where}: path must be the name of a file, got ${show(path)}`);
    checkOptions(where, options, ["lock", "gracePeriod"], more);
    const { lock = "symlink", gracePeriod = 30 } = options;
    if (lock !== "symlink" && lock !== "open")
      throw new OptionError(`${where}: lock must be "symlink" or "open", got ${show(lock)}`);
    checkNumber(where, "gracePeriod", gracePeriod, "a number of seconds above 0", (n) => n > 0);
    this.path = path;
    this.#lock = new FileLock(path, lock, gracePeriod);
  }

  append(lines: readonly string[]): Promise<void> {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
    return this.#lock.hold(async () => {
      const file = await this.#open("a+");
      try {
        await this.#repair(file);
        await this.#write(file, bytes);
      } catch (cause) {
        throw cause instanceof StorageUnavailableError ? cause : this.#failed("write to", cause);
      } finally {
        await file.close();
      }
    });
  }

  /**
   * Writes lines. Where the disk is full in the middle of one, its beginning is removed: Optuna would write its next line behind it. Whole
   * lines stay, since others may have read them.
   */
  async #write(file: FileHandle, bytes: Buffer): Promise<void> {
    let written = 0;
    try {
      while (written < bytes.length) written += (await file.write(bytes, written)).bytesWritten;
      await file.sync();
    } catch (cause) {
      const error = this.#failed("write to", cause);
      if (written === bytes.length) throw error;
      const whole = bytes.subarray(0, bytes.subarray(0, written).lastIndexOf(NEWLINE) + 1);
      const { size } = await file.stat();
      await file.truncate(size - written + whole.length);
      await file.sync();
      throw Object.assign(error, { stored: whole.toString().split("\n").length - 1 });
    }
  }

  /** Removes what is left of a line whose writer has died; completes one that lacks only its end. The lock is ours. */
  async #repair(file: FileHandle): Promise<void> {
    const { size } = await file.stat();
    if (size === 0) return;
    let tail = Buffer.alloc(0);
    for (let from = size; from > 0; ) {
      const length = Math.min(4096, from);
      from -= length;
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, from);
      tail = Buffer.concat([buffer, tail]);
      const end = tail.lastIndexOf(NEWLINE);
      if (end < 0 && from > 0) continue;
      const torn = tail.subarray(end + 1);
      if (torn.length === 0) return;
      if (isRecord(torn.toString())) await file.write("\n");
      else await file.truncate(size - torn.length);
      return;
    }
  }

  /** Reads on from where the last call ended. Without a file there are no lines. */
  async read(from: number): Promise<readonly string[]> {
    const file = await this.#open("r").catch((error: StorageUnavailableError) => {
      if ((error.cause as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    });
    if (!file) return [];
    try {
      if (from < this.#lines) this.#lines = this.#bytes = 0;
      const { size } = await file.stat();
      if (size < this.#bytes) {
        throw new DataError(
          `JournalFile: ${this.path} has become shorter, from ${this.#bytes} to ${size} bytes; a journal only grows: open it again`,
        );
      }
      const lines = await this.#readLines(file, size);
      const first = this.#lines;
      this.#lines += lines.length;
      return lines.slice(from - first);
    } catch (cause) {
      throw cause instanceof DataError ? cause : this.#failed("read", cause);
    } finally {
      await file.close();
    }
  }

  /** The complete lines from where the last call ended to `size`. */
  async #readLines(file: FileHandle, size: number): Promise<string[]> {
    const lines: string[] = [];
    let rest = Buffer.alloc(0);
    for (let at = this.#bytes; at < size; ) {
      const length = Math.min(CHUNK, size - at);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      const text = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      const end = text.lastIndexOf(NEWLINE) + 1;
      if (end > 0) {
        const whole = text.toString("utf8", 0, end - 1);
        lines.push(...whole.split("\n"));
        this.#bytes += end;
      }
      rest = text.subarray(end);
    }
    return lines;
  }

  async #open(flags: string): Promise<FileHandle> {
    try {
      return await open(this.path, flags);
    } catch (cause) {
      throw this.#failed("open", cause);
    }
  }

  #failed(what: string, cause: unknown): StorageUnavailableError {
    const { message } = cause as Error;
    return new StorageUnavailableError(
      `JournalFile: cannot ${what} ${this.path} (${message}); check the path, its permissions and the room on the disk`,
      { cause },
    );
  }
}

function isRecord(text: string): boolean {
  try {
    return isObject(fromPythonJson(text));
  } catch {
    return false;
  }
}
