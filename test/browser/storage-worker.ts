/** Saves checkpoints under one name, one after another, until terminated during a save. */
import { openCheckpointStore } from "../../src/io/storage.ts";

const { backend, name } = JSON.parse(self.name) as { backend: "opfs" | "indexeddb"; name: string };
const store = await openCheckpointStore({ backend, name });

/** Each checkpoint is large enough for the worker to be ended while writing it. */
for (let n = 1; ; n++) {
  postMessage({ begins: n });
  await store.save("run", new Uint8Array(3_000_001).fill(n));
}
