/** The Forecast view's pure parts: tasks, baselines, roll-outs, and the built-in series. */
import { describe, expect, test } from "vitest";
import type { NDArray } from "../../src/shape.ts";
import { forecastTask } from "../../tasks/seattle/task.ts";
import { baselinesOf } from "../../tasks/series/baselines.ts";
import { heldOutOf } from "../../tasks/series/held-out.ts";
import { loadSeries } from "../../tasks/series/index.ts";
import { rollOut } from "../../tasks/series/roll-out.ts";
import { seasonalMeans } from "../../tasks/series/seasons.ts";
import { seattleCsv } from "../../tasks/series/seattle-csv.ts";
import type { Series } from "../../tasks/series/series.ts";
import { ForecastTask } from "../../tasks/series/task.ts";
import { parseWeather } from "../../tasks/series/weather.ts";

const [seattle, co2, sp500, sine] = await Promise.all(
  (["seattle", "co2", "sp500", "sine"] as const).map(loadSeries),
);
const all = { seattle: seattle!, co2: co2!, sp500: sp500!, sine: sine! };

/** A small series of 40 steps, the last 8 held out, 8 before them for validation. */
function small(changes: Partial<Series> = {}): Series {
  const values = Array.from({ length: 40 }, (_, t) => 10 + 3 * t + (t % 4));
  return { ...all.sine, scaled: true, values, test: 8, validation: 8, ...changes };
}

test.each([0, 1])("a task keeps the distinct values of a series far from zero, in column %d", (column) => {
  const values = Array.from({ length: 40 }, (_, t) => 123_456_789 + t / 2);
  const columns = column === 0 ? [] : [{ ...all.seattle.columns[0]!, values }];
  const series = small({ ...(column === 0 && { values }), columns, calendar: [] });
  const task = new ForecastTask(series, { window: 4, horizon: 1, goal: "level" });
  const { scaled } = task.rows;
  const width = scaled.length / values.length;
  expect(new Set(values.map((_, t) => scaled[t * width + column])).size).toBe(values.length);
});

describe("the series", () => {
  test("are complete: dates and columns as long as the values, only numbers", () => {
    for (const { values, times, columns, test, validation } of Object.values(all)) {
      expect(values.every(Number.isFinite)).toBe(true);
      if (times) expect(times.length).toBe(values.length);
      for (const column of columns) expect(column.values.length).toBe(values.length);
      expect(test + validation).toBeLessThan(values.length / 2 + 1);
    }
    expect(Object.values(all).map(({ values }) => values.length)).toEqual([1461, 672, 5105, 1400]);
  });

  test("CO₂ has no gap between months", () => {
    const months = all.co2.times!.map((time) => {
      const date = new Date(time);
      return 12 * date.getUTCFullYear() + date.getUTCMonth();
    });
    months.forEach((month, t) => {
      expect(month).toBe(months[0]! + t);
    });
  });

  test("offer only valid options, including their presets", () => {
    for (const series of Object.values(all)) {
      for (const { settings } of series.presets) {
        expect(series.windows).toContain(settings.window);
        expect(series.horizons).toContain(settings.horizon);
      }
      const [window, horizon] = [series.windows.at(-1)!, series.horizons.at(-1)!];
      for (const goal of ["level", "change"] as const) {
        const task = new ForecastTask(series, { window, horizon, goal });
        expect(heldOutOf(task).steps.length).toBe(series.test - horizon + 1);
      }
      expect(series.rollOuts.at(-1)).toBeLessThanOrEqual(series.test);
    }
  });

  test("survive a round trip through JSON", () => {
    for (const series of Object.values(all)) expect(JSON.parse(JSON.stringify(series))).toEqual(series);
  });
});

