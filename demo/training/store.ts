/**
 * Stores each view's current run, so that it survives a reload. There are two entries: `forecast.plan` (the worker's configuration) and
 * `forecast` (the newest checkpoint). The page and its workers open the same store, in IndexedDB, which both have in every
 * browser.
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

const planOf = (id: string) => `${id}.plan`;

/** Stores the plan of a run, and deletes the last run. */
export async function keepPlan(id: string, config: unknown): Promise<void> {
  await withStore(async (store) => {
    // Deleted first: a checkpoint must not stand beside the plan of another run.
    await store.remove(id);
    await store.save(planOf(id), new TextEncoder().encode(JSON.stringify(config)));
  });
}

/** The view's interrupted run, if it has one. */
export function findKept<Config>(id: string): Promise<KeptRun<Config> | undefined> {
  return withStore(async (store) => {
    const found = (await store.list()).find(({ name }) => name === id);
    if (!found) return undefined;
    const { config } = loadCheckpoint(await store.load(id));
    const { epoch, epochs } = (config as unknown as { config: Position }).config;
    const plan = new TextDecoder().decode(await store.load(planOf(id)));
    return { epoch, epochs, savedAt: found.savedAt, config: JSON.parse(plan) as Config };
  });
}

/** Deletes a run that is over or unwanted. */
export async function forget(id: string): Promise<void> {
  await withStore(async (store) => {
    await store.remove(id);
    await store.remove(planOf(id));
  });
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
