/** Saves one checkpoint after the other under one name, until it is ended in the middle of one. */
import { openCheckpointStore } from "../../src/io/storage.ts";

const { backend, name } = JSON.parse(self.name) as { backend: "opfs" | "indexeddb"; name: string };
const store = await openCheckpointStore({ backend, name });

/** What the n-th checkpoint holds: as many bytes as are still being written when the worker ends. */
for (let n = 1; ; n++) {
  postMessage({ begins: n });
  await store.save("run", new Uint8Array(3_000_001).fill(n));
}
