/**
 * A worker: `node --import ./tools/typescript.mjs examples/queue/worker.ts redis://localhost`, once for each GPU. Ctrl-C hands its trial back. It
 * needs the study that start.ts makes.
 */
import { serveTrials } from "webgpu-lstm/search/node";
import { runWithArguments } from "../../tasks/terminal/program.ts";

await runWithArguments(import.meta.url, async ([connection = "redis://localhost", study = "seattle"]) => {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const log = (line: string) => console.log(`worker ${process.pid} ${line}`);
  await serveTrials(new URL("objective.ts", import.meta.url), {
    connection,
    study,
    signal: stop.signal,
    log,
  });
});
