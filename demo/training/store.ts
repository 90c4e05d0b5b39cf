/**
 * Stores runs, so that they survive a reload: an entry for each run, with its plan (the worker's configuration) and its newest checkpoint in
 * one, so that neither can stand beside another run's. While a run is under way, its page holds a Web Lock of the entry's name: other tabs
 * neither offer nor remove it. Pages and workers open the same store, in IndexedDB, which both have in every browser.
 */
import { type CheckpointStore, loadCheckpoint, openCheckpointStore } from "webgpu-lstm";

/** The progress of a stored run. */
export interface Position {
  /** The current epoch, from 1, and the number of epochs. */
  readonly epoch: number;
  readonly epochs: number;
}

/** A run that was interrupted by a reload or a closed page. */
export interface KeptRun<Config> extends Position {
  /** The name of its entry. */
  readonly name: string;
  readonly config: Config;
  readonly savedAt: Date;
}

/** The store; undefined if the browser has none for this page, as in some private windows. Then nothing is stored. */
export async function openStore(): Promise<CheckpointStore | undefined> {
  try {
    return await openCheckpointStore({ name: "webgpu-lstm-demo", backend: "indexeddb" });
  } catch {
    return undefined;
  }
}

const prefixOf = (view: string) => `${view}/`;

/** A name for a new run of a view, which no other run has. */
export const newName = (view: string) => `${prefixOf(view)}${crypto.randomUUID()}`;

/** Both in one: the plan's length in bytes, the plan as JSON, the checkpoint. */
export function pack(config: unknown, checkpoint: Uint8Array): Blob {
  const plan = new TextEncoder().encode(JSON.stringify(config));
  return new Blob([Uint32Array.of(plan.length), plan, checkpoint as Uint8Array<ArrayBuffer>]);
}

export function unpack(bytes: Uint8Array<ArrayBuffer>) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const config = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as unknown;
  return { config, checkpoint: bytes.slice(4 + length) };
}

/**
 * Marks a run as under way, until the returned function is called or the page is gone; undefined if another tab has it. Without Web Locks
 * nothing is marked.
 */
export function hold(name: string): Promise<(() => void) | undefined> {
  if (!("locks" in navigator)) return Promise.resolve(() => {});
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(lockOf(name), { ifAvailable: true }, (lock) => {
      if (!lock) return resolve(undefined);
      return new Promise<void>((release) => resolve(release));
    });
    held.catch(reject);
  });
}

const lockOf = (name: string) => `webgpu-lstm-demo ${name}`;

/** The newest interrupted run of a view, if it has one. */
export function findKept<Config>(view: string): Promise<KeptRun<Config> | undefined> {
  return withStore(async (store) => {
    const found = (await interrupted(store, view)).at(-1);
    if (!found) return undefined;
    const { config, checkpoint } = unpack(await store.load(found.name));
    const { config: kept } = loadCheckpoint(checkpoint);
    const { epoch, epochs } = (kept as unknown as { config: Position }).config;
    return { name: found.name, epoch, epochs, savedAt: found.savedAt, config: config as Config };
  });
}

/** Deletes a run that is over or unwanted. */
export async function forget(name: string): Promise<void> {
  await withStore((store) => store.remove(name));
}

/** Deletes the interrupted runs of a view; those that are under way in other tabs stay. */
export async function forgetInterrupted(view: string): Promise<void> {
  await withStore(async (store) => {
    for (const { name } of await interrupted(store, view)) await store.remove(name);
  });
}

/** The entries of a view that no tab holds, oldest first. */
async function interrupted(store: CheckpointStore, view: string) {
  const all = (await store.list()).filter(({ name }) => name.startsWith(prefixOf(view)));
  if (!("locks" in navigator)) return all;
  const { held = [] } = await navigator.locks.query();
  const live = new Set(held.map((lock) => lock.name));
  return all.filter(({ name }) => !live.has(lockOf(name)));
}

/** A storage error only goes to the console, since training goes on. */
async function withStore<T>(use: (store: CheckpointStore) => Promise<T>): Promise<T | undefined> {
  const store = await openStore();
  if (!store) return undefined;
  try {
    return await use(store);
  } catch (error) {
    console.info("webgpu-lstm demo: the browser's storage failed", error);
    return undefined;
  } finally {
    store.close();
  }
}