describe("the task", () => {
  test.each([1, 7])("equals the Seattle example's, %i days ahead", (horizon) => {
    const window = 14;
    const task = new ForecastTask(all.seattle, { window, horizon, goal: "level" });
    const example = forecastTask(parseWeather(seattleCsv), { window, horizon });
    const train = task.dataset(task.train);
    expect(train.x.shape).toEqual(example.train.x.shape);
    expect(train.y.data).toEqual(example.train.y.data);
    // The two compute the time of the year slightly differently: by up to a day in a leap year.
    train.x.data.forEach((value, i) => {
      const measured = i % 6 < 4;
      expect(Math.abs(value - example.train.x.data[i]!)).toBeLessThan(measured ? 1e-5 : 0.03);
    });
    const { persistence, best, baselines } = heldOutBeside(task);
    expect(persistence).toBeCloseTo(horizon === 1 ? 2.24 : 3.4, 2);
    expect(best).toBe("Anomaly persistence");
    expect(baselines[1]!.mae).toBeCloseTo(horizon === 1 ? 3.15 : 3.16, 2);
    expect(baselines[2]!.mae).toBeCloseTo(horizon === 1 ? 2.16 : 2.88, 2);
  });

  function heldOutBeside(task: ForecastTask) {
    const { baselines, best } = heldOutOf(task);
    return { baselines, persistence: baselines[0]!.mae, best: best.name };
  }

  test("of the sine equals the tutorial's: 980 unscaled windows of 20 values", () => {
    const task = new ForecastTask(all.sine, { window: 20, horizon: 1, goal: "level" });
    const { x, y } = task.dataset(task.train);
    expect(x.shape).toEqual([980, 20, 1]);
    const wave = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i * (100 / 999)));
    expect(x.data.slice(0, 20)).toEqual(wave.slice(0, 20));
    expect(x.data.slice(979 * 20)).toEqual(wave.slice(979, 999));
    expect(y.data).toEqual(wave.slice(20));
  });

  test("no part forecasts another's step, and no step is left out", () => {
    const task = new ForecastTask(small(), { window: 4, horizon: 3, goal: "level" });
    const forecast = [task.train, task.validation, task.test].map((span) => {
      const origins = task.origins(span);
      return [origins[0], origins.at(-1)! + task.horizon];
    });
    expect(forecast).toEqual([
      [4, 24],
      [24, 32],
      [32, 40],
    ]);
  });

  test.each(["level", "change"] as const)("does not use later parts: %s", (goal) => {
    const series = small();
    const changed = { ...series, values: series.values.map((value, t) => (t < 24 ? value : 1000)) };
    const [a, b] = [series, changed].map((s) => {
      const task = new ForecastTask(s, { window: 4, horizon: 2, goal });
      return task.dataset(task.train);
    });
    expect(a!.x.data).toEqual(b!.x.data);
    expect(a!.y.data).toEqual(b!.y.data);
  });

  test.each([
    ["level", false],
    ["change", false],
    ["level", true],
    ["change", true],
  ] as const)("converts a perfect forecast to the series' unit: %s, log %s", (goal, log) => {
    const task = new ForecastTask(small({ log }), { window: 4, horizon: 3, goal });
    const origins = task.origins(task.test);
    const back = task.inUnits(task.dataset(task.test).y, origins);
    task.actual(origins).data.forEach((value, i) => {
      expect(back.data[i]!).toBeCloseTo(value, 3);
    });
  });

  test("a window of changes ends with zero, whatever the series' level", () => {
    const task = new ForecastTask(all.co2, { window: 24, horizon: 1, goal: "change" });
    const { data, shape } = task.inputs(task.origins(task.test));
    const [n, length, features] = shape as [number, number, number];
    for (let i = 0; i < n; i++) expect(data[(i * length + length - 1) * features]).toBe(0);
    const { y } = task.dataset(task.train);
    const size = Math.sqrt(y.data.reduce((sum, value) => sum + value ** 2, 0) / y.data.length);
    expect(size).toBeCloseTo(1, 4);
  });

  test("refuses a series that is too short for the settings", () => {
    expect(() => new ForecastTask(small(), { window: 4, horizon: 9, goal: "level" })).toThrow(
      "40 steps are too few for a window of 4 and a horizon of 9 steps",
    );
    expect(() => new ForecastTask(small(), { window: 30, horizon: 1, goal: "level" })).toThrow("too few");
  });
});

