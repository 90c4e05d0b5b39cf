/** The Gaussian process beside Optuna's, and the sampler that asks it. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
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
