/**
 * A folder of the origin's private file system. A checkpoint is a file `NAME@NUMBER`: its bytes, then a footer. A file without
 * a complete footer was left by a crash and is ignored. Saving under an existing name writes a file with a higher number, then
 * removes the earlier one.
 *
 * @see https://fs.spec.whatwg.org/
 */
import { show } from "../checks.ts";
import { DataError, StorageUnavailableError } from "../errors.ts";
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

/** Bytes of the footer: mark, length of the content (u64), its CRC-32 (u32), zeros (u32); little-endian. */
const FOOTER = 24;
const MARK = new TextEncoder().encode("wglstmCK");
const NUMBER_DIGITS = 12;

/** A file of the folder: a checkpoint, complete or not. */
interface Version {
  readonly file: string;
  readonly name: string;
  readonly number: number;
}

/** A complete version. */
interface Complete extends Version {
  readonly content: File;
  readonly bytes: number;
  readonly crc: number;
}

/** Writes to a file in a worker without `createWritable`; TypeScript declares it only for workers. */
interface SyncAccess {
  write(data: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

type Writer = FileSystemFileHandle & { createSyncAccessHandle?: () => Promise<SyncAccess> };

/** @throws StorageUnavailableError if the runtime has no such file system, or cannot write to it here. */
export async function openOpfsStore(where: string, name: string): Promise<CheckpointStore> {
  const storage = (globalThis as { navigator?: Partial<Navigator> }).navigator?.storage;
  if (typeof storage?.getDirectory !== "function" || typeof FileSystemFileHandle === "undefined") {
    throw new StorageUnavailableError(
      `${where}: this runtime has no origin private file system; use backend "indexeddb", or keep the bytes yourself`,
    );
  }
  const prototype = FileSystemFileHandle.prototype as Partial<Writer>;
  const inWorker = typeof document === "undefined";
  if (!prototype.createWritable && !(inWorker && prototype.createSyncAccessHandle)) {
    throw new StorageUnavailableError(
      `${where}: this browser writes to its private file system in workers alone; open the store there, or use backend "indexeddb"`,
    );
  }
  try {
    const root = await storage.getDirectory();
    return new OpfsStore(await root.getDirectoryHandle(encodeURIComponent(name), { create: true }), name);
  } catch (cause) {
    throw storageError(where, cause);
  }
}

class OpfsStore implements CheckpointStore {
  readonly backend = "opfs";
  readonly #folder: FileSystemDirectoryHandle;
  readonly #name: string;

  constructor(folder: FileSystemDirectoryHandle, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  async save(name: string, checkpoint: Uint8Array | ArrayBuffer | Blob): Promise<void> {
    const where = "CheckpointStore.save";
    checkStorageName(where, name);
    const bytes = await bytesOf(where, checkpoint);
    await this.#locked(where, async () => {
      const versions = await this.#versions();
      const number = Math.max(0, ...versions.map((version) => version.number)) + 1;
      const file = fileOf(name, number);
      if (!versionOf(file)) {
        throw new DataError(
          `${where}: the store's numbers are used up by ${show(versions.find((version) => version.number === number - 1)?.file)}; ` +
            "load the checkpoints that you need, and save them in another store",
        );
      }
      try {
        await write(await this.#folder.getFileHandle(file, { create: true }), [bytes, footerOf(bytes)]);
      } catch (error) {
        await this.#folder.removeEntry(file).catch(() => {});
        throw error;
      }
      const kept = new Set([file]);
      for (const version of versions) {
        if (version.name !== name && (await this.#complete(version))) kept.add(version.file);
      }
      await this.#sweep(kept);
    });
  }

  async load(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const where = "CheckpointStore.load";
    checkStorageName(where, name);
    return this.#locked(where, async () => {
      const own = (await this.#versions()).filter((version) => version.name === name);
      let isDamaged = false;
      for (const version of own.sort((a, b) => b.number - a.number)) {
        const complete = await this.#complete(version);
        if (!complete) continue;
        const bytes = new Uint8Array(await complete.content.slice(0, complete.bytes).arrayBuffer());
        if (crc32(bytes) === complete.crc) return bytes;
        isDamaged = true;
      }
      throw (isDamaged ? damaged : missing)(where, name);
    });
  }

  async loadBlob(name: string): Promise<Blob> {
    // A file's own Blob becomes unreadable once another file is saved.
    return new Blob([await this.load(name)], { type: "application/octet-stream" });
  }

  list(): Promise<readonly StoredCheckpoint[]> {
    return this.#locked("CheckpointStore.list", async () => {
      const versions = await Promise.all((await this.#versions()).map((version) => this.#complete(version)));
      const newest = new Map<string, Complete>();
      for (const version of versions) {
        if (version && version.number > (newest.get(version.name)?.number ?? 0))
          newest.set(version.name, version);
      }
      const sorted = [...newest.values()].sort((a, b) => a.number - b.number);
      return sorted.map(({ name, bytes, content }) => {
        return { name, bytes, savedAt: new Date(content.lastModified) };
      });
    });
  }

  async latest(): Promise<StoredCheckpoint | undefined> {
    return (await this.list()).at(-1);
  }

  async remove(name: string): Promise<void> {
    const where = "CheckpointStore.remove";
    checkStorageName(where, name);
    await this.#locked(where, async () => {
      const own = (await this.#versions()).filter((version) => version.name === name);
      // Oldest first, so that an interruption never brings an earlier one back.
      for (const { file } of own.sort((a, b) => a.number - b.number)) await this.#folder.removeEntry(file);
    });
  }

  close(): void {}

  /** Runs one call at a time across all tabs, so an unfinished file belongs to no running call. */
  async #locked<T>(where: string, work: () => Promise<T>): Promise<T> {
    try {
      return (await navigator.locks.request(`webgpu-lstm/${this.#name}`, work)) as T;
    } catch (cause) {
      throw storageError(where, cause);
    }
  }

  async #versions(): Promise<Version[]> {
    const versions: Version[] = [];
    for await (const [file, { kind }] of this.#folder.entries()) {
      const version = kind === "file" ? versionOf(file) : null;
      if (version) versions.push(version);
    }
    return versions;
  }

