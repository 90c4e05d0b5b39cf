/** Importances beside Optuna's. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { OptionError } from "webgpu-lstm";
import {
  createStudy,
  type Direction,
  importances,
  MemoryJournal,
  type ParamValue,
  type Study as PublicStudy,
  pruners,
  samplers,
  TrialPruned,
} from "webgpu-lstm/search";
import { StudyCore } from "../../src/search/core.ts";
import { parseDistribution } from "../../src/search/distributions.ts";
import { createStudyOp } from "../../src/search/operations.ts";
import { fromPythonJson } from "../../src/search/python.ts";
import type { StudyRecord } from "../../src/search/replay.ts";
import { storageOf } from "../../src/search/storage.ts";
import { Study } from "../../src/search/study.ts";
import { counted, curves, history, parallels, slices } from "../../tasks/search/plot-data.ts";
import { studyReport } from "../../tasks/search/report.ts";
import { expectRefusal, wrong } from "../refusal.ts";

interface Case {
  readonly directions: readonly Direction[];
  readonly options: { readonly target_quantile?: number; readonly region_quantile?: number };
  readonly ranges: readonly string[];
  readonly trials: readonly {
    readonly state: "COMPLETE" | "PRUNED" | "FAIL";
    readonly values: readonly number[] | null;
    readonly params: Readonly<Record<string, readonly [value: ParamValue, range: number]>>;
  }[];
  readonly importances: Readonly<Record<string, number>>;
  readonly plots?: {
    readonly values: readonly number[];
    readonly best: readonly number[];
    readonly slices: readonly {
      readonly name: string;
      readonly numbers: readonly number[];
      readonly y: readonly number[];
      readonly log: boolean;
    }[];
    readonly axes: readonly string[];
    readonly colors: readonly number[];
  };
}

const cases = fromPythonJson(
  readFileSync(new URL("../goldens/optuna/importances.json", import.meta.url), "utf8"),
) as Case[];

/** A study with the trials of a case. */
async function studyOf({ directions, ranges, trials }: Case): Promise<PublicStudy> {
  const storage = storageOf("test", new MemoryJournal());
  const record = (await storage.write(createStudyOp("recorded", directions))) as StudyRecord;
  const core = new StudyCore(storage, record, new samplers.Random(), new pruners.Nop());
  for (const { state, values, params } of trials) {
    const named = Object.entries(params);
    await core.add({
      state,
      values,
      params: Object.fromEntries(named.map(([name, [value]]) => [name, value])),
      distributions: new Map(named.map(([name, [, at]]) => [name, parseDistribution("test", ranges[at])])),
    });
  }
  return new Study(core);
}

describe("importances", () => {
  test("are held against histories of every kind", () => {
    expect(cases.map(({ directions }) => directions.length)).toContain(2);
    expect(cases.map(({ trials }) => trials.length).sort((a, b) => a - b)[0]).toBeLessThan(5);
    expect(cases.flatMap(({ trials }) => trials.flatMap(({ values }) => values ?? []))).toContain(
      Number.POSITIVE_INFINITY,
    );
    expect(cases.filter(({ ranges }) => ranges.join().includes("Categorical"))).not.toEqual([]);
  });

  test.each(cases)("agree with Optuna's to 1e-9: $directions, $options", async (recorded) => {
    const { target_quantile: targetQuantile, region_quantile: regionQuantile } = recorded.options;
    const ours = importances(await studyOf(recorded), {
      ...(targetQuantile && { targetQuantile }),
      ...(regionQuantile && { regionQuantile }),
    });
    expect([...ours.keys()].sort()).toEqual(Object.keys(recorded.importances).sort());
    for (const [name, share] of Object.entries(recorded.importances)) {
      expect(
        Math.abs(ours.get(name)! - share),
        `${name}: ${ours.get(name)}, Optuna has ${share}`,
      ).toBeLessThan(1e-9);
    }
    const shares = [...ours.values()];
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });

  test("judge only the parameters that are asked for", async () => {
    const study = await studyOf(cases[0]!);
    const all = importances(study);
    const some = importances(study, { params: ["lr", "kind", "lr"] });
    expect([...some.keys()].sort()).toEqual(["kind", "lr"]);
    expect(some.get("lr")! / some.get("kind")!).toBeCloseTo(all.get("lr")! / all.get("kind")!, 9);
    expect(importances(study, { params: [] }).size).toBe(0);
  });

  test("find the parameter that decides", async () => {
    const study = await createStudy({ sampler: new samplers.Random({ seed: 1 }) });
    await study.optimize(
      (trial) => trial.suggestFloat("much", -1, 1) ** 2 + 0.01 * trial.suggestFloat("little", -1, 1),
      { trials: 100 },
    );
    expect([...importances(study).keys()]).toEqual(["much", "little"]);
    expect(importances(study).get("much")).toBeGreaterThan(0.9);
  });

  test("of a study without trials are none", async () => {
    expect(importances(await createStudy()).size).toBe(0);
  });

  test("refuse what does not fit", async () => {
    const study = await studyOf(cases[0]!);
    const refuse = (call: () => unknown, ...parts: string[]) =>
      expectRefusal(call, OptionError, "importances", ...parts);
    await refuse(() => importances(wrong({})), "study must be a Study, got");
    await refuse(() => importances(study, wrong({ top: 1 })), "top");
    await refuse(
      () => importances(study, { targetQuantile: 0 }),
      "targetQuantile must be a number between 0 and 1",
    );
    await refuse(
      () => importances(study, { regionQuantile: 0.1 }),
      "regionQuantile must be a number above targetQuantile",
    );
    await refuse(
      () => importances(study, { params: wrong("lr") }),
      'params must be a list of names, got "lr"',
    );
    await refuse(() => importances(study, { params: ["rate"] }), "batch, dropout", 'got "rate"');
    await refuse(() => importances(study, {}, wrong(1) as never), "1");
  });
});