describe("baselines", () => {
  const at = (series: Series, name: string) => {
    const found = baselinesOf(series, 32).find((baseline) => baseline.name === name)!;
    return (origin: number, ahead: number) => found.at(origin, ahead);
  };

  test("match values computed by hand", () => {
    const values = [1, 2, 3, 4, 11, 12, 13, 14, 21, 22];
    const season = small({ values, period: 4, trend: true });
    expect(at(season, "Persistence")(8, 3)).toBe(14);
    expect(at(season, "Seasonal naive")(8, 1)).toBe(12);
    expect(at(season, "Seasonal naive")(8, 5)).toBe(12);
    expect(at(season, "Seasonal naive + drift")(8, 1)).toBe(12 + 10);
    expect(at(season, "Seasonal naive + drift")(8, 5)).toBe(12 + 20);
    const line = small({ values: [2, 4, 6, 8], trend: true });
    expect([0, 1, 2].map((ahead) => at(line, "Drift")(4, ahead))).toEqual([10, 12, 14]);
    const growth = small({ values: [1, 2, 4, 8], trend: true, log: true });
    [16, 32].forEach((value, ahead) => {
      expect(at(growth, "Drift")(4, ahead)).toBeCloseTo(value, 9);
    });
    expect(at(small({ values: [1, 3, 2, 100] }), "Mean")(3, 0)).toBeCloseTo(106 / 4);
  });

  test("never use the origin or later steps; means never use the held-out part", () => {
    for (const series of [all.seattle, all.co2, all.sp500, all.sine]) {
      const known = series.values.length - series.test;
      const changed = { ...series, values: series.values.map((value, t) => (t < known ? value : 1e6)) };
      const [a, b] = [series, changed].map((s) =>
        baselinesOf(s, known).flatMap((baseline) => [0, 1, 30].map((ahead) => baseline.at(known, ahead))),
      );
      expect(a).toEqual(b);
    }
  });

  test("the seasonal mean uses whole dates, including a leap year's day", () => {
    const times = [2012, 2013].flatMap((year) =>
      Array.from({ length: year === 2012 ? 366 : 365 }, (_, day) => Date.UTC(year, 0, 1 + day)),
    );
    const mean = seasonalMeans(
      { period: 365, times },
      times.map((time) => new Date(time).getUTCMonth()),
    );
    expect(mean(times.indexOf(Date.UTC(2013, 6, 15)))).toBe(6);
    // The first eight days of January twice; the last seven days of December, and the last six in a year of 365 days.
    expect(mean(0)).toBeCloseTo((13 * 11) / 29, 9);
  });
});

describe("the roll-out", () => {
  /** A model that repeats the window's last difference. */
  const line = (task: ForecastTask) => async (x: NDArray) => {
    const { features, window, horizon } = task;
    const [before, last] = [window - 2, window - 1].map((t) => x.data[t * features]!);
    const data = Float32Array.from({ length: horizon }, (_, k) => last! + (k + 1) * (last! - before!));
    return { data, shape: [1, horizon] };
  };

  test.each([1, 3])("feeds a model's own forecasts back, %i at a time", async (horizon) => {
    const values = Array.from({ length: 40 }, (_, t) => (t < 32 ? 5 + 2 * t : 0));
    const task = new ForecastTask(small({ values }), { window: 4, horizon, goal: "level" });
    const calls: number[] = [];
    const predict = line(task);
    const said = await rollOut(task, 32, 7, (x) => {
      calls.push(x.shape[0]!);
      return predict(x);
    });
    expect(calls.length).toBe(Math.ceil(7 / horizon));
    expect(said.length).toBe(7);
    said.forEach((value, k) => {
      expect(value).toBeCloseTo(5 + 2 * (32 + k), 2);
    });
  });

  test("does not use future values: only the calendar is known, other columns take usual values", async () => {
    const origin = all.seattle.values.length - 200;
    const later = <T>(values: readonly T[], other: T) => values.map((v, t) => (t < origin ? v : other));
    const blind = {
      ...all.seattle,
      values: later(all.seattle.values, 99),
      columns: all.seattle.columns.map((c) => ({ ...c, values: later(c.values, -7) })),
    };
    const seen: Float32Array[][] = [];
    const said = await Promise.all(
      [all.seattle, blind].map((series) => {
        const task = new ForecastTask(series, { window: 14, horizon: 1, goal: "level" });
        const inputs: Float32Array[] = [];
        seen.push(inputs);
        const predict = line(task);
        return rollOut(task, origin, 30, (x) => {
          inputs.push(x.data);
          return predict(x);
        });
      }),
    );
    expect(said[0]).toEqual(said[1]);
    expect(seen[0]).toEqual(seen[1]);
    // The series themselves are unchanged.
    const task = new ForecastTask(all.seattle, { window: 14, horizon: 1, goal: "level" });
    const before = task.rows.scaled.slice();
    await rollOut(task, origin, 10, line(task));
    expect(task.rows.scaled).toEqual(before);
    // The last window has its days' calendar and a minimum temperature near the season's.
    const x = seen[0]!.at(-1)!;
    const row = (origin + 28) * 6;
    expect(x.slice(13 * 6 + 4, 14 * 6)).toEqual(task.rows.scaled.slice(row + 4, row + 6));
    const usual = seasonalMeans(
      all.seattle,
      Array.from({ length: task.train[1] }, (_, t) => task.rows.scaled[t * 6 + 1]!),
    );
    expect(x[13 * 6 + 1]).toBeCloseTo(usual(origin + 28), 6);
  });

  test("ends where the series ends", async () => {
    const task = new ForecastTask(small(), { window: 4, horizon: 3, goal: "change" });
    const still = async () => ({ data: new Float32Array(3), shape: [1, 3] });
    const said = await rollOut(task, 36, 50, still);
    expect([...said]).toEqual(Array(4).fill(task.series.values[35]));
  });
});
