/**
 * What outlives a reload: for each view the run that is under way. Two entries, `forecast.plan` (what the page gave the worker) and
 * `forecast` (the newest checkpoint). The page and its workers open the same store; IndexedDB is the one that both have in every
 * browser.
 */
import { type CheckpointStore, loadCheckpoint, openCheckpointStore } from "webgpu-lstm";

/** How far a kept run had come. */
export interface Position {
  /** The epoch that was under way, from 1, and how many are wanted. */
  readonly epoch: number;
  readonly epochs: number;
}

/** A run that a reload, or a closed page, has interrupted. */
export interface KeptRun<Config> extends Position {
  readonly config: Config;
  readonly savedAt: Date;
}

/** The store; undefined where the browser has none for this page, as in some private windows: then nothing is kept. */
export async function openStore(): Promise<CheckpointStore | undefined> {
  try {
    return await openCheckpointStore({ name: "webgpu-lstm-demo", backend: "indexeddb" });
  } catch {
    return undefined;
  }
}

const planOf = (id: string) => `${id}.plan`;

/** Notes what the run consists of, in place of the one before. */
export async function keepPlan(id: string, config: unknown): Promise<void> {
  await withStore(async (store) => {
    // First: a checkpoint must not be found beside another run's plan.
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

/** The run is over, or not wanted. */
export async function forget(id: string): Promise<void> {
  await withStore(async (store) => {
    await store.remove(id);
    await store.remove(planOf(id));
  });
}

/** What cannot be kept or found again is no reason to trouble a visitor whose training goes well. */
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
