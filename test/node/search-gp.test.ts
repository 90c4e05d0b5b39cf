/** The Gaussian process beside Optuna's, and the sampler that asks it. */
import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { OptionError } from "webgpu-lstm";
import { createStudy, type Sampler, samplers, type Trial } from "webgpu-lstm/search";
import { cholesky } from "../../src/search/gp/cholesky.ts";
import { logExpectedImprovement, logStandardImprovement } from "../../src/search/gp/expected-improvement.ts";
import { minimize } from "../../src/search/gp/minimize.ts";
import { fitLoss, Regression } from "../../src/search/gp/regression.ts";
import { expectRefusal, wrong } from "../refusal.ts";

interface GoldenGP {
  readonly cases: readonly {
    readonly points: readonly (readonly number[])[];
    readonly values: readonly number[];
    readonly categorical: readonly boolean[];
    readonly at: readonly (readonly number[])[];
    readonly raws: readonly {
      readonly raw: readonly number[];
      readonly loss: number;
      readonly gradient: readonly number[];
      readonly mean: readonly number[];
      readonly variance: readonly number[];
      readonly improvement: readonly number[];
    }[];
    readonly least: number;
  }[];
  readonly z: readonly number[];
  readonly standard: readonly number[];
}

const golden = JSON.parse(
  readFileSync(new URL("../goldens/optuna/gp.json", import.meta.url), "utf8"),
) as GoldenGP;

function expectNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  bound = 1e-9,
): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    expect(distance, `${what} [${i}]: ${actual[i]}, wanted ${expected[i]}`).toBeLessThan(bound);
  }
}

describe("a Gaussian process", () => {
  const cases = golden.cases.map(({ points, values, categorical, ...rest }) => ({
    ...rest,
    observations: {
      points: points.map((point) => Float64Array.from(point)),
      values: Float64Array.from(values),
      isCategorical: categorical,
    },
  }));

  test.each(cases)("agrees with Optuna's to 1e-9, case %#", ({ observations, at, raws }) => {
    for (const { raw, loss, gradient, mean, variance, improvement } of raws) {
      const ours = fitLoss(observations, Float64Array.from(raw));
      expectNear([ours.value], [loss], "loss");
      expectNear(ours.gradient, gradient, "gradient");
      const [noise, scale] = [...raw.map(Math.exp)].reverse() as [number, number];
      const regression = new Regression(observations, {
        inverseSquares: Float64Array.from(raw.slice(0, -2), Math.exp),
        scale,
        noise: noise + 1e-6,
      });
      const best = Math.max(...observations.values);
      const points = at.map((point) => Float64Array.from(point));
      const posteriors = points.map((point) => regression.posterior(point));
      expectNear(
        posteriors.map((posterior) => posterior.mean),
        mean,
        "mean",
      );
      expectNear(
        posteriors.map((posterior) => posterior.variance),
        variance,
        "variance",
      );
      const evaluations = points.map((point) => logExpectedImprovement(regression, best, point));
      // Where the variance is small, its relative error decides.
      expectNear(
        evaluations.map(({ value }) => value),
        improvement,
        "improvement",
        1e-8,
      );
      for (const [i, point] of points.entries()) {
        if (i === 0) continue; // an observation, where the variance has a kink
        for (const d of point.keys()) {
          if (observations.isCategorical[d]) continue;
          const moved = (by: number) => {
            const next = Float64Array.from(point);
            next[d]! += by;
            return logExpectedImprovement(regression, best, next).value;
          };
          const slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
          expectNear([evaluations[i]!.gradient[d]!], [slope], `slope at point ${i}, axis ${d}`, 1e-4);
        }
      }
    }
  });

  test.each(cases)("is fitted as well as Optuna's, case %#", ({ observations, least }) => {
    const { inverseSquares, scale, noise } = Regression.fit(observations).parameters;
    const raw = Float64Array.of(...inverseSquares, scale, Math.max(noise - 1e-6, 1e-300)).map(Math.log);
    expect(fitLoss(observations, raw).value).toBeLessThan(least + 1e-3);
  });

  test("has an expected improvement far below the best, too", () => {
    expectNear(golden.z.map(logStandardImprovement), golden.standard, "log improvement");
    // 1/z² - 3/z⁴ of the density, where the difference has no digit left; and no step where the formula changes.
    const tail = (z: number) => logStandardImprovement(z) + 0.5 * z * z + 0.5 * Math.log(2 * Math.PI);
    expectNear([tail(-1e7)], [Math.log(1e-14)], "tail at -1e7", 0.02);
    expect(Math.abs(tail(-1000 - 1e-9) - tail(-1000 + 1e-9))).toBeLessThan(1e-8);
  });

  test("is refused without a positive definite covariance", () => {
    expect(cholesky([Float64Array.of(1, 2), Float64Array.of(2, 1)])).toBeNull();
    expect(cholesky([Float64Array.of(4, 2), Float64Array.of(2, 2)])).toEqual([
      Float64Array.of(2, 0),
      Float64Array.of(1, 1),
    ]);
  });
});