describe("pictures of a study", () => {
  test.each(cases.filter(({ plots }) => plots))(
    "show Optuna's numbers: $directions, $options",
    async (recorded) => {
      const study = await studyOf(recorded);
      const { values, best, slices: theirs, axes, colors } = recorded.plots!;
      const shown = history(study);
      expect(shown.values).toEqual(values.map((value) => (Number.isNaN(value) ? null : value)));
      // Before the first complete trial Optuna has an infinity.
      const first = values.findIndex((value) => !Number.isNaN(value));
      expect(shown.best).toEqual(best.map((value, i) => (i < first ? null : value)));
      const ours = slices(study.trials);
      expect(
        ours.map(({ axis, points }) => ({
          name: axis.name,
          numbers: points.map(({ number }) => number),
          y: points.map(({ y }) => y),
          log: axis.log,
        })),
      ).toEqual(theirs);
      const { lines, ...rest } = parallels(study.trials);
      expect(rest.axes.map(({ name }) => name)).toEqual(axes);
      expect(lines.map(({ value }) => value)).toEqual(colors);
    },
  );
});

test.each(cases.filter(({ plots }) => plots))("draw every trial: $directions, $options", async (recorded) => {
  const study = await studyOf(recorded);
  const { trials, direction } = study;
  const complete = counted(trials);
  const picture = { trials, direction, defaults: complete[0]!.trial.number };
  const heading = { title: "A <study>", summary: "", value: "Loss" };
  const shares = importances(study);
  const report = studyReport(picture, shares, heading);
  expect(report).not.toMatch(/NaN|undefined|Infinity|null/);
  expect(report).toContain("A &lt;study&gt;");
  // The history's line, and a line for each complete trial.
  expect(report.match(/<path /g)).toHaveLength(1 + complete.length);
  expect(report.match(/<rect /g)).toHaveLength(1 + shares.size);
  const sliced = slices(trials).reduce((sum, { points }) => sum + points.length, 0);
  expect(report.match(/<circle /g)).toHaveLength(complete.length + sliced + bestIs(complete[0]!));

  /** The best that is also the defaults is drawn twice in each slice. */
  function bestIs({ trial }: (typeof complete)[number]): number {
    return study.bestTrial.number === trial.number ? Object.keys(trial.params).length : 0;
  }
});

test("pruned curves end in a bar, and a study without trials has pictures", async () => {
  const study = await createStudy({
    sampler: new samplers.Random({ seed: 0 }),
    pruner: new pruners.Threshold({ upper: 5 }),
  });
  const heading = { title: "Empty", summary: "", value: "Loss" };
  const draw = () =>
    studyReport({ trials: study.trials, direction: "minimize", defaults: -1 }, importances(study), heading);
  expect(draw().match(/No trial is complete yet/g)).toHaveLength(4);
  await study.optimize(
    async (trial) => {
      const rate = trial.suggestFloat("rate", 1e-3, 1, { log: true });
      for (let epoch = 1; epoch <= 3; epoch++) {
        trial.report(trial.number === 1 ? 3 * epoch : rate + 1 / epoch, epoch);
        if (await trial.shouldPrune()) throw new TrialPruned();
      }
      return rate;
    },
    { trials: 4 },
  );
  expect(study.trials.map(({ state }) => state)).toEqual(["COMPLETE", "PRUNED", "COMPLETE", "COMPLETE"]);
  expect(curves(study.trials)[1]).toEqual({
    number: 1,
    state: "PRUNED",
    points: [
      [1, 3],
      [2, 6],
    ],
  });
  expect(draw()).not.toMatch(/NaN|undefined|Infinity/);
  expect(draw().match(/<path /g)).toHaveLength(1 + 4 + 3);
});
