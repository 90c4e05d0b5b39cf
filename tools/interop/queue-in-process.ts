/** Trials on a worker in this process: what ends a run early, and a Redis that is away in the middle of a trial. */
import { createStudy, type Study, samplers } from "webgpu-lstm/search";
import { JournalRedis, type QueuedObjective, runTrials, serveTrials } from "webgpu-lstm/search/node";
import { type Check, check } from "./check.ts";
import { expectEqual, NAME } from "./optuna.ts";
import type { RedisServer } from "./redis-server.ts";

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

export async function inProcessChecks(redis: RedisServer): Promise<Check[]> {
  const studyOf = (prefix: string): Promise<Study> =>
    createStudy({ name: NAME, storage: new JournalRedis(redis.url, { prefix }) });
  return [
    await check("queue: a grid ends the run when all its points are tried", async () => {
      const study = await studyOf("grid");
      const serving = new AbortController();
      const served = serveTrials((trial) => trial.suggestInt("x", 0, 9), {
        connection: redis.url,
        study: NAME,
        prefix: "grid",
        jobs: 2,
        sampler: new samplers.Grid({ x: [1, 4, 7] }),
        signal: serving.signal,
      });
      await runTrials(study, { trials: 8 });
      const values = (state: string) =>
        study.trials.flatMap((trial) => (trial.state === state ? [trial.values?.[0]] : []));
      const complete = values("COMPLETE");
      // Two that end at the same time may find a point that another is at.
      if (complete.length > 4) throw new Error(`${complete.length} trials were run`);
      const tried = [...new Set(complete)].sort();
      expectEqual("the points", tried, [1, 4, 7]);
      expectEqual("the trials that were not run", values("FAIL").length, 8 - complete.length);
      serving.abort();
      await served;
    }),
    await check(
      "queue: a Redis that is away for longer than the grace period ends a trial, which then runs again at no attempt's cost",
      async () => {
        const study = await studyOf("away");
        const serving = new AbortController();
        const events: string[] = [];
        const objective: QueuedObjective = async (trial) => {
          events.push("starts");
          if (events.length > 1) return 5;
          await pause(500);
          void redis.stop("SIGKILL");
          while (!trial.signal.aborted) await pause(20);
          events.push(`ends: ${(trial.signal.reason as Error).message}`);
          throw trial.signal.reason;
        };
        const log: string[] = [];
        const served = serveTrials(objective, {
          connection: redis.url,
          study: NAME,
          prefix: "away",
          gracePeriod: 1,
          signal: serving.signal,
          log: (line) => void log.push(line),
        });
        const waiting = new AbortController();
        const running = runTrials(study, { trials: 1, attempts: 1, signal: waiting.signal }).catch(String);
        while (events.length < 2) await pause(20);
        const enough = new Error("enough");
        const start = performance.now();
        waiting.abort(enough);
        expectEqual("what runTrials throws", await running, String(enough));
        const seconds = (performance.now() - start) / 1000;
        if (seconds > 1) throw new Error(`runTrials ended ${seconds} s after its signal`);
        await redis.resume();
        await runTrials(study, { trials: 0, attempts: 1 });
        expectEqual("the trial", study.trials[0]!.values, [5]);
        expectEqual("the objective", events, ["starts", "ends: the worker gives the trial back", "starts"]);
        if (!log.some((line) => line.includes("this worker could not say that it is alive")))
          throw new Error(`the log has ${log.join("; ")}`);
        const end = performance.now();
        serving.abort();
        await served;
        const leaving = (performance.now() - end) / 1000;
        if (leaving > 2) throw new Error(`the worker left ${leaving} s after its signal`);
      },
    ),
    await check("queue: a worker and who waits for it leave within 4 s while Redis is away", async () => {
      const study = await studyOf("leaving");
      const serving = new AbortController();
      const objective: QueuedObjective = async (trial) => {
        for (;;) {
          await pause(20);
          trial.signal.throwIfAborted();
        }
      };
      const options = { connection: redis.url, study: NAME, prefix: "leaving", signal: serving.signal };
      const served = serveTrials(objective, options);
      const waiting = new AbortController();
      const running = runTrials(study, { trials: 1, signal: waiting.signal }).catch(String);
      while (study.trials[0]?.state !== "RUNNING") await pause(20);
      await redis.stop("SIGKILL");
      try {
        // Between two attempts to connect a client does not end by itself.
        await pause(700);
        const start = performance.now();
        serving.abort();
        waiting.abort(new Error("enough"));
        await Promise.all([served, running]);
        const seconds = (performance.now() - start) / 1000;
        if (seconds > 4) throw new Error(`they left after ${seconds} s`);
      } finally {
        await redis.resume();
      }
    }),
  ];
}
