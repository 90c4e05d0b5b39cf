/** The Forecast view's verdicts: green only where every step ahead that is claimed wins. */
import { describe, expect, test } from "vitest";
import { rollOutVerdict, verdictOf } from "../../demo/forecast/results/verdict.ts";
import { heldOutOf } from "../../tasks/series/held-out.ts";
import { loadSeries } from "../../tasks/series/index.ts";
import { ForecastTask } from "../../tasks/series/task.ts";

const SERIES = { unit: " °C", digits: 2, step: "day" };
const judged = (name: string, ...maes: number[]) => {
  const mae = maes.reduce((sum, error) => sum + error, 0) / maes.length;
  return { name, line: [], mae, rmse: mae, lastMae: maes.at(-1)!, maes };
};

describe("the verdict", () => {
  const baselines = [judged("Persistence", 2, 3, 4), judged("Seasonal mean", 3.15, 3.15, 3.15)];
  test.each([
    [[1, 2, 3], true, "After epoch 3: below both baselines, by 1.00 °C."],
    [
      [1, 2, 3.18],
      false,
      "After epoch 3: below both baselines on average, by 0.94 °C, but not on day 3 (3.18 °C, Seasonal mean 3.15 °C).",
    ],
    [
      [2, 2, 3],
      false,
      "After epoch 3: below both baselines on average, by 0.67 °C, but not on day 1 (2.00 °C, Persistence 2.00 °C).",
    ],
    [[3, 3, 3], false, "After epoch 3: as far off as Persistence."],
    [[3, 3, 6], false, "After epoch 3: not below both baselines; 1.00 °C above Persistence."],
  ])("of the errors %j is %s", (maes, good, text) => {
    expect(verdictOf(SERIES, "After epoch 3", judged("LSTM", ...maes), baselines)).toEqual({ good, text });
  });

  test("of a roll-out is its own", () => {
    const of = (mae: number) =>
      rollOutVerdict(SERIES, 24, { name: "LSTM", mae }, [
        { name: "Persistence", mae: 3 },
        { name: "Seasonal naive", mae: 1.4 },
        { name: "Seasonal naive + drift", mae: 0.69 },
      ]);
    expect(of(1.39)).toEqual({
      good: false,
      text: "LSTM: 0.70 °C above Seasonal naive + drift over these 24 days.",
    });
    expect(of(0.694).text).toBe("LSTM: as far off as Seasonal naive + drift over these 24 days.");
    expect(of(0.5)).toEqual({
      good: true,
      text: "LSTM: below all baselines over these 24 days, by 0.19 °C.",
    });
  });
});

test("the errors of each step ahead are those of the forecasts, computed again", async () => {
  const series = await loadSeries("seattle");
  const task = new ForecastTask(series, { window: 14, horizon: 7, goal: "level" });
  const { baselines } = heldOutOf(task);
  const { values, test: held } = series;
  const from = values.length - held;
  for (let ahead = 0; ahead < 7; ahead++) {
    let sum = 0;
    let windows = 0;
    for (let origin = from; origin + 7 <= values.length; origin++, windows++) {
      sum += Math.abs(values[origin - 1]! - values[origin + ahead]!);
    }
    expect(baselines[0]!.maes[ahead]).toBeCloseTo(sum / windows, 5);
  }
  const { maes, mae, lastMae } = baselines[0]!;
  expect(maes.reduce((sum, error) => sum + error, 0) / 7).toBeCloseTo(mae, 10);
  expect(maes[6]).toBe(lastMae);
});
