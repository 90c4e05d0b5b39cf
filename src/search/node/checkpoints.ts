/** Where trials of a queue keep their checkpoints: in Redis, or in a folder that all workers share. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkInteger, checkNoMore, checkOptions, show } from "../../checks.ts";
import { OptionError, StorageUnavailableError } from "../../errors.ts";
import type { JournalRedis } from "./journal-redis.ts";

/** Options of the checkpoints of {@link serveTrials}. */
export interface CheckpointOptions {
  /** A folder that all workers share. By default they are kept in Redis. */
  readonly folder?: string;
  /** The most bytes of one checkpoint. Default 64 MiB. */
  readonly maxBytes?: number;
}

/** A trial's place for a checkpoint, from which another worker goes on if this one dies. It is removed when the trial ends. */
export interface TrialCheckpoint {
  /** The last one that was saved; `null` if there is none. */
  load(): Promise<Uint8Array | null>;
  /**
   * Saves one, such as `await trainer.checkpoint()`, in place of the one before.
   * @throws OptionError if it is larger than the workers' `maxBytes`
   */
  save(bytes: Uint8Array, ...more: never[]): Promise<void>;
}

const MAX_BYTES = 64 << 20;

export function checkCheckpoints(where: string, options: CheckpointOptions): void {
  checkOptions(`${where}: checkpoints`, options, ["folder", "maxBytes"]);
  const { folder, maxBytes = MAX_BYTES } = options;
  if (folder !== undefined && (typeof folder !== "string" || folder === ""))
    throw new OptionError(`${where}: folder must be the name of a folder, got ${show(folder)}`);
  checkInteger(where, "maxBytes", maxBytes);
}

/** The checkpoint of one trial. */
export class StoredCheckpoint implements TrialCheckpoint {
  readonly #place: Place;
  readonly #maxBytes: number;

  constructor(journal: JournalRedis, studyId: number, number: number, options: CheckpointOptions) {
    const { folder, maxBytes = MAX_BYTES } = options;
    this.#place =
      folder === undefined
        ? inRedis(journal, `${journal.prefix}:checkpoint:${studyId}:${number}`)
        : inFolder(folder, join(folder, `study-${studyId}-trial-${number}.checkpoint`));
    this.#maxBytes = maxBytes;
  }

  load(): Promise<Uint8Array | null> {
    return this.#place.load();
  }

  async save(bytes: Uint8Array, ...more: never[]): Promise<void> {
    const where = "TrialCheckpoint.save";
    checkNoMore(where, more);
    if (!(bytes instanceof Uint8Array))
      throw new OptionError(`${where}: bytes must be a Uint8Array, got ${show(bytes)}`);
    if (bytes.byteLength > this.#maxBytes) {
      throw new OptionError(
        `${where}: a checkpoint may have ${this.#maxBytes} bytes, got ${bytes.byteLength}; give serveTrials more as checkpoints.maxBytes`,
      );
    }
    await this.#place.save(bytes);
  }

  remove(): Promise<void> {
    return this.#place.remove();
  }
}

interface Place {
  load(): Promise<Uint8Array | null>;
  save(bytes: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

function inRedis({ connection }: JournalRedis, key: string): Place {
  return {
    load: () => connection.run((redis) => redis.getBuffer(key)),
    save: async (bytes) => {
      const { buffer, byteOffset, byteLength } = bytes;
      await connection.run((redis) => redis.set(key, Buffer.from(buffer, byteOffset, byteLength)));
    },
    remove: async () => void (await connection.run((redis) => redis.del(key))),
  };
}

function inFolder(folder: string, file: string): Place {
  const failed = (cause: unknown) =>
    new StorageUnavailableError(
      `TrialCheckpoint: cannot use the folder ${folder} (${(cause as Error).message}); check that every worker may write to it`,
      { cause },
    );
  return {
    load: async () => {
      try {
        return await readFile(file);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw failed(cause);
      }
    },
    // Under another name first: a worker that dies here leaves the old one whole.
    save: async (bytes) => {
      const half = `${file}.${crypto.randomUUID()}.half`;
      try {
        await mkdir(folder, { recursive: true });
        await writeFile(half, bytes, { flush: true });
        await rename(half, file);
      } catch (cause) {
        await rm(half, { force: true }).catch(() => {});
        throw failed(cause);
      }
    },
    remove: () => rm(file, { force: true }),
  };
}
