/** Samplers beside Optuna's: estimators of recorded histories, and whole runs with a seed. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { OptionError } from "webgpu-lstm";
import {
  createStudy,
  type Direction,
  type FrozenTrial,
  MemoryJournal,
  type ParamValue,
  pruners,
  type Sampler,
  type SearchSpace,
  StudyError,
  type StudyView,
  samplers,
  type Trial,
  TrialPruned,
  type TrialState,
} from "webgpu-lstm/search";
import { type Distribution, parseDistribution } from "../../src/search/distributions.ts";
import { TrialRecord } from "../../src/search/frozen-trial.ts";
import { RandomState } from "../../src/search/numpy-random.ts";
import { fromPythonJson } from "../../src/search/python.ts";
import { MOST_DIMENSIONS, Sobol } from "../../src/search/samplers/sobol.ts";
import { groups } from "../../src/search/space.ts";
import type { ParzenEstimator } from "../../src/search/tpe/parzen.ts";
import { expectRefusal, wrong } from "../refusal.ts";

function golden<T>(name: string): T {
  const text = readFileSync(new URL(`../goldens/optuna/${name}`, import.meta.url), "utf8");
  return fromPythonJson(text) as T;
}

/** Optuna's options under the names that they have here. */
const NAMES: Readonly<Record<string, string>> = {
  multivariate: "multivariate",
  group: "group",
  constant_liar: "constantLiar",
  n_startup_trials: "startupTrials",
  n_ei_candidates: "candidates",
};
const renamed = (options: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [NAMES[name]!, value]));

/** Relative to the larger one, or absolute below 1. */
function distance(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  return Math.abs(a - b) / Math.max(1, Math.abs(b));
}

function expectNear(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  expect(actual.length, what).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    // NaN of both counts as equal; of one it fails.
    expect(distance(actual[i]!, value), `${what} [${i}]: ${actual[i]}, Optuna has ${value}`).toBeLessThan(
      1e-9,
    );
  }
}

interface RecordedTrial {
  readonly state: TrialState;
  readonly values: readonly number[] | null;
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly intermediate: readonly (readonly [number, number])[];
  readonly system_attrs: Readonly<Record<string, unknown>>;
}

interface RecordedEstimator {
  readonly weights: readonly number[];
  readonly kernels: readonly {
    readonly means?: readonly number[];
    readonly widths?: readonly number[];
    readonly rows?: readonly (readonly number[])[];
  }[];
  readonly density: readonly number[];
}

