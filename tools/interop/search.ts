/** Studies that this library and Python's Optuna make, continue and run at the same time, in one journal. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { isDeepStrictEqual, promisify } from "node:util";
import {
  createStudy,
  loadStudy,
  type Params,
  type Study,
  samplers,
  type Trial,
  TrialPruned,
} from "webgpu-lstm/search";
import { JournalFile, type JournalFileOptions } from "webgpu-lstm/search/node";
import { type Check, check } from "./check.ts";

/** A study as tools/interop/optuna_side.py describes it. */
interface Summary {
  readonly name: string;
  readonly directions: readonly string[];
  readonly userAttrs: Readonly<Record<string, unknown>>;
  readonly trials: readonly {
    readonly number: number;
    readonly state: string;
    readonly values: readonly number[] | null;
    readonly params: Params;
    readonly steps: readonly number[];
    readonly userAttrs: Readonly<Record<string, unknown>>;
    readonly systemAttrs: Readonly<Record<string, unknown>>;
  }[];
}

const NAME = "interop ä";

/** The objective of tools/interop/optuna_side.py. */
async function objective(trial: Trial): Promise<number> {
  const { x, lr, n, share } = suggested(trial);
  const kind = trial.suggestCategorical("kind", ["a", null, true, 2.5]);
  const value = (x - 1) * (x - 1) + Math.abs(lr - 0.01) + n / 64 + share + (kind === null ? 0.5 : 0);
  trial.setUserAttr("by", "Node");
  trial.report(Number.NaN, 0);
  trial.report(value, 1);
  if (await trial.shouldPrune()) throw new TrialPruned();
  return value;
}

function suggested(trial: Trial) {
  return {
    x: trial.suggestFloat("x", -2, 3),
    lr: trial.suggestFloat("lr", 1e-4, 1e-1, { log: true }),
    n: trial.suggestInt("n", 8, 64, { log: true }),
    share: trial.suggestFloat("share", 0, 1, { step: 0.25 }),
  };
}

function summaryOf(study: Study): Summary {
  const { name, directions, userAttrs } = study;
  const trials = study.trials.map(({ number, state, values, params, intermediateValues, ...trial }) => ({
    number,
    state,
    values,
    params: { ...params },
    steps: [...intermediateValues.keys()],
    userAttrs: { ...trial.userAttrs },
    systemAttrs: { ...trial.systemAttrs },
  }));
  return { name, directions, userAttrs, trials };
}

function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(
    `${what}: got ${JSON.stringify(actual)}, wanted ${JSON.stringify(expected)}`.slice(0, 2000),
  );
}

