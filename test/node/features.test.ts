import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as data from "../../src/data/index.ts";
import { DataError, OptionError, ShapeError } from "../../src/errors.ts";
import type { NDArray } from "../../src/shape.ts";
import { expectRefusal, wrong } from "../refusal.ts";

const array = (shape: number[], values: Iterable<number>): NDArray => ({
  data: Float32Array.from(values),
  shape,
});
/** What functions of series give. */
const float64 = (shape: number[], values: Iterable<number>): data.Float64NDArray => ({
  data: Float64Array.from(values),
  shape,
});

describe("calendarFeatures", () => {
  /** Position of each time in its cycle, from the sine and the cosine. */
  function phases(feature: data.CalendarFeature, times: readonly string[], timeZone?: string): number[] {
    const options = timeZone === undefined ? { features: [feature] } : { features: [feature], timeZone };
    const { data: points } = data.calendarFeatures(
      times.map((time) => Date.parse(time)),
      options,
    );
    return times.map((_, t) => {
      const [sine, cosine] = [points[2 * t]!, points[2 * t + 1]!];
      expect(sine ** 2 + cosine ** 2).toBeCloseTo(1, 5);
      const phase = Math.atan2(sine, cosine) / (2 * Math.PI);
      return phase < -1e-7 ? phase + 1 : phase;
    });
  }
  const expectPhases = (actual: number[], expected: number[]) => {
    expect(actual.length).toBe(expected.length);
    actual.forEach((phase, i) => {
      expect(phase).toBeCloseTo(expected[i]!, 5);
    });
  };

  test("the day advances continuously, before 1970 too", () => {
    const times = ["2024-02-29T00:00Z", "2024-02-29T06:30Z", "1969-12-31T18:00Z", "2024-02-29T23:59:59.500Z"];
    expectPhases(phases("hourOfDay", times), [0, 6.5 / 24, 0.75, 1 - 0.5 / 86400]);
  });

  test("the week begins on Monday", () => {
    const times = ["2024-01-01T12:00Z", "2024-01-02T00:00Z", "2024-01-07T23:00Z", "2024-01-08T00:00Z"];
    expectPhases(phases("dayOfWeek", times), [0, 1 / 7, 6 / 7, 0]);
  });

  test("months and years use their actual number of days", () => {
    const days = ["2023-01-01", "2023-12-31", "2024-12-31", "2024-03-01T23:59Z"];
    expectPhases(phases("dayOfYear", days), [0, 364 / 365, 365 / 366, 60 / 366]);
    expectPhases(phases("dayOfMonth", ["2024-02-29", "2023-02-28", "2023-03-16"]), [
      28 / 29,
      27 / 28,
      15 / 31,
    ]);
    expectPhases(phases("month", ["2024-01-31", "2024-04-01", "2024-12-31T23:00Z"]), [0, 0.25, 11 / 12]);
  });

  test("uses the time zone's clocks, including summer time", () => {
    const times = ["2024-01-01T00:00Z", "2024-07-01T00:00Z", "2024-12-31T23:30Z"];
    expectPhases(phases("hourOfDay", times, "Europe/Berlin"), [1 / 24, 2 / 24, 0.5 / 24]);
    expectPhases(phases("dayOfYear", times, "Europe/Berlin"), [0, 182 / 366, 0]);
    expectPhases(phases("hourOfDay", ["2024-01-01T00:00Z"], "America/New_York"), [19 / 24]);
    expectPhases(phases("dayOfWeek", ["2024-01-01T00:00Z"], "America/New_York"), [6 / 7]);
  });

  test("a zone one hour ahead of UTC gives UTC's values an hour later", () => {
    const features = ["hourOfDay", "dayOfWeek", "dayOfMonth", "dayOfYear", "month"] as const;
    fc.assert(
      fc.property(fc.integer({ min: -2e12, max: 4e12 }), (time) => {
        // POSIX signs: Etc/GMT-1 is ahead of Greenwich.
        const zone = data.calendarFeatures([time], { features, timeZone: "Etc/GMT-1" });
        expect(zone).toEqual(data.calendarFeatures([new Date(time + 3_600_000)], { features }));
      }),
    );
  });

  test("gives named columns in the requested order", () => {
    const noon = Date.parse("2024-04-01T12:00Z");
    const result = data.calendarFeatures([noon, noon], { features: ["month", "hourOfDay"] });
    expect(result.shape).toEqual([2, 4]);
    expect([...result.data].map((value) => Math.round(value))).toEqual([1, 0, 0, -1, 1, 0, 0, -1]);
    expect(result.names).toEqual([
      "sine of month",
      "cosine of month",
      "sine of hourOfDay",
      "cosine of hourOfDay",
    ]);
  });

  test("refuses invalid times, features and zones", async () => {
    const make = (times: unknown, options: unknown) => () =>
      data.calendarFeatures(wrong(times), wrong(options));
    const options = { features: ["month"] };
    await expectRefusal(make([], options), DataError, "times is empty");
    await expectRefusal(make(["2024-01-01"], options), DataError, '"2024-01-01" at index 0', "Date.parse");
    await expectRefusal(make([0, new Date("x")], options), DataError, "invalid Date at index 1");
    await expectRefusal(make([Number.NaN], options), DataError, "got NaN");
    await expectRefusal(make(null, options), OptionError, "got null");
    await expectRefusal(make([0], { features: [] }), OptionError, "features must list some of hourOfDay");
    await expectRefusal(make([0], { features: ["hour"] }), OptionError, 'unknown feature "hour"');
    await expectRefusal(make([0], { ...options, timeZone: "Berlin" }), OptionError, 'got "Berlin"');
    await expectRefusal(make([0], { ...options, zone: 1 }), OptionError, 'unknown option "zone"');
  });
});

