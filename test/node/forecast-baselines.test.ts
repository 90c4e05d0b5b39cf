/** The Forecast view's stronger baselines: linear regression on the model's window, and persistence of the anomaly. */
import { describe, expect, test } from "vitest";
import { numberOf } from "../../demo/forecast/format.ts";
import { baselinesOf } from "../../tasks/series/baselines.ts";
import { heldOutOf } from "../../tasks/series/held-out.ts";
import { loadSeries } from "../../tasks/series/index.ts";
import { fitLinear, LINEAR, linearBaseline } from "../../tasks/series/linear.ts";
import type { Series } from "../../tasks/series/series.ts";
import { ForecastTask } from "../../tasks/series/task.ts";
import { applyLinear, Ridge } from "../../tasks/statistics/ridge.ts";

const [seattle, co2, sine] = await Promise.all((["seattle", "co2", "sine"] as const).map(loadSeries));
const small = (changes: Partial<Series>): Series => ({
  ...sine!,
  scaled: true,
  test: 8,
  validation: 8,
  ...changes,
});

describe("ridge regression", () => {
  const x = { data: [0, 0, 1, 0, 0, 1, 2, 5, -3, 1], shape: [5, 2] };

  test("finds the weights of an exact relation, for every output", () => {
    const y = [0, 1, 2, 3, 4].flatMap((n) => {
      const [a, b] = [x.data[2 * n]!, x.data[2 * n + 1]!];
      return [1 + 2 * a - 3 * b, -4 + b];
    });
    const linear = new Ridge(x, { data: y, shape: [5, 2] }).solve(1e-12);
    [2, 0, -3, 1].forEach((weight, i) => {
      expect(linear.weights[i]).toBeCloseTo(weight, 8);
    });
    [1, -4].forEach((bias, i) => {
      expect(linear.bias[i]).toBeCloseTo(bias, 8);
    });
    applyLinear(linear, x.data).forEach((value, i) => {
      expect(value).toBeCloseTo(y[i]!, 8);
    });
  });

  test("shrinks the weight, not the bias, as the penalty says", () => {
    const [xs, ys] = [
      [1, 2, 3, 6],
      [2, 1, 4, 9],
    ] as const;
    // Sums over the values less their means, 3 and 4.
    const [xx, xy] = [4 + 1 + 0 + 9, 4 + 3 + 0 + 15];
    const line = { data: xs, shape: [4, 1] };
    const { weights, bias } = new Ridge(line, { data: ys, shape: [4, 1] }).solve(0.5);
    expect(weights[0]).toBeCloseTo(xy / (xx + 4 * 0.5), 12);
    expect(bias[0]).toBeCloseTo(4 - 3 * weights[0]!, 12);
  });
});

describe("linear regression on the window", () => {
  test("is NumPy's on Seattle's last five days", () => {
    const { settings } = seattle!.presets[0];
    const task = new ForecastTask(seattle!, { ...settings, window: 5, horizon: 1 });
    const held = heldOutOf(task, fitLinear(task));
    expect(held.fitted).toBe(true);
    // numpy.linalg.solve on the same windows, columns and penalties.
    expect(held.baselines.find(({ name }) => name === LINEAR)!.mae).toBeCloseTo(2.1611, 4);
  });

  test("knows nothing of the held-out part", () => {
    const known = seattle!.values.length - seattle!.test;
    const changed = { ...seattle!, values: seattle!.values.map((value, t) => (t < known ? value : 99)) };
    const [a, b] = [seattle!, changed].map((series) => {
      const task = new ForecastTask(series, { window: 5, horizon: 2, goal: "level" });
      const linear = fitLinear(task);
      return { linear, far: linearBaseline(task, linear).at(known, 20) };
    });
    expect(a).toEqual(b);
  });

  test.each(["level", "change"] as const)("continues a line far beyond the horizon: %s", (goal) => {
    const values = Array.from({ length: 60 }, (_, t) => 5 + 2 * t);
    const task = new ForecastTask(small({ values, trend: true }), { window: 4, horizon: 3, goal });
    const baseline = linearBaseline(task, fitLinear(task));
    [0, 2, 3, 7].forEach((ahead) => {
      expect(baseline.at(52, ahead)).toBeCloseTo(values[52 + ahead]!, 1);
    });
  });
});

describe("persistence of the anomaly", () => {
  const at = (series: Series, known: number) =>
    baselinesOf(series, known).find(({ name }) => name === "Anomaly persistence")!.at;

  test("fades toward the seasonal mean by the factor that fits best", () => {
    // Seasons of two steps with the means 0 and 10; the anomalies are 1, 1, -1, -1.
    const values = [1, 11, -1, 9, 4, 0];
    const said = at(small({ values, period: 2, times: null, trend: false }), 4);
    const factor = (1 * 1 - 1 * 1 + 1 * 1) / 3;
    expect(said(5, 0)).toBeCloseTo(10 + factor * 4, 12);
    expect(said(5, 1)).toBeCloseTo(0 + factor ** 2 * 4, 12);
  });

  test("follows the seasons' changes in a series with a trend", () => {
    const season = [0, 5, 1, -2];
    const values = Array.from({ length: 16 }, (_, t) => 3 * t + season[t % 4]!);
    const said = at(small({ values, period: 4, trend: true }), 12);
    [0, 1, 3].forEach((ahead) => {
      expect(said(12, ahead)).toBeCloseTo(values[12 + ahead]!, 9);
    });
  });

  test("beats persistence on Seattle and CO₂", () => {
    for (const [series, other] of [
      [seattle!, "Persistence"],
      [co2!, "Seasonal naive + drift"],
    ] as const) {
      const { baselines } = heldOutOf(new ForecastTask(series, series.presets[0].settings));
      const mae = (name: string) => baselines.find((baseline) => baseline.name === name)!.mae;
      expect(mae("Anomaly persistence")).toBeLessThan(mae(other));
    }
  });
});

test.each([
  [1234567.891, 2, "1,234,567.89"],
  [-0.001, 2, "0.00"],
  [-1234.5, 0, "−1,235"],
  [0.0001234, 6, "0.000123"],
  [6.5550224793476135e28, 0, "6.56e28"],
  [-1.327e-29, 31, "−1.33e−29"],
  [0, 31, "0"],
])("%d with %i decimals is written %s", (value, digits, text) => {
  expect(numberOf({ unit: "", digits }, value)).toBe(text);
});
