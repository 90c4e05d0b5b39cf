/** A part of a split stays that part: what is computed from it keeps the history from before its start. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as data from "../../src/data/index.ts";
import { DataError } from "../../src/errors.ts";
import { expectRefusal } from "../refusal.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const steps = ({ start, end, history }: data.PartSteps) => ({ start, end, history });

describe("columnStack of parts", () => {
  const split = (history: number, series: data.Series = range(0, 80)) =>
    data.chronologicalSplit(series, { validation: 20, test: 20, history });

  test("the first window of the validation part reads the training part's tail", () => {
    const { validation } = split(5);
    const stacked = data.columnStack([validation, range(1000, 1025)]);
    expect(steps(stacked)).toEqual({ start: 40, end: 60, history: 5 });
    const { x, y } = data.slidingWindows(stacked, { length: 5 });
    expect([...x.data.subarray(0, 10)]).toEqual([35, 1000, 36, 1001, 37, 1002, 38, 1003, 39, 1004]);
    expect([...y.data]).toEqual(range(40, 60));
  });

  test("no target is a step of an earlier part, whatever the history, window and lag", () => {
    const cases = fc.record({
      history: fc.integer({ min: 0, max: 30 }),
      length: fc.integer({ min: 1, max: 8 }),
      lag: fc.integer({ min: 0, max: 10 }),
    });
    fc.assert(
      fc.property(cases, ({ history, length, lag }) => {
        const parts = split(history);
        for (const part of [parts.train, parts.validation, parts.test]) {
          const lagged = data.lagFeatures(part, { lags: [lag] });
          const stacked = data.columnStack([part, lagged], { alignNewest: true });
          const { x, y } = data.slidingWindows(stacked, { length });
          // Every step is a target for which the part and its history have a window with its lags.
          expect([...y.data]).toEqual(
            range(Math.max(part.start, part.start - part.history + lag + length), part.end),
          );
          const newest = 2 * (length - 1);
          y.data.forEach((target, w) => {
            const row = w * 2 * length + newest;
            expect([x.data[row], x.data[row + 1]]).toEqual([target - 1, target - 1 - lag]);
          });
          expect(stacked.end).toBe(part.end);
          expect(stacked.data[2 * stacked.history]).toBe(stacked.start);
          expect(steps(lagged)).toEqual(steps(stacked));
        }
      }),
    );
  });

  test("parts of two series split alike stay one part; scaling keeps it", () => {
    const [first, second] = [split(3), split(3, range(500, 580))];
    const stacked = data.columnStack([first.test, second.test]);
    expect(steps(stacked)).toEqual({ start: 60, end: 80, history: 3 });
    expect(steps(data.StandardScaler.fit(stacked).transform(stacked))).toEqual(steps(stacked));
    expect(steps(data.StandardScaler.fit(stacked).inverse(stacked))).toEqual(steps(stacked));
  });

  test("a stack without parts is no part", () => {
    expect(
      Object.keys(
        data.columnStack([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toEqual(["data", "shape"]);
    const lagged = data.lagFeatures([1, 2, 3], { lags: [1] });
    expect(Object.keys(lagged)).toEqual(["data", "shape", "start", "names"]);
    expect(Object.keys(data.columnStack([[2, 3], lagged]))).toEqual(["data", "shape"]);
  });

  test("refuses parts of different steps or history", async () => {
    const parts = split(5);
    await expectRefusal(
      () => data.columnStack([parts.validation, parts.test]),
      DataError,
      "columnStack: the parts must have the same steps",
      "40 to 60 with 5 of history and 60 to 80 with 5 of history",
      "split with the same options",
    );
    const options = { validation: 22, test: 20, history: 3 };
    const other = data.chronologicalSplit(range(0, 80), options).validation; // 25 rows as well
    await expectRefusal(
      () => data.columnStack([parts.validation, other]),
      DataError,
      "40 to 60 with 5 of history and 38 to 60 with 3 of history",
    );
  });

  test("alignment drops history before steps of the part", () => {
    const [five, three] = [split(5).validation, split(3).validation];
    expect(steps(data.columnStack([five, three], { alignNewest: true }))).toEqual(steps(three));
    const newest = data.columnStack([five, range(0, 18)], { alignNewest: true });
    expect(steps(newest)).toEqual({ start: 42, end: 60, history: 0 });
    expect(newest.data[0]).toBe(42);
  });
});

test("a part with history is not split again", async () => {
  const { test: held } = data.chronologicalSplit(range(0, 80), { test: 20, history: 5 });
  await expectRefusal(
    () => data.chronologicalSplit(held, { test: 5 }),
    DataError,
    "already a part, with 5 rows of history",
    "split the whole series",
  );
});
