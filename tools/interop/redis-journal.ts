/** What a journal in Redis must survive: broken connections, a server that dies, half of a write, a large study. */
import { createStudy, loadStudy, MemoryJournal, pruners, samplers } from "webgpu-lstm/search";
import { JournalRedis, type JournalRedisOptions } from "webgpu-lstm/search/node";
import { type Check, check } from "./check.ts";
import { expectEqual, NAME, type Optuna, objective, summaryOf } from "./optuna.ts";
import type { RedisServer } from "./redis-server.ts";

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

export async function redisJournalChecks(
  optuna: Optuna,
  redis: RedisServer,
  cluster: RedisServer,
): Promise<Check[]> {
  const open = (prefix: string, options: JournalRedisOptions = {}) =>
    new JournalRedis(redis.url, { prefix, ...options });
  const keys = async (prefix: string) =>
    [...(await redis.command("KEYS", `${prefix}:*`)).matchAll(/:(log_number|log:\d+|snapshot)\r\n/g)]
      .map(([, key]) => key!)
      .sort();

  /**
   * Writers that each store the numbers of their turns, while something goes wrong; then every number must be there once. Every other time it goes
   * wrong soon; else when both have written again, however slow the machine is.
   */
  async function writeDuring(prefix: string, disturb: () => Promise<void>): Promise<void> {
    const journals = [open(prefix), open(prefix)];
    await createStudy({ name: NAME, storage: journals[0]! });
    let goesOn = true;
    const waiting = new Set(journals);
    const disturbing = (async () => {
      for (let soon = true; goesOn; soon = !soon) {
        await pause(150);
        while (goesOn && !soon && waiting.size > 0) await pause(10);
        await disturb();
        for (const storage of journals) waiting.add(storage);
      }
    })();
    const writing = Promise.all(
      journals.map(async (storage, writer) => {
        const study = await loadStudy({ storage });
        const end = performance.now() + 4000;
        let count = 0;
        for (; performance.now() < end || count < 20; count++) {
          await study.enqueueTrial({ x: count }, { userAttrs: { by: writer } });
          waiting.delete(storage);
        }
        return count;
      }),
    );
    try {
      await Promise.race([writing, disturbing.then(() => writing)]);
    } finally {
      goesOn = false;
    }
    await disturbing;
    const counts = await writing;
    const { trials } = await loadStudy({ storage: open(prefix) });
    for (const [writer, count] of counts.entries()) {
      const own = trials.filter(({ userAttrs }) => userAttrs["by"] === writer);
      const numbers = own.map(({ systemAttrs }) => (systemAttrs["fixed_params"] as { x: number }).x);
      expectEqual(`the trials of writer ${writer}`, numbers, [...Array(count).keys()]);
    }
    expectEqual("the study in Python", await optuna.summary("show", `${redis.url}#${prefix}`, NAME), {
      ...summaryOf(await loadStudy({ storage: open(prefix) })),
    });
  }

  return [
    await check("Redis has Optuna's keys, and a snapshot of Optuna stays good", async () => {
      const study = await createStudy({ name: NAME, storage: open("keys"), sampler: new samplers.Random() });
      await study.setUserAttr("a", 1);
      expectEqual("the keys", await keys("keys"), ["log:0", "log:1", "log_number"]);
      const address = `${redis.url}#keys`;
      await optuna.run("go_on", address, NAME, "101");
      if (!(await keys("keys")).includes("snapshot")) throw new Error("Optuna has made no snapshot");
      await study.optimize(objective, { trials: 3 });
      expectEqual("the study in Python", await optuna.summary("show", address, NAME), summaryOf(study));
    }),
    await check("broken connections lose no line and double none", () =>
      writeDuring("broken", async () => void (await redis.command("CLIENT", "KILL", "TYPE", "normal"))),
    ),
    await check("a Redis that is killed and started again loses no line and doubles none", () =>
      writeDuring("killed-server", async () => {
        await redis.stop("SIGKILL");
        await redis.resume();
      }),
    ),
    await check("a Redis that is away is named after the limit, without its password", async () => {
      const storage = new JournalRedis(`redis://me:secret@127.0.0.1:${redis.port}/0`, { patience: 1 });
      const refused = await loadStudy({ storage }).catch((error: Error) => error);
      if (!(refused instanceof Error) || !/WRONGPASS/.test(refused.message))
        throw new Error(`got ${refused}`);
      await redis.stop();
      const start = performance.now();
      const away = await loadStudy({ storage }).catch((error: Error) => error);
      const seconds = (performance.now() - start) / 1000;
      await redis.resume();
      if (
        !(away instanceof Error) ||
        !away.message.includes(`redis://127.0.0.1:${redis.port}/0 has been away for 1 s`)
      )
        throw new Error(`got ${away}`);
      if (seconds < 1 || seconds > 5) throw new Error(`after ${seconds} s`);
    }),
    await check("a study of 10,000 trials is read within a second, and then only its new lines", async () => {
      const study = await createStudy({
        storage: open("large"),
        sampler: new samplers.Random(),
        pruner: new pruners.Nop(),
      });
      const text = new MemoryJournal();
      const model = await createStudy({
        storage: text,
        sampler: new samplers.Random(),
        pruner: new pruners.Nop(),
      });
      await model.optimize((trial) => trial.suggestFloat("x", 0, 1) + trial.suggestInt("n", 1, 9), {
        trials: 10_000,
      });
      const [, ...lines] = await text.read(0);
      const writer = open("large");
      for (let at = 0; at < lines.length; at += 1000) await writer.append(lines.slice(at, at + 1000));
      const reader = open("large");
      await reader.read(0);
      // The processor's time: other programs may run, too.
      const start = process.cpuUsage();
      const read = await loadStudy({ name: study.name, storage: reader });
      const { user, system } = process.cpuUsage(start);
      expectEqual("the number of trials", read.trials.length, 10_000);
      if ((user + system) / 1e6 > 1) throw new Error(`reading took ${(user + system) / 1e6} s`);
      const total = async () =>
        Number(/total_net_output_bytes:(\d+)/.exec(await redis.command("INFO", "stats"))![1]);
      const before = await total();
      await read.enqueueTrial({ x: 0.5 });
      const bytes = (await total()) - before;
      // Two replies with statistics among them.
      if (bytes > 30_000) throw new Error(`${bytes} bytes were read for one line`);
    }),
    await check("a line that is missing is named", async () => {
      const study = await createStudy({ name: NAME, storage: open("missing") });
      await study.enqueueTrial({ x: 1 });
      await redis.command("DEL", "missing:log:1");
      const storage = open("missing", { patience: 0.5 });
      const error = await loadStudy({ storage }).catch(String);
      if (!String(error).includes('line 1 of the journal is missing (key "missing:log:1")'))
        throw new Error(`got ${error}`);
    }),
    await check("a line whose writer has died between two steps is passed over in a cluster", async () => {
      const prefix = "gap";
      const storage = new JournalRedis(cluster.url, { prefix, cluster: true, patience: 1 });
      const study = await createStudy({ name: NAME, storage, sampler: new samplers.TPE({ seed: 1 }) });
      await study.optimize(objective, { trials: 2 });
      await cluster.command("INCR", `${prefix}:log_number`);
      const single = await loadStudy({ storage: new JournalRedis(cluster.url, { prefix }) }).catch(String);
      if (!String(single).includes("set cluster: true")) throw new Error(`got ${single}`);
      // Optuna waits for the line, until the other side has given it up.
      const theirs = optuna.run("go_on", `${cluster.url}#${prefix}`, NAME, "3", "cluster");
      await study.optimize(objective, { trials: 3 });
      await theirs;
      await study.sync();
      expectEqual("the number of trials", study.trials.length, 8);
      const address = `${cluster.url}#${prefix}`;
      expectEqual(
        "the study in Python",
        await optuna.summary("show", address, NAME, "cluster"),
        summaryOf(study),
      );
    }),
  ];
}
