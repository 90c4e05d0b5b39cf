/** Pruners beside Optuna's: every decision of fifty recorded studies. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { OptionError } from "webgpu-lstm";
import { createStudy, type Direction, type Pruner, pruners, samplers } from "webgpu-lstm/search";
import { fromPythonJson } from "../../src/search/python.ts";
import { expectRefusal, wrong } from "../refusal.ts";

interface RecordedStudy {
  readonly name: string;
  readonly direction: Direction;
  readonly pruner: string;
  readonly options: Readonly<Record<string, number>> & { readonly wrapped?: string };
  readonly trials: readonly {
    readonly reports: readonly (readonly [number, number])[];
    readonly decisions: readonly number[];
    readonly state: "COMPLETE" | "PRUNED" | "FAIL" | "RUNNING";
    readonly value: number;
  }[];
}

const studies = fromPythonJson(
  readFileSync(new URL("../goldens/optuna/pruning.json", import.meta.url), "utf8"),
) as RecordedStudy[];

function make(name: string, { wrapped, percentile, ...options }: RecordedStudy["options"]): Pruner {
  switch (name) {
    case "Nop":
      return new pruners.Nop();
    case "Median":
      return new pruners.Median(options);
    case "Percentile":
      return new pruners.Percentile(percentile!, options);
    case "Patient":
      return new pruners.Patient(wrapped ? make(wrapped, {}) : null, wrong(options));
    case "Threshold":
      return new pruners.Threshold(options);
    case "SuccessiveHalving":
      return new pruners.SuccessiveHalving(options);
    case "Hyperband":
      return new pruners.Hyperband(options);
  }
  throw new Error(name);
}

test.each(studies)(
  "$name: $pruner $options, $direction, decides as Optuna at every step",
  async (recorded) => {
    const { name, direction, pruner, options, trials } = recorded;
    const sampler = new samplers.Random({ seed: 0 });
    const study = await createStudy({ name, direction, pruner: make(pruner, options), sampler });
    for (const { reports, decisions, state, value } of trials) {
      const trial = await study.ask();
      const decided: number[] = [];
      for (const [step, reported] of reports) {
        trial.report(reported, step);
        decided.push(Number(await trial.shouldPrune()));
      }
      expect(decided, `trial ${trial.number}`).toEqual(decisions);
      if (state === "COMPLETE") await study.tell(trial, value);
      else if (state !== "RUNNING") await study.tell(trial, null, { state });
    }
  },
);

test("the recorded studies are fifty, with both answers of each pruner that prunes", () => {
  expect(studies).toHaveLength(50);
  const answers = new Map<string, Set<number>>();
  for (const { pruner, trials } of studies) {
    const seen = answers.get(pruner) ?? new Set();
    for (const { decisions } of trials) for (const decision of decisions) seen.add(decision);
    answers.set(pruner, seen);
  }
  expect(Object.fromEntries([...answers].map(([name, { size }]) => [name, size]))).toEqual({
    Nop: 1,
    Median: 2,
    Percentile: 2,
    Patient: 2,
    Threshold: 2,
    SuccessiveHalving: 2,
    Hyperband: 2,
  });
});

describe("a pruner refuses", () => {
  test.each([
    ["a percentile above 100", () => new pruners.Percentile(101), "percentile"],
    ["a step below 0", () => new pruners.Median({ warmupSteps: -1 }), "warmupSteps"],
    ["an interval of 0", () => new pruners.Threshold({ upper: 1, intervalSteps: 0 }), "intervalSteps"],
    ["no trials at all", () => new pruners.Median({ minTrials: 0 }), "minTrials"],
    ["an unknown option", () => new pruners.Median(wrong({ nStartupTrials: 3 })), '"nStartupTrials"'],
    ["no bound", () => new pruners.Threshold({}), "neither"],
    ["upper below lower", () => new pruners.Threshold({ lower: 2, upper: 1 }), "at least lower"],
    ["no patience", () => new pruners.Patient(null, wrong({})), "patience"],
    ["what is no pruner", () => new pruners.Patient(wrong("median"), { patience: 1 }), '"median"'],
    ["a factor of 1", () => new pruners.SuccessiveHalving({ reductionFactor: 1 }), "reductionFactor"],
    ["a rung that is no step", () => new pruners.SuccessiveHalving({ minResource: 0.5 }), "minResource"],
    ["a bootstrap without a step", () => new pruners.SuccessiveHalving({ bootstrapCount: 2 }), '"auto"'],
    [
      "a largest step below the least",
      () => new pruners.Hyperband({ minResource: 3, maxResource: 2 }),
      "maxResource",
    ],
    ["the same of Hyperband", () => new pruners.Hyperband({ bootstrapCount: 2 }), '"auto"'],
    ["options of Nop", () => new (wrong(pruners.Nop))(1), "leave it out"],
  ] as [string, () => unknown, string][])("%s", async (_, call, part) => {
    await expectRefusal(call, OptionError, "pruners.", part);
  });

  test("an answer of yours that is none", async () => {
    const study = await createStudy({ pruner: { prune: () => wrong("no") } });
    await expectRefusal(async () => (await study.ask()).shouldPrune(), OptionError, '"no"');
  });
});