interface ParzenCase {
  readonly seed: number;
  readonly directions: readonly Direction[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly relative: readonly string[];
  readonly ranges: Readonly<Record<string, string>>;
  readonly trials: readonly RecordedTrial[];
  readonly estimators: readonly {
    readonly space: readonly string[];
    readonly samples: Readonly<Record<string, readonly number[]>>;
    readonly below: RecordedEstimator;
    readonly above: RecordedEstimator;
  }[];
}

function recordOf(recorded: RecordedTrial, number: number, ranges: SearchSpace): FrozenTrial {
  const trial = new TrialRecord(0, number, number);
  trial.state = recorded.state;
  trial.values = recorded.values;
  for (const [name, value] of Object.entries(recorded.params)) {
    trial.params[name] = value;
    trial.distributions.set(name, ranges.get(name)!);
  }
  for (const [step, value] of recorded.intermediate) trial.intermediateValues.set(step, value);
  Object.assign(trial.systemAttrs, recorded.system_attrs);
  return trial;
}

function viewOf(directions: readonly Direction[], trials: readonly FrozenTrial[]): StudyView {
  return {
    name: "recorded",
    directions,
    systemAttrs: {},
    trials: (...states) =>
      states.length === 0 ? trials : trials.filter(({ state }) => states.includes(state)),
    setSystemAttr() {},
    setTrialSystemAttr() {},
    stop() {},
  };
}

describe("TPE's estimators agree with Optuna's to 1e-9", () => {
  const cases = golden<ParzenCase[]>("parzen.json");

  test("on histories of every kind", () => {
    const states = new Set(cases.flatMap(({ trials }) => trials.map(({ state }) => state)));
    expect([...states].sort()).toEqual(["COMPLETE", "FAIL", "PRUNED", "RUNNING"]);
    expect(cases.map(({ directions }) => directions.length)).toContain(3);
  });

  test.each(cases)(
    "seed $seed: $directions, $options",
    ({ directions, options, relative, ranges, trials, estimators }) => {
      const all = new Map(
        Object.entries(ranges).map(([name, text]) => [name, parseDistribution("test", text)]),
      );
      const records = trials.map((trial, i) => recordOf(trial, i, all));
      const view = viewOf(directions, records);
      const sampler = new samplers.TPE(renamed(options));
      const next = new TrialRecord(0, records.length, records.length);
      expect([...sampler.relativeSpace(view).keys()].sort()).toEqual([...relative].sort());
      for (const { space, samples, below, above } of estimators) {
        const ours = sampler.estimators(view, next, new Map(space.map((name) => [name, all.get(name)!])));
        const columns = new Map(space.map((name) => [name, Float64Array.from(samples[name]!)]));
        for (const [name, estimator, expected] of [
          ["below", ours.below, below],
          ["above", ours.above, above],
        ] as const) {
          compare(`${name} ${space}`, estimator, expected);
          expectNear(estimator.logDensity(columns), expected.density, `${name} ${space} density`);
        }
        const [mine, others] = [ours.below.logDensity(columns), ours.above.logDensity(columns)];
        expectNear(
          mine.map((density, i) => density - others[i]!),
          below.density.map((density, i) => density - above.density[i]!),
          `${space} acquisition`,
        );
      }
    },
  );

  function compare(what: string, estimator: ParzenEstimator, expected: RecordedEstimator): void {
    expectNear(estimator.weights, expected.weights, `${what} weights`);
    const all = [...estimator.kernels.values()];
    expect(all).toHaveLength(expected.kernels.length);
    for (const [i, kernels] of all.entries()) {
      const { means, widths, rows } = expected.kernels[i]!;
      if (kernels.scale) {
        expectNear(kernels.means, means!, `${what} means`);
        expectNear(kernels.widths, widths!, `${what} widths`);
      } else {
        expect(kernels.rows).toHaveLength(rows!.length);
        for (const [k, row] of kernels.rows.entries()) expectNear(row, rows![k]!, `${what} row ${k}`);
      }
    }
  }
});

interface RecordedRun {
  readonly sampler: "Random" | "TPE";
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly directions: readonly Direction[];
  readonly choices: boolean;
  readonly trials: readonly {
    readonly state: TrialState;
    readonly values: readonly number[] | null;
    readonly params: Readonly<Record<string, ParamValue>>;
    readonly steps: number;
  }[];
}

/** The objective of `run` in tools/make_search_goldens.py. */
async function objective(trial: Trial, directions: number, choices = true): Promise<number | number[]> {
  const x = trial.suggestFloat("x", -2, 3);
  const scale = trial.suggestFloat("scale", 0.01, 10, { log: true });
  const n = trial.suggestInt("n", 1, 9);
  const width = trial.suggestInt("width", 4, 64, { log: true });
  const share = trial.suggestFloat("share", 0, 1, { step: 0.125 });
  const kind = choices
    ? trial.suggestCategorical("kind", ["a", "b", "c"])
    : "abc"[trial.suggestInt("kind", 0, 2)];
  let loss =
    (x - 1) * (x - 1) + Math.abs(scale - 2) + Math.abs(n - 4) / 4 + Math.abs(width - 20) / 32 + share;
  if (kind === "b") loss += trial.suggestFloat("only", 0, 1);
  if (kind === "c") loss += 0.5;
  if (trial.number % 11 === 7) throw new Error("failed");
  if (directions > 1) return [loss, x + share];
  for (let step = 1; step < 7; step++) {
    trial.report(loss + 3 / step, step);
    if (await trial.shouldPrune()) throw new TrialPruned();
  }
  return loss;
}

describe("a seed gives the parameters that it gives in Python", () => {
  const runs = golden<RecordedRun[]>("runs.json");

  test.each(runs)(
    "$sampler $options, seed $seed, $directions",
    async ({ sampler, options, seed, directions, choices, trials }) => {
      const made =
        sampler === "TPE" ? new samplers.TPE({ seed, ...renamed(options) }) : new samplers.Random({ seed });
      const study = await createStudy({ name: `run ${seed}`, directions, sampler: made });
      await study.optimize((trial) => objective(trial, directions.length, choices), {
        trials: trials.length,
      });
      for (const [i, { state, values, params, steps }] of trials.entries()) {
        const ours = study.trials[i]!;
        expect(Object.keys(ours.params), `trial ${i}`).toEqual(Object.keys(params));
        for (const [name, value] of Object.entries(params)) {
          if (typeof value === "number")
            expectNear([ours.params[name] as number], [value], `trial ${i} ${name}`);
          else expect(ours.params[name], `trial ${i} ${name}`).toBe(value);
        }
        expect(ours.state, `trial ${i}`).toBe(state);
        expect(ours.intermediateValues.size, `trial ${i}`).toBe(steps);
        if (values) expectNear(ours.values!, values, `trial ${i}`);
        else expect(ours.values).toBeNull();
      }
    },
  );

  test("and the same here each time, whatever the storage or other studies do", async () => {
    const params = async () => {
      const study = await createStudy({
        name: "a",
        sampler: new samplers.TPE({ seed: 4 }),
        pruner: new pruners.Nop(),
      });
      await createStudy({ sampler: new samplers.TPE({ seed: 4 }) });
      await study.optimize((trial) => objective(trial, 1), { trials: 20 });
      return study.trials.map((trial) => trial.params);
    };
    expect(await params()).toEqual(await params());
  });
});

describe("TPE", () => {
  test("keeps parallel trials apart", async () => {
    const spread = async (constantLiar: boolean) => {
      const study = await createStudy({ sampler: new samplers.TPE({ seed: 1, constantLiar }) });
      await study.optimize((trial) => (trial.suggestFloat("x", 0, 1) - 0.3) ** 2, { trials: 30 });
      const xs = [];
      for (let i = 0; i < 8; i++) xs.push((await study.ask()).suggestFloat("x", 0, 1));
      xs.sort((a, b) => a - b);
      return xs.at(-1)! - xs[0]!;
    };
    expect(await spread(true)).toBeGreaterThan(await spread(false));
  });

  test("takes gamma and weights of its own", async () => {
    const asked: number[] = [];
    const study = await createStudy({
      sampler: new samplers.TPE({
        seed: 1,
        startupTrials: 2,
        gamma: (n) => {
          asked.push(n);
          return 1;
        },
        weights: (n) => Array.from({ length: n }, (_, i) => i + 1),
      }),
    });
    await study.optimize((trial) => trial.suggestFloat("x", 0, 1), { trials: 5 });
    expect(asked).toEqual([2, 3, 4]);
    for (const bad of [() => [], () => [-1, 1, 1], () => [0, 0, 0], () => [Number.NaN, 1, 1], () => 3]) {
      const sampler = new samplers.TPE({ startupTrials: 0, gamma: () => 0, weights: wrong(bad) });
      const view = viewOf(["minimize"], study.trials.slice(0, 3));
      const range: Distribution = { type: "float", low: 0, high: 1, log: false, step: null };
      const next = new TrialRecord(0, 9, 9);
      await expectRefusal(
        () => sampler.sampleIndependent(view, next, "x", range),
        OptionError,
        "weights must give 3 numbers",
      );
    }
  });

  test("refuses options that it does not have", async () => {
    const make = (options: unknown) => () => new samplers.TPE(wrong(options));
    await expectRefusal(make({ seed: -1 }), OptionError, "samplers.TPE", "seed", "-1");
    await expectRefusal(make({ seed: 2 ** 32 }), OptionError, "seed");
    await expectRefusal(make({ startupTrials: 1.5 }), OptionError, "startupTrials");
    await expectRefusal(make({ candidates: 0 }), OptionError, "candidates");
    await expectRefusal(make({ gamma: 3 }), OptionError, "gamma");
    await expectRefusal(make({ group: true, multivariate: false }), OptionError, "group");
    await expectRefusal(make({ nStartupTrials: 3 }), OptionError, '"nStartupTrials"');
  });
});

test("parameters that occur together form a group", () => {
  const range: Distribution = { type: "float", low: 0, high: 1, log: false, step: null };
  const trial = (...names: string[]) => {
    const record = new TrialRecord(0, 0, 0);
    for (const name of names) record.distributions.set(name, range);
    return record;
  };
  const named = groups([trial("a", "b", "c"), trial("b", "d", "c"), trial("a"), trial()]);
  expect(named.map((space) => [...space.keys()])).toEqual([["b", "c"], ["a"], ["d"]]);
});

interface RecordedGrid {
  readonly seed: number | null;
  readonly space: Readonly<Record<string, readonly ParamValue[]>>;
  readonly params: readonly Readonly<Record<string, ParamValue>>[];
}

describe("a grid", () => {
  const search = (trial: Trial): number => {
    const c = trial.suggestFloat("c", 0, 1);
    trial.suggestCategorical("a", ["x", null, true]);
    return c * trial.suggestFloat("b", 0, 5);
  };

  test.each(golden<RecordedGrid[]>("grids.json"))(
    "is searched in Optuna's order, each point once, seed $seed",
    async ({ seed, space, params }) => {
      const sampler = new samplers.Grid(space, seed === null ? {} : { seed });
      const study = await createStudy({ sampler });
      await study.enqueueTrial({ a: "x", b: 2.5, c: 0.2 });
      await study.optimize(search, { trials: 40 });
      expect(study.trials.map((trial) => ({ ...trial.params }))).toEqual(params);
    },
  );

  test("goes on where another run of it has ended", async () => {
    const study = await createStudy({ sampler: new samplers.Grid({ x: [1, 2, 3, 4] }) });
    const asks = (trial: Trial) => trial.suggestInt("x", 1, 4);
    await study.optimize(asks, { trials: 2 });
    await study.optimize(asks);
    expect(study.trials.map(({ value }) => value).sort()).toEqual([1, 2, 3, 4]);
  });

  test("is tried again where a trial was given up", async () => {
    const study = await createStudy({ sampler: new samplers.Grid({ x: [1, 2] }) });
    (await study.ask()).suggestInt("x", 1, 2);
    await study.requeueRunning();
    await study.optimize((trial) => trial.suggestInt("x", 1, 2));
    const complete = study.trials.filter(({ state }) => state === "COMPLETE");
    expect(complete.map(({ value }) => value).sort()).toEqual([1, 2]);
  });

  test("refuses parameters that it does not have", async () => {
    const study = await createStudy({ sampler: new samplers.Grid({ x: [1, "b"] }) });
    const trial = await study.ask();
    await expectRefusal(() => trial.suggestFloat("y", 0, 1), OptionError, '"y"', "x");
    await study.enqueueTrial({ y: 1 });
    const queued = await study.ask();
    await expectRefusal(() => queued.suggestFloat("x", 0, 1), OptionError, "queued", '"x"');
    const third = await study.ask();
    const texts = [trial, third].map((asked) => {
      try {
        return asked.suggestInt("x", 0, 5);
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(texts.sort()).toEqual([1, expect.stringContaining('got "b"')]);
    await expectRefusal(() => new samplers.Grid(wrong({})), OptionError, "space");
    await expectRefusal(() => new samplers.Grid(wrong({ x: 3 })), OptionError, '"x"');
    await expectRefusal(() => new samplers.Grid(wrong({ x: [[]] })), OptionError, '"x"');
  });
});

interface RecordedSobol {
  readonly params: readonly Readonly<Record<string, ParamValue>>[];
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly sums: readonly number[];
  readonly last: readonly number[];
}

describe("QMC", () => {
  const { params, attrs, sums, last } = golden<RecordedSobol>("sobol.json");
  const search = (trial: Trial): number => {
    const x = trial.suggestFloat("x", -2, 3);
    trial.suggestFloat("lr", 1e-5, 0.1, { log: true });
    trial.suggestFloat("share", 0, 1, { step: 0.1 });
    trial.suggestInt("n", 1, 9);
    trial.suggestInt("width", 4, 64, { log: true });
    trial.suggestCategorical("kind", ["a", "it's", null, 2.5, true]);
    trial.suggestCategorical("one", ["ä\n"]);
    return x;
  };

  test("takes Optuna's points, and counts them as Optuna does", async () => {
    const storage = new MemoryJournal();
    const study = await createStudy({ storage, sampler: new samplers.QMC({ seed: 1 }) });
    await study.optimize(search, { trials: params.length });
    for (const [i, expected] of params.entries()) {
      for (const [name, value] of Object.entries(expected)) {
        const ours = study.trials[i]!.params[name];
        if (typeof value === "number") expectNear([ours as number], [value], `trial ${i} ${name}`);
        else expect(ours, `trial ${i} ${name}`).toBe(value);
      }
    }
    const noted = storage
      .text()
      .split("\n")
      .filter((line) => line.startsWith('{"op_code":3'))
      .map((line) => (fromPythonJson(line) as { system_attr: object }).system_attr);
    expect(noted.at(-1)).toEqual(attrs);
    expect(noted).toHaveLength(params.length - 1);
  });

  test("gives parallel trials points of their own", async () => {
    const study = await createStudy({ sampler: new samplers.QMC({ seed: 1 }) });
    await study.optimize(search, { trials: 1 });
    await study.optimize(search, { trials: 12, jobs: 4 });
    const sequential = await createStudy({ sampler: new samplers.QMC({ seed: 1 }) });
    await sequential.optimize(search, { trials: 13 });
    const sorted = (all: readonly FrozenTrial[]) => all.map((trial) => trial.params["x"]).sort();
    expect(sorted(study.trials)).toEqual(sorted(sequential.trials));
  });

  test("has SciPy's sequence in 64 dimensions", () => {
    const sobol = new Sobol(MOST_DIMENSIONS);
    const points = sums.map((_, i) => sobol.point(i));
    expectNear(
      points.map((point) => point.reduce((sum, x) => sum + x, 0)),
      sums,
      "sums",
    );
    expect([...points.at(-1)!]).toEqual(last);
  });

  test("scrambled, has one point in each of 64 parts of each axis, by its seed", () => {
    const points = (seed: number) => {
      const sobol = new Sobol(MOST_DIMENSIONS, new RandomState(seed));
      return Array.from({ length: 64 }, (_, i) => sobol.point(i));
    };
    for (const all of [points(1), points(2)]) {
      for (let axis = 0; axis < MOST_DIMENSIONS; axis++) {
        expect(new Set(all.map((point) => Math.floor(64 * point[axis]!))).size).toBe(64);
      }
    }
    expect(points(1)).toEqual(points(1));
    expect(points(1)).not.toEqual(points(2));
  });

  test("scrambled, is another sequence of the study", async () => {
    const study = await createStudy({ sampler: new samplers.QMC({ seed: 5, scramble: true }) });
    await study.optimize(search, { trials: 5 });
    const xs = new Set(study.trials.map((trial) => trial.params["x"]));
    expect(xs.size).toBe(5);
    expect(study.trials[1]!.params["x"]).not.toBeCloseTo(params[1]!["x"] as number, 9);
  });

  test("refuses more parameters than it has dimensions", async () => {
    const study = await createStudy({ sampler: new samplers.QMC() });
    await study.optimize(
      (trial) => {
        for (let i = 0; i <= MOST_DIMENSIONS; i++) trial.suggestFloat(`x${i}`, 0, 1);
        return 1;
      },
      { trials: 1 },
    );
    await expectRefusal(() => study.ask(), OptionError, "samplers.QMC", "64", "65");
    await expectRefusal(() => new samplers.QMC(wrong({ type: "halton" })), OptionError, '"type"');
  });
});

test("a sampler of your own is asked in Optuna's order", async () => {
  const calls: string[] = [];
  const range: Distribution = { type: "float", low: 0, high: 1, log: false, step: null };
  const own: Sampler = {
    beforeTrial: (_, { number }) => void calls.push(`before ${number}`),
    relativeSpace: () => new Map([["x", range]]),
    sampleRelative: (_, __, space) => {
      calls.push(`relative ${[...space.keys()]}`);
      return { x: 0.5 };
    },
    sampleIndependent: (_, __, name) => {
      calls.push(`independent ${name}`);
      return 0.25;
    },
    afterTrial: (_, { number }, state, values) => void calls.push(`after ${number} ${state} ${values}`),
  };
  const study = await createStudy({ sampler: own });
  await study.optimize((trial) => trial.suggestFloat("y", 0, 1) + trial.suggestFloat("x", 0, 1), {
    trials: 1,
  });
  expect(calls).toEqual(["before 0", "relative x", "independent y", "after 0 COMPLETE 0.75"]);
  const broken: Sampler = { ...own, sampleIndependent: () => "text" };
  const trial = await (await createStudy({ sampler: broken })).ask();
  await expectRefusal(() => trial.suggestFloat("z", 0, 1), OptionError, '"text"');
  expect(StudyError.name).toBe("StudyError");
});
