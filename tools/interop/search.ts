/** Studies that this library and Python's Optuna make, continue and run at the same time, in one journal: in a file, and in Redis. */
import { once } from "node:events";
import { createStudy, type Journal, loadStudy, type Params, samplers } from "webgpu-lstm/search";
import { JournalFile, JournalRedis } from "webgpu-lstm/search/node";
import { type Check, check } from "./check.ts";
import { expectEqual, NAME, type Optuna, objective, suggested, summaryOf } from "./optuna.ts";

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** A kind of journal: how both sides open the one of a name. */
interface Place {
  /** "in a file" or "in Redis". */
  readonly title: string;
  journal(name: string): Journal;
  /** What optuna_side.py takes for it. */
  address(name: string): string;
  /** Ways in which writers exclude each other; Redis needs none. */
  readonly locks: readonly ("symlink" | "open")[];
}

function inFiles(folder: string): Place {
  return {
    title: "in a file",
    journal: (name) =>
      new JournalFile(`${folder}${name}.log`, {
        lock: name.endsWith("open") ? "open" : "symlink",
        // Workers that are killed leave their locks behind.
        gracePeriod: name === "killed" ? 1 : 30,
      }),
    address: (name) => `${folder}${name}.log`,
    locks: ["symlink", "open"],
  };
}

function inRedis(url: string): Place {
  return {
    title: "in Redis",
    journal: (name) => new JournalRedis(url, { prefix: name }),
    address: (name) => `${url}#${name}`,
    locks: ["symlink"],
  };
}

/** The checks of both kinds of journal. */
export async function searchChecks(optuna: Optuna, folder: string, redis: string): Promise<Check[]> {
  return [...(await checksOf(optuna, inFiles(folder))), ...(await checksOf(optuna, inRedis(redis)))];
}

