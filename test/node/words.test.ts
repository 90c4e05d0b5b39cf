/** Tables and series take what is plain, and say what is not. */
import { describe, expect, test } from "vitest";
import { data, History, ShapeError } from "webgpu-lstm";
import { expectRefusal } from "../refusal.ts";

const report = (epoch: number, metrics?: Record<string, number>) => ({
  epoch,
  loss: 0.5,
  steps: 1,
  seconds: 1,
  stepsPerSecond: 1,
  ...(metrics && { metrics }),
});

test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
  "a metric named %s is missing from an epoch that has other metrics",
  (name) => {
    const history = new History([
      report(1, Object.fromEntries([[name, 3]])),
      report(2, { other: 4 }),
      report(3),
    ]);
    expect(
      history
        .toCSV()
        .split("\n")
        .map((line) => line.split(",")[3]),
    ).toEqual([name, "3", "", "", undefined]);
    expect([...history.column(name)]).toEqual([3, Number.NaN, Number.NaN]);
  },
);

describe("a series as rows", () => {
  const rows = [
    [1, 10],
    [2, 20],
    [3, 30],
    [4, 40],
  ];
  const array = { data: Float64Array.from(rows.flat()), shape: [4, 2] };

  test("is the series with its shape, in every function", () => {
    const ways: ((series: data.Series) => unknown)[] = [
      (series) => data.slidingWindows(series, { length: 2 }),
      (series) => data.chronologicalSplit(series, { test: 1 }),
      (series) => data.columnStack([series, [1, 2, 3, 4]]),
      (series) => data.lagFeatures(series, { lags: [1] }),
      (series) => data.StandardScaler.fit(series),
      (series) => data.MinMaxScaler.fit(array).transform(series),
      (series) => data.MinMaxScaler.fit(array).inverse(series as data.Float64NDArray),
    ];
    for (const way of ways) {
      expect(way(rows)).toEqual(way(array));
      expect(way(rows.map((row) => Float32Array.from(row)))).toEqual(way(array));
    }
  });

  test("is refused where the rows differ in length", () =>
    expectRefusal(
      () => data.slidingWindows([[1, 2], [3]], { length: 1 }),
      ShapeError,
      "slidingWindows: series must have rows of one length",
      "got [3] in dim 1",
    ));
});