  /** Removes superseded files and the remains of interrupted saves, including the browser's swap files; leaves files of others. */
  async #sweep(kept: ReadonlySet<string>): Promise<void> {
    const files = [];
    for await (const [file, { kind }] of this.#folder.entries()) {
      const isOwn = kind === "file" && versionOf(file.replace(/(\.\d+)?\.crswap$/, "")) !== null;
      if (isOwn && !kept.has(file)) files.push(file);
    }
    // A file that the browser still holds is removed next time.
    for (const file of files) await this.#folder.removeEntry(file).catch(() => {});
  }

  /** `null` for an incomplete file. */
  async #complete(version: Version): Promise<Complete | null> {
    const content = await (await this.#folder.getFileHandle(version.file)).getFile();
    const bytes = content.size - FOOTER;
    if (bytes < 0) return null;
    const footer = new Uint8Array(await content.slice(bytes).arrayBuffer());
    const view = new DataView(footer.buffer);
    const isWhole =
      MARK.every((byte, i) => byte === footer[i]) && view.getBigUint64(8, true) === BigInt(bytes);
    return isWhole ? { ...version, content, bytes, crc: view.getUint32(16, true) } : null;
  }
}

function fileOf(name: string, number: number): string {
  return `${encodeURIComponent(name)}@${String(number).padStart(NUMBER_DIGITS, "0")}`;
}

/** What the name of a checkpoint's file says; `null` for a name that {@link fileOf} does not give. */
function versionOf(file: string): Version | null {
  const [, encoded, digits] = /^(.+)@(\d{12})$/.exec(file) ?? [];
  if (encoded === undefined) return null;
  try {
    const version = { file, name: decodeURIComponent(encoded), number: Number(digits) };
    return fileOf(version.name, version.number) === file ? version : null;
  } catch {
    return null; // not percent-encoded text
  }
}

function footerOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const footer = new Uint8Array(FOOTER);
  const view = new DataView(footer.buffer);
  footer.set(MARK);
  view.setBigUint64(8, BigInt(bytes.length), true);
  view.setUint32(16, crc32(bytes), true);
  return footer;
}

async function write(handle: Writer, parts: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
  if (typeof handle.createWritable === "function") {
    const stream = await handle.createWritable();
    try {
      for (const part of parts) await stream.write(part);
    } catch (error) {
      await stream.abort().catch(() => {});
      throw error;
    }
    await stream.close();
    return;
  }
  const access = await handle.createSyncAccessHandle!();
  try {
    access.truncate(0);
    let at = 0;
    for (const part of parts) {
      const written = access.write(part, { at });
      if (written !== part.length)
        throw new DOMException("the file took less than it was given", "QuotaExceededError");
      at += written;
    }
    access.flush();
  } finally {
    access.close();
  }
}
