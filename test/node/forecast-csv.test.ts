/** A visitor's CSV file as the Forecast view's series. */
import { describe, expect, test } from "vitest";
import { csvSeries, firstChoice, MOST_ROWS, readCsv } from "../../demo/forecast/own-series/csv-series.ts";
import { rhythmOf } from "../../demo/forecast/own-series/rhythm.ts";
import { ForecastTask } from "../../tasks/series/task.ts";

/** A file of `rows` days from 2020 on. */
function daily(
  rows: number,
  cells: (t: number) => readonly (string | number)[],
  header = "load,wind",
): string {
  const lines = Array.from({ length: rows }, (_, t) => {
    const date = new Date(Date.UTC(2020, 0, 1 + t)).toISOString().slice(0, 10);
    return [date, ...cells(t)].join(",");
  });
  return [`date,${header}`, ...lines].join("\n");
}

const wave = (t: number) => (20 + 5 * Math.sin((2 * Math.PI * t) / 7)).toFixed(3);

describe("a file", () => {
  test("is read with numbers, dates and a first choice", () => {
    const file = readCsv(
      "load.csv",
      daily(100, (t) => [t === 3 ? "" : t, wave(t)]),
    );
    expect(file.numbers).toEqual([
      { name: "load", holes: 1 },
      { name: "wind", holes: 0 },
    ]);
    expect(file.dates).toEqual(["date"]);
    expect(firstChoice(file)).toEqual({ target: "wind", inputs: [], date: "date" });
  });

  test("with nothing to forecast is refused with the reason", () => {
    const read = (text: string) => () => readCsv("it.csv", text);
    expect(read("")).toThrow("The file is empty");
    expect(read("\x89PNG\r\n\x1a\n\0\0\0\rIHDR")).toThrow("This is not a text file");
    expect(read("name,place\nEve,Bern\nAda,Rome")).toThrow("No column of it.csv holds numbers (name, place)");
    expect(read("t,value\n1,2\n3,4")).toThrow("it.csv has 2 rows; at least 60 are needed");
    expect(read("a,b\n1,2\n3")).toThrow("Line 3 has 1 cell, but the header has 2 columns");
  });

  test("with a hole in a chosen column says where", () => {
    const file = readCsv(
      "load.csv",
      daily(100, (t) => [t === 3 ? "" : t, t === 9 ? "n/a" : wave(t)]),
    );
    expect(() => csvSeries(file, { target: "load", inputs: [], date: "date" })).toThrow(
      'Line 5, column "load": the cell is empty',
    );
    expect(() => csvSeries(file, { target: "wind", inputs: [], date: null })).toThrow(
      'Line 11, column "wind": "n/a" is not a number',
    );
  });

  test("with dates out of order says where", () => {
    const lines = daily(100, (t) => [t, wave(t)]).split("\n");
    [lines[10], lines[11]] = [lines[11]!, lines[10]!];
    const file = readCsv("load.csv", lines.join("\n"));
    const choice = { target: "load", inputs: [], date: "date" };
    expect(() => csvSeries(file, choice)).toThrow('Line 12, column "date": 2020-01-10 does not come after');
    expect(csvSeries(file, { ...choice, date: null }).series.times).toBe(null);
  });

  test("with numbers that float32 cannot scale is refused with the reason", () => {
    const series = (size: number) => {
      const file = readCsv(
        "it.csv",
        daily(100, (t) => [size * Math.sin(t), wave(t)]),
      );
      return csvSeries(file, { target: "wind", inputs: ["load"], date: null }).series;
    };
    const apart = 'The numbers of the column "load" are too';
    expect(() => series(1e-40)).toThrow(
      `${apart} close together to compute with: the smallest and the largest differ by 2e−40. Multiply`,
    );
    expect(() => series(1e38)).toThrow(`${apart} far apart to compute with`);
    for (const size of [1e-28, 1e28, 0]) expect(series(size).columns).toHaveLength(1);
  });

  test("that is too long is cut to its newest rows", () => {
    const text = ["value", ...Array.from({ length: MOST_ROWS + 5 }, (_, t) => String(t % 10))].join("\n");
    const { series, notes } = csvSeries(readCsv("long.csv", text), {
      target: "value",
      inputs: [],
      date: null,
    });
    expect(series.values.length).toBe(MOST_ROWS);
    expect(series.values.slice(0, 3)).toEqual([5, 6, 7]);
    expect(notes).toEqual(["The newest 20,000 of 20,005 rows are used."]);
  });
});

describe("its series", () => {
  test("has the chosen columns, the calendar, and no trend without one", () => {
    const file = readCsv(
      "load.csv",
      daily(200, (t) => [wave(t), t]),
    );
    const { series, notes } = csvSeries(file, { target: "load", inputs: ["wind", "load"], date: "date" });
    expect(notes).toEqual([]);
    expect(series.columns.map(({ name }) => name)).toEqual(["wind"]);
    expect(series.about).toBe("load from its own values before, with wind, and the calendar.");
    expect([series.step, series.period, series.calendar]).toEqual(["day", 7, ["dayOfWeek"]]);
    expect(series.trend).toBe(false);
    expect(series.presets[0].settings).toMatchObject({ goal: "level", window: 14, batchSize: 16 });
    expect(series.digits).toBe(2);
  });

  test("is forecast by its changes if it rises", () => {
    const file = readCsv(
      "load.csv",
      daily(200, (t) => [1000 * t, wave(t)]),
    );
    const { series } = csvSeries(file, { target: "load", inputs: [], date: null });
    expect(series.trend).toBe(true);
    expect(series.presets[0].settings.goal).toBe("change");
    expect([series.step, series.period, series.digits]).toEqual(["row", null, 0]);
  });

  test.each([60, 61, 100, 3000])("of %i rows can be trained on with every option offered", (rows) => {
    const file = readCsv(
      "load.csv",
      daily(rows, (t) => [wave(t), t]),
    );
    const { series } = csvSeries(file, { target: "load", inputs: ["wind"], date: "date" });
    expect(series.windows).toContain(series.presets[0].settings.window);
    expect(series.horizons).toContain(1);
    expect(series.rollOuts.length).toBeGreaterThan(0);
    for (const window of series.windows) {
      for (const horizon of series.horizons) {
        const task = new ForecastTask(series, { window, horizon, goal: "change" });
        expect(task.dataset(task.train).length).toBeGreaterThan(0);
      }
    }
  });
});

test("the rhythm of dates", () => {
  const every = (ms: number, n: number) => Array.from({ length: n }, (_, t) => t * ms);
  const hour = 3_600_000;
  expect(rhythmOf(null, 100)).toEqual({ step: "row", period: null, calendar: [], even: true });
  expect(rhythmOf(every(hour, 100), 70)).toMatchObject({ step: "hour", period: 24, even: true });
  expect(rhythmOf(every(hour, 1000), 700).calendar).toEqual(["hourOfDay", "dayOfWeek"]);
  expect(rhythmOf(every(24 * hour, 1200), 800)).toMatchObject({ step: "day", period: 365 });
  expect(rhythmOf(every(7 * 24 * hour, 200), 140)).toMatchObject({ step: "week", period: 52 });
  const months = Array.from({ length: 60 }, (_, t) => Date.UTC(2000, t, 1));
  expect(rhythmOf(months, 40)).toEqual({ step: "month", period: 12, calendar: ["month"], even: true });
  expect(rhythmOf([0, hour, 3 * hour, 4 * hour], 3)).toMatchObject({ step: "hour", even: false });
  expect(rhythmOf(every(1000, 50), 30)).toEqual({ step: "row", period: null, calendar: [], even: true });
});
