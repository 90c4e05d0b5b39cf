/**
 * Makes the study, queues trials, and waits for the workers: `node tools/run.mjs examples/queue/start.ts redis://localhost 20`. Ctrl-C ends the
 * waiting; the workers go on, and with 0 for the number this program waits for them again.
 */
import { createStudy, type FrozenTrial, type Study } from "webgpu-lstm/search";
import { JournalRedis, runTrials } from "webgpu-lstm/search/node";
import { DEFAULTS } from "../../tasks/series/seattle-defaults.ts";
import { runWithArguments } from "../../tasks/terminal/program.ts";

await runWithArguments(
  import.meta.url,
  async ([connection = "redis://localhost", count = "20", name = "seattle"]) => {
    const study = await createStudy({ name, storage: new JournalRedis(connection), loadIfExists: true });
    const { hidden, window, learningRate: lr, batchSize: batch } = DEFAULTS;
    await study.enqueueTrial({ hidden, window, lr, batch }, { skipIfExists: true });
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    const start = performance.now();
    await runTrials(study, { trials: Number(count), signal: stop.signal, callbacks: [print] });
    const { number, value, params } = study.bestTrial;
    console.log(
      `${((performance.now() - start) / 1000).toFixed(1)} s; the best is trial ${number}: ${value}`,
      params,
    );
  },
);

function print(_: Study, { number, state, value, lastStep, reason }: FrozenTrial): void {
  console.log(`trial ${number} ${state} after epoch ${lastStep}: ${reason ?? value?.toFixed(4) ?? ""}`);
}