describe("columnStack", () => {
  test("puts lists and arrays side by side", () => {
    const stacked = data.columnStack([[1, 2], array([2, 2], [10, 11, 20, 21]), Float32Array.of(7, 8)]);
    expect(stacked).toEqual(float64([2, 4], [1, 10, 11, 7, 2, 20, 21, 8]));
  });

  test("aligns at the newest step on request", async () => {
    const series = [[1, 2, 3], [20, 30], array([3, 1], [7, 8, 9])];
    await expectRefusal(() => data.columnStack(series), ShapeError, "got 3, 2, 3 steps", "alignNewest");
    const stacked = data.columnStack(series, { alignNewest: true });
    expect(stacked).toEqual(float64([2, 3], [2, 20, 8, 3, 30, 9]));
  });

  test("refuses anything that is not a list of series", async () => {
    await expectRefusal(() => data.columnStack([]), OptionError, "one at least");
    await expectRefusal(() => data.columnStack(wrong([1])), ShapeError, "columnStack", "got 1");
    await expectRefusal(() => data.columnStack([[1, Number.NaN]]), DataError, "got NaN");
    await expectRefusal(() => data.columnStack([[1]], wrong({ align: 1 })), OptionError, "align");
  });
});

describe("lagFeatures", () => {
  test("gives earlier values and changes since, from the first step that has them all", () => {
    const lagged = data.lagFeatures([1, 2, 4, 8, 16], { lags: [0, 2], differences: [1] });
    expect(lagged.start).toBe(2);
    expect(lagged.names).toEqual(["lag 0 of 0", "lag 2 of 0", "difference 1 of 0"]);
    expect(lagged.shape).toEqual([3, 3]);
    expect([...lagged.data]).toEqual([4, 1, 2, 8, 2, 4, 16, 4, 8]);
  });

  test("lags every column", () => {
    const series = array([3, 2], [0, 100, 1, 101, 3, 103]);
    const lagged = data.lagFeatures(series, { lags: [1], differences: [2] });
    expect([...lagged.data]).toEqual([1, 101, 3, 3]);
    expect(lagged.names).toEqual(["lag 1 of 0", "lag 1 of 1", "difference 2 of 0", "difference 2 of 1"]);
    const beside = data.columnStack([series, lagged], { alignNewest: true });
    expect(beside).toEqual(float64([1, 6], [3, 103, 1, 101, 3, 3]));
  });

  test("refuses invalid lags", async () => {
    const make = (series: unknown, options: unknown) => () => data.lagFeatures(wrong(series), wrong(options));
    await expectRefusal(make([1, 2], { lags: [2] }), DataError, "at least 3 steps, got 2");
    await expectRefusal(make([1, 2], {}), OptionError, "got none");
    await expectRefusal(make([1, 2], { lags: [-1] }), OptionError, "lags", "got -1");
    await expectRefusal(make([1, 2], { differences: [0] }), OptionError, "differences", "got 0");
    await expectRefusal(make([1, 2], { lags: 1 }), OptionError, "list of steps, got 1");
    await expectRefusal(make([], { lags: [1] }), DataError, "series is empty");
  });
});

describe("slidingWindows of several columns", () => {
  const series = array([6, 3], [0, 100, 7, 1, 101, 7, 2, 102, 7, 3, 103, 7, 4, 104, 7, 5, 105, 7]);

  test("takes chosen columns as input, in order, and one as target", () => {
    const { x, y } = data.slidingWindows(series, { length: 2, inputs: [1, 0], target: 0, stride: 3 });
    expect(x).toEqual(array([2, 2, 2], [100, 0, 101, 1, 103, 3, 104, 4]));
    expect(y).toEqual(array([2, 1], [2, 5]));
  });

  test("a list of targets adds a dimension, even for one column", () => {
    const both = data.slidingWindows(series, { length: 3, horizon: 2, target: [1, 0] });
    expect(both.x.shape).toEqual([2, 3, 3]);
    expect(both.y).toEqual(array([2, 2, 2], [103, 3, 104, 4, 104, 4, 105, 5]));
    expect(data.slidingWindows(series, { length: 3, horizon: 2, target: [1] }).y.shape).toEqual([2, 2, 1]);
  });

  test("refuses columns that do not exist", async () => {
    const cut = (options: object) => () => data.slidingWindows(series, wrong({ length: 2, ...options }));
    await expectRefusal(cut({ target: [0, 3] }), OptionError, "target must be a column from 0 to 2, got 3");
    await expectRefusal(cut({ inputs: [-1] }), OptionError, "inputs must be a column from 0 to 2, got -1");
    await expectRefusal(cut({ inputs: [] }), OptionError, "inputs must be a list of different columns");
    await expectRefusal(cut({ target: [1, 1] }), OptionError, "target must be a list", "got [1, 1]");
    await expectRefusal(cut({ target: "1" }), OptionError, 'got "1"');
  });
});
