/** optuna-dashboard and Optuna's plots, of a study that was made here. */
import { once } from "node:events";
import { createServer } from "node:net";
import { createStudy, type FrozenTrial, type Study, samplers } from "webgpu-lstm/search";
import { JournalRedis } from "webgpu-lstm/search/node";
import { type Check, check } from "./check.ts";
import { expectEqual, NAME, type Optuna, objective } from "./optuna.ts";

/** A trial as the dashboard's API gives it. */
interface ShownTrial {
  readonly number: number;
  readonly state: string;
  readonly values?: readonly number[];
  readonly params: readonly { readonly name: string; readonly param_external_value: string }[];
  readonly intermediate_values: readonly { readonly step: number; readonly value: number | "nan" }[];
  readonly user_attrs: readonly { readonly key: string; readonly value: string }[];
}

/** A line or a group of points in a plot. */
interface Trace {
  readonly name?: string;
  readonly x?: readonly number[];
  readonly y?: readonly number[];
  /** What each point says. */
  readonly customdata?: readonly (readonly string[])[];
}

const SECONDS = 40;

export async function dashboardChecks(optuna: Optuna, redis: string): Promise<Check[]> {
  const storage = new JournalRedis(redis, { prefix: "shown" });
  const study = await createStudy({ name: NAME, storage, sampler: new samplers.TPE({ seed: 1 }) });
  await study.setUserAttr("from", "here");
  await study.optimize(objective, { trials: 12 });
  await study.optimize(() => Number.NaN, { trials: 1 });
  return [
    await check("optuna-dashboard shows a study made here", () => compareDashboard(optuna, redis, study)),
    await check("Optuna plots a study made here", async () => {
      const complete = study.trials.filter(({ state }) => state === "COMPLETE");
      const plots = JSON.parse(await optuna.run("plots", `${redis}#shown`, NAME)) as Record<string, Trace[]>;
      const values = complete.map(({ value }) => value);
      expectEqual("the history", plots["history"]![0]!.y, values);
      expectEqual(
        "its trials",
        plots["history"]![0]!.x,
        complete.map(({ number }) => number),
      );
      const curves = plots["intermediate"]!.map(({ y }) => y!.at(-1));
      expectEqual(
        "the curves",
        curves,
        reported(study).map(({ intermediateValues }) => intermediateValues.get(1)),
      );
      const lines = plots["parallel"]!.filter(({ customdata }) => customdata?.[0]?.[0] === "Objective Value");
      expectEqual("lines in parallel coordinates", lines.length, complete.length);
      expectEqual(
        "the slice",
        plots["slice"]![0]!.x,
        complete.map(({ params }) => params["x"]),
      );
    }),
  ];
}

/** The trials with curves: a dashboard or a plot has none of the others. */
function reported(study: Study): readonly FrozenTrial[] {
  return study.trials.filter(({ intermediateValues }) => intermediateValues.size > 0);
}

async function compareDashboard(optuna: Optuna, redis: string, study: Study): Promise<void> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  const dashboard = optuna.spawn("dashboard", `${redis}#shown`, `${port}`);
  try {
    const api = `http://127.0.0.1:${port}/api/studies`;
    const get = async (path: string) => (await fetch(api + path)).json() as Promise<unknown>;
    const end = performance.now() + 1000 * SECONDS;
    let list: unknown;
    while (list === undefined) {
      list = await get("").catch((error: unknown) => {
        if (performance.now() > end || dashboard.exitCode !== null) throw error;
      });
      await new Promise((done) => setTimeout(done, 200));
    }
    const [summary] = (list as { study_summaries: { study_id: number; study_name: string }[] })
      .study_summaries;
    expectEqual("the study's name", summary!.study_name, NAME);
    const shown = (await get(`/${summary!.study_id}`)) as {
      trials: ShownTrial[];
      best_trials: ShownTrial[];
      user_attrs: unknown;
    };
    expectEqual("attributes of the study", shown.user_attrs, [{ key: "from", value: "here" }]);
    expectEqual(
      "the best trial",
      shown.best_trials.map(({ number }) => number),
      [study.bestTrial.number],
    );
    expectEqual("the number of trials", shown.trials.length, study.trials.length);
    for (const [i, trial] of study.trials.entries())
      expectEqual(`trial ${i}`, fromDashboard(shown.trials[i]!), fromHere(trial));
  } finally {
    dashboard.kill("SIGKILL");
  }
}

/** A trial's contents, with values as the dashboard spells them. */
function fromDashboard(trial: ShownTrial) {
  return {
    number: trial.number,
    state: trial.state.toUpperCase(),
    values: trial.values ?? null,
    names: trial.params.map(({ name }) => name).sort(),
    x: trial.params.filter(({ name }) => name === "x").map((param) => Number(param.param_external_value)),
    curve: trial.intermediate_values.map(({ step, value }) => [step, value]),
    attributes: trial.user_attrs,
  };
}

function fromHere(trial: FrozenTrial) {
  return {
    number: trial.number,
    state: trial.state,
    values: trial.values,
    names: Object.keys(trial.params).sort(),
    x: Object.hasOwn(trial.params, "x") ? [trial.params["x"]] : [],
    curve: [...trial.intermediateValues].map(([step, value]) => [step, Number.isNaN(value) ? "nan" : value]),
    attributes: Object.entries(trial.userAttrs).map(([key, value]) => ({
      key,
      value,
    })),
  };
}