test("L-BFGS finds Rosenbrock's minimum, and the nearest one within bounds", () => {
  const rosenbrock = (x: Float64Array) => {
    const [a, b] = [1 - x[0]!, x[1]! - x[0]! ** 2];
    return { value: a * a + 100 * b * b, gradient: Float64Array.of(-2 * a - 400 * b * x[0]!, 200 * b) };
  };
  const free = minimize(rosenbrock, Float64Array.of(-1.2, 1), 1e-8);
  expectNear(free.x, [1, 1], "free", 1e-6);
  const bound = minimize(rosenbrock, Float64Array.of(0, 0), 1e-8, [-0.5, 0.5]);
  expectNear(bound.x, [0.5, 0.25], "bound", 1e-6);
});

describe("the sampler GP", () => {
  const bowl = (trial: Trial): number => {
    const x = trial.suggestFloat("x", -3, 3);
    const rate = trial.suggestFloat("rate", 1e-4, 1, { log: true });
    const n = trial.suggestInt("n", 1, 200);
    const share = trial.suggestFloat("share", 0, 1, { step: 0.25 });
    const kind = trial.suggestCategorical("kind", ["a", "b", "c"]);
    return (
      (x - 1) ** 2 +
      Math.log10(rate / 0.01) ** 2 +
      ((n - 70) / 50) ** 2 +
      Math.abs(share - 0.5) +
      (kind === "b" ? 0 : 1)
    );
  };
  const bestOf = async (sampler: Sampler, direction: "minimize" | "maximize" = "minimize") => {
    const study = await createStudy({ sampler, direction });
    const sign = direction === "minimize" ? 1 : -1;
    await study.optimize((trial) => sign * bowl(trial), { trials: 30 });
    return sign * study.bestValue;
  };

  test("finds the minimum of a mixed space in 30 trials, where random search does not", async () => {
    expect(await bestOf(new samplers.GP({ seed: 1 }))).toBeLessThan(0.1);
    expect(await bestOf(new samplers.GP({ seed: 1 }), "maximize")).toBeLessThan(0.1);
    expect(await bestOf(new samplers.Random({ seed: 1 }))).toBeGreaterThan(0.3);
  });

  test("gives the same trials for the same seed", async () => {
    const params = async (seed: number) => {
      const study = await createStudy({ sampler: new samplers.GP({ seed, startupTrials: 4 }) });
      await study.optimize(bowl, { trials: 8 });
      return study.trials.map((trial) => trial.params);
    };
    expect(await params(3)).toEqual(await params(3));
    expect(await params(3)).not.toEqual(await params(4));
  });

  test("goes on with infinite values, constant ones, and parameters that only some trials have", async () => {
    const study = await createStudy({ sampler: new samplers.GP({ seed: 1, startupTrials: 3 }) });
    await study.optimize(
      (trial) => {
        const x = trial.suggestFloat("x", 0, 1);
        if (trial.number % 2 === 0) trial.suggestInt("even", 1, 5);
        trial.suggestFloat("one", 2, 2);
        return trial.number === 4 ? Number.POSITIVE_INFINITY : x > 2 ? 1 : 0;
      },
      { trials: 10 },
    );
    expect(study.trials.every(({ state }) => state === "COMPLETE")).toBe(true);
  });

  test.each([
    ["the largest values there are", (x: number) => 1e308 * (x > 0.5 ? 1 : -1)],
    ["one value, as large as can be", () => 1e308],
    ["values of all sizes", (x: number) => (x > 0.7 ? 1e308 : x)],
    ["values that hardly differ", (x: number) => 1e10 + x],
  ])("goes on with %s", async (_, value) => {
    const sampler = new samplers.GP({ seed: 1, startupTrials: 4 });
    const study = await createStudy({ sampler });
    await study.optimize((trial) => value(trial.suggestFloat("x", 0, 1)), { trials: 12, stopOnError: true });
    const xs = study.trials.map(({ params }) => params["x"] as number);
    for (const x of xs) expect(x >= 0 && x <= 1, String(x)).toBe(true);
    // Each is the process' choice, not the one that is drawn where it has none.
    const chosen = study.trials.slice(4).map(({ systemAttrs }) => systemAttrs["gp:relative_params:0"]);
    expect(chosen.map((text) => (JSON.parse(text as string) as { x: number }).x)).toEqual(xs.slice(4));
  });

  test("takes the same choices whatever the values' unit", async () => {
    const params = async (unit: number) => {
      const study = await createStudy({ sampler: new samplers.GP({ seed: 2, startupTrials: 4 }) });
      await study.optimize((trial) => unit * (trial.suggestFloat("x", 0, 1) - 0.3) ** 2, { trials: 9 });
      return study.trials.map(({ params }) => params["x"]);
    };
    expect(await params(2 ** 1020)).toEqual(await params(1));
  });

  test("stays within the range where the best trial was queued outside of it", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const study = await createStudy({ sampler: new samplers.GP({ seed: 1, startupTrials: 3 }) });
    await study.enqueueTrial({ x: 5, n: 30 });
    await study.optimize((trial) => -trial.suggestFloat("x", 0, 1) - trial.suggestInt("n", 1, 20), {
      trials: 8,
    });
    const [first, ...others] = study.trials.map(({ params }) => params);
    expect({ ...first }).toEqual({ x: 5, n: 30 });
    for (const { x, n } of others as { x: number; n: number }[])
      expect(x >= 0 && x <= 1 && n >= 1 && n <= 20, `${x} ${n}`).toBe(true);
    const chosen = study.trials.slice(3).map(({ systemAttrs }) => systemAttrs["gp:relative_params:0"]);
    expect(chosen.map((text) => JSON.parse(text as string) as object)).toEqual(
      others.slice(2).map((p) => ({ n: p["n"], x: p["x"] })),
    );
    expect(warn).toHaveBeenCalledTimes(2);
    warn.mockRestore();
  });

  test("is fitted anew where an earlier fit's noise is too little for the observations", () => {
    const points = [0.5, 0.5 + 1e-12, 0.5, 0.2].map((x) => Float64Array.of(x));
    const observations = { points, values: Float64Array.of(1, -1, 0.5, 0), isCategorical: [false] };
    const start = { inverseSquares: Float64Array.of(1), scale: 1e30, noise: 1e-6 };
    expect(() => new Regression(observations, start)).toThrow(RangeError);
    const { mean, variance } = Regression.fit(observations, start).posterior(points[3]!);
    expect(Number.isFinite(mean) && variance > 0).toBe(true);
  });

  test("keeps a distance from trials that run", async () => {
    const study = await createStudy({ sampler: new samplers.GP({ seed: 1, startupTrials: 5 }) });
    await study.optimize((trial) => (trial.suggestFloat("x", 0, 1) - 0.4) ** 2, { trials: 5 });
    const xs = [];
    for (let i = 0; i < 3; i++) xs.push((await study.ask()).suggestFloat("x", 0, 1));
    xs.sort((a, b) => a - b);
    expect(Math.min(xs[1]! - xs[0]!, xs[2]! - xs[1]!)).toBeGreaterThan(1e-4);
  });

  test("refuses several directions, and options that it does not have", async () => {
    const study = await createStudy({ directions: ["minimize", "minimize"], sampler: new samplers.GP() });
    const trial = await study.ask();
    await expectRefusal(() => trial.suggestFloat("x", 0, 1), OptionError, "samplers.GP", "one direction");
    await expectRefusal(() => new samplers.GP({ startupTrials: 0 }), OptionError, "startupTrials");
    await expectRefusal(() => new samplers.GP(wrong({ kernel: "rbf" })), OptionError, '"kernel"');
  });
});
