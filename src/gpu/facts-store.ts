/** Facts of adapters that the browser keeps from visit to visit, in its cache storage: pages and workers have it. */
const CACHE = "webgpu-lstm adapter facts";

/** Grows when a fact comes to mean something else, so that older ones are measured anew. */
const EDITION = 4;

/** The key of an adapter's facts. A new browser may compile the same kernels otherwise, so that it measures anew. */
function keyOf(adapter: string): string {
  const runtime = globalThis.navigator?.userAgent ?? "";
  return `https://webgpu-lstm.invalid/facts?${encodeURIComponent(`${EDITION} ${adapter} ${runtime}`)}`;
}

/** What was stored for an adapter; `undefined` where there is nothing, or no storage. */
export async function storedFacts(adapter: string): Promise<unknown> {
  try {
    const cache = await globalThis.caches?.open(CACHE);
    return await (await cache?.match(keyOf(adapter)))?.json();
  } catch {
    // Storage that is switched off, as private windows may have it: the facts are measured.
    return undefined;
  }
}

/** Stores an adapter's facts, where there is storage. */
export async function storeFacts(adapter: string, facts: unknown): Promise<void> {
  try {
    const cache = await globalThis.caches?.open(CACHE);
    await cache?.put(keyOf(adapter), new Response(JSON.stringify(facts)));
  } catch {
    // Full or switched off: the next visit measures again.
  }
}

/** Forgets the facts of all adapters. */
export async function forgetFacts(): Promise<void> {
  try {
    await globalThis.caches?.delete(CACHE);
  } catch {
    // Nothing was kept.
  }
}
