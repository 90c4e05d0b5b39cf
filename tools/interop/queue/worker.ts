/** A worker of tools/interop/queue.ts, as a process of its own: `worker.ts URL PREFIX STUDY GRACE_PERIOD`. */
import { serveTrials } from "webgpu-lstm/search/node";

const [, , connection, prefix, study, gracePeriod] = process.argv;
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
await serveTrials(new URL("objective.ts", import.meta.url), {
  connection: connection!,
  prefix: prefix!,
  study: study!,
  gracePeriod: Number(gracePeriod),
  signal: stop.signal,
  log: (line) => console.log(`${process.pid}: ${line}`),
});