/** The checks; each has a file of its own in `folder`. */
export async function searchChecks(python: string, folder: string): Promise<Check[]> {
  const run = promisify(execFile);
  const optuna = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(python, ["tools/interop/optuna_side.py", ...args]);
    return stdout.trim().split("\n").at(-1)!;
  };
  // Infinity of an attribute is a word of Python's JSON that JSON lacks.
  const summary = async (...args: string[]) =>
    JSON.parse((await optuna(...args)).replaceAll("Infinity", '"inf"')) as Summary;
  const ours = (study: Study) =>
    JSON.parse(
      JSON.stringify(summaryOf(study), (_, value: unknown) =>
        value === Number.POSITIVE_INFINITY ? "inf" : value,
      ),
    ) as Summary;
  const here = (file: string, seed: number, options: JournalFileOptions = {}) => ({
    name: NAME,
    storage: new JournalFile(folder + file, options),
    sampler: new samplers.TPE({ seed }),
  });

  return [
    await check("Optuna sees a study made here as it is, and continues it", async () => {
      const study = await createStudy(here("ours.log", 1));
      await study.setUserAttr("from", { language: "TypeScript", limits: [0, Number.POSITIVE_INFINITY] });
      await study.enqueueTrial({ x: 1, kind: null });
      await study.optimize(objective, { trials: 14 });
      await study.optimize(() => Number.NaN, { trials: 1 });
      suggested(await study.ask());
      await study.requeueRunning();
      await study.enqueueTrial({ x: 0.5, n: 9 });
      expectEqual("the study in Python", await summary("show", `${folder}ours.log`, NAME), ours(study));
      const continued = await summary("go_on", `${folder}ours.log`, NAME, "4");
      await study.sync();
      expectEqual("the continued study", ours(study), continued);
      const { trials } = study;
      expectEqual("the trial that was queued again", trials[16]!.params["x"], trials[15]!.params["x"]);
      expectEqual("the queued trial", trials[17]!.params["n"], 9);
      expectEqual(
        "who ran them",
        trials.slice(16).map(({ userAttrs }) => userAttrs["by"]),
        Array(4).fill("Python"),
      );
    }),
    await check("a study of Optuna is the same here, and is continued", async () => {
      const theirs = await summary("create", `${folder}theirs.log`, NAME);
      const study = await loadStudy(here("theirs.log", 2));
      expectEqual("the study here", ours(study), theirs);
      await study.optimize(objective, { trials: 4 });
      expectEqual("the continued study", await summary("show", `${folder}theirs.log`, NAME), ours(study));
      expectEqual("the queued trial", study.trials[14]!.params["n"], 9);
      expectEqual("their number", study.trials.length, 18);
    }),
    await check(
      "after the same history a seed suggests the same in both, and Optuna ranks the parameters",
      async () => {
        const { params, best, importances } = JSON.parse(
          await optuna("suggest", `${folder}ours.log`, NAME),
        ) as {
          params: Params;
          best: number;
          importances: Record<string, number>;
        };
        const study = await loadStudy(here("ours.log", 3));
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
    await check("a study outlives workers that are killed at any moment", async () => {
      const options = { gracePeriod: 1 };
      const study = await createStudy({ ...here("killed.log", 1, options) });
      let running = true;
      const kill = async () => {
        for (let i = 0; running; i++) {
          const worker = spawn(
            python,
            ["tools/interop/optuna_side.py", "go_on", `${folder}killed.log`, NAME, "1000"],
            {
              stdio: "ignore",
            },
          );
          const ended = once(worker, "exit");
          await new Promise((done) => setTimeout(done, 2000 + 137 * i));
          worker.kill("SIGKILL");
          await ended;
        }
      };
      const killing = kill();
      await study.optimize(
        async (trial) => {
          await new Promise((done) => setTimeout(done, 200));
          return objective(trial);
        },
        { timeout: 10 },
      );
      running = false;
      await killing;
      const left = await study.requeueRunning();
      await study.optimize(objective, { trials: left.length });
      const by = (who: string) => study.trials.filter(({ userAttrs }) => userAttrs["by"] === who).length;
      if (by("Node") === 0 || by("Python") === 0)
        throw new Error(`Node ran ${by("Node")}, Python ${by("Python")}`);
      const unfinished = study.trials.filter(({ state }) => state === "RUNNING" || state === "WAITING");
      expectEqual("unfinished trials", unfinished.length, 0);
      expectEqual("the study in Python", await summary("show", `${folder}killed.log`, NAME), ours(study));
    }),
    ...(await Promise.all(
      (["symlink", "open"] as const).map((lock) =>
        check(`both run one study at the same time, with the lock "${lock}"`, async () => {
          const file = `both-${lock}.log`;
          const study = await createStudy({ ...here(file, 1, { lock }) });
          for (let i = 0; i < 20; i++) await study.enqueueTrial({ x: i / 10 });
          await Promise.all([
            optuna("go_on", folder + file, NAME, "30", lock),
            study.optimize(
              async (trial) => {
                await new Promise((done) => setTimeout(done, 30));
                return objective(trial);
              },
              { trials: 30, jobs: 2 },
            ),
          ]);
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
          expectEqual("the study in Python", await summary("show", folder + file, NAME), ours(study));
        }),
      ),
    )),
  ];
}