async function checksOf(optuna: Optuna, { title, journal, address, locks }: Place): Promise<Check[]> {
  const here = (name: string, seed: number) => ({
    name: NAME,
    storage: journal(name),
    sampler: new samplers.TPE({ seed }),
  });

  return [
    await check(`${title}: Optuna sees a study made here as it is, and continues it`, async () => {
      const study = await createStudy(here("ours", 1));
      await study.setUserAttr("from", { language: "TypeScript", limits: [0, Number.POSITIVE_INFINITY] });
      await study.enqueueTrial({ x: 1, kind: null });
      await study.optimize(objective, { trials: 14 });
      await study.optimize(() => Number.NaN, { trials: 1 });
      suggested(await study.ask());
      await study.requeueRunning();
      await study.enqueueTrial({ x: 0.5, n: 9 });
      expectEqual(
        "the study in Python",
        await optuna.summary("show", address("ours"), NAME),
        summaryOf(study),
      );
      const continued = await optuna.summary("go_on", address("ours"), NAME, "4");
      await study.sync();
      expectEqual("the continued study", summaryOf(study), continued);
      const { trials } = study;
      expectEqual("the trial that was queued again", trials[16]!.params["x"], trials[15]!.params["x"]);
      expectEqual("the queued trial", trials[17]!.params["n"], 9);
      expectEqual(
        "who ran them",
        trials.slice(16).map(({ userAttrs }) => userAttrs["by"]),
        Array(4).fill("Python"),
      );
    }),
    await check(`${title}: a study of Optuna is the same here, and is continued`, async () => {
      const theirs = await optuna.summary("create", address("theirs"), NAME);
      const study = await loadStudy(here("theirs", 2));
      expectEqual("the study here", summaryOf(study), theirs);
      await study.optimize(objective, { trials: 4 });
      expectEqual(
        "the continued study",
        await optuna.summary("show", address("theirs"), NAME),
        summaryOf(study),
      );
      expectEqual("the queued trial", study.trials[14]!.params["n"], 9);
      expectEqual("their number", study.trials.length, 18);
    }),
    await check(
      `${title}: after the same history a seed suggests the same in both, and Optuna ranks the parameters`,
      async () => {
        const { params, best, importances } = JSON.parse(
          await optuna.run("suggest", address("ours"), NAME),
        ) as {
          params: Params;
          best: number;
          importances: Record<string, number>;
        };
        const study = await loadStudy(here("ours", 3));
        // The trial that Optuna asked for has failed, and is no part of the history.
        const trial = await study.ask();
        for (const [name, value] of Object.entries(suggested(trial))) {
          const theirs = params[name] as number;
          if (!(Math.abs(value - theirs) <= 1e-9 * Math.abs(theirs)))
            throw new Error(`${name}: ${value}, ${theirs} in Python`);
        }
        await study.tell(trial, null, { state: "FAIL" });
        expectEqual("the best trial", study.bestTrial.number, best);
        expectEqual("parameters with an importance", Object.keys(importances).sort(), ["lr", "n", "x"]);
      },
    ),
    await check(`${title}: a study outlives workers that are killed at any moment`, async () => {
      const study = await createStudy(here("killed", 1));
      const by = (who: string) => study.trials.filter(({ userAttrs }) => userAttrs["by"] === who).length;
      let killed = 0;
      const kill = async () => {
        for (; killed < 4; killed++) {
          const before = by("Python");
          const worker = optuna.spawn("go_on", address("killed"), NAME, "1000");
          const ended = once(worker, "exit");
          // However slowly it starts, it is killed at its work.
          while (by("Python") === before && worker.exitCode === null) await pause(10);
          await pause(137 * killed);
          worker.kill("SIGKILL");
          const [code] = await ended;
          if (code !== null) throw new Error(`Python ended by itself, with code ${code}`);
        }
      };
      const killing = kill();
      // Its error is thrown below, where it is awaited.
      killing.catch(() => (killed = 4));
      while (killed < 4) {
        await study.optimize(
          async (trial) => {
            await pause(200);
            return objective(trial);
          },
          { trials: 1 },
        );
      }
      await killing;
      const left = await study.requeueRunning();
      await study.optimize(objective, { trials: left.length });
      if (by("Node") === 0 || by("Python") === 0)
        throw new Error(`Node ran ${by("Node")}, Python ${by("Python")}`);
      const unfinished = study.trials.filter(({ state }) => state === "RUNNING" || state === "WAITING");
      expectEqual("unfinished trials", unfinished.length, 0);
      expectEqual(
        "the study in Python",
        await optuna.summary("show", address("killed"), NAME),
        summaryOf(study),
      );
    }),
    ...(await Promise.all(
      locks.map((lock) =>
        check(
          `${title}: both run one study at the same time${locks.length > 1 ? `, with the lock "${lock}"` : ""}`,
          async () => {
            const file = `both-${lock}`;
            const study = await createStudy(here(file, 1));
            for (let i = 0; i < 20; i++) await study.enqueueTrial({ x: i / 10 });
            const takenBy = (who: string) => study.trials.some(({ userAttrs }) => userAttrs["by"] === who);
            let theirs: Promise<string> | undefined;
            await study.optimize(
              async (trial) => {
                // Node keeps its first trials until Python, which starts slowly, has one: so each has its part of the queue.
                theirs ??= optuna.run("go_on", address(file), NAME, "30", lock);
                while (!takenBy("Python")) {
                  await Promise.race([theirs, pause(5)]);
                  await study.sync();
                }
                await pause(30);
                return objective(trial);
              },
              { trials: 30, jobs: 2 },
            );
            await theirs;
            await study.sync();
            const { trials } = study;
            expectEqual("the number of trials", trials.length, 60);
            const by = (who: string) => trials.filter(({ userAttrs }) => userAttrs["by"] === who);
            expectEqual("trials of each", [by("Node").length, by("Python").length], [30, 30]);
            const ended = trials.filter(({ state }) => state === "COMPLETE" || state === "PRUNED");
            expectEqual("ended trials", ended.length, 60);
            for (let i = 0; i < 20; i++) expectEqual(`trial ${i}`, trials[i]!.params["x"], i / 10);
            const queued = new Set(trials.slice(0, 20).map(({ userAttrs }) => userAttrs["by"]));
            expectEqual("who took from the queue", queued.size, 2);
            expectEqual(
              "the study in Python",
              await optuna.summary("show", address(file), NAME),
              summaryOf(study),
            );
          },
        ),
      ),
    )),
  ];
}
