/** The demo's numbers, and the labels and ranges of its charts. */
import { describe, expect, test } from "vitest";
import {
  attribute,
  brief,
  count,
  counted,
  decimals,
  leastRange,
  short,
  tickLabels,
  widthOf,
} from "../../demo/shell/format.ts";

test("numbers have a true minus sign, significant digits, and no negative zero", () => {
  expect([0.5, -0.5, 3.4149, 12345, -1.2345e9, 4.2e-7, -4.2e-7, -0].map(brief)).toEqual([
    ...["0.5", "−0.5", "3.41", "12300", "−1.23e9", "4.2e−7", "−4.2e−7", "0"],
  ]);
  expect([1.5, -12.345, -123.45, 1.234e-4, -1.234e-7, 1e9, 0, -0, -1e-20, Number.NaN].map(short)).toEqual([
    ...["1.5000", "−12.35", "−123.5", "0.000123", "−1.23e−7", "1e9", "0.0000", "0.0000", "−1e−20", "–"],
  ]);
  expect([-1.005, -0.001, 0].map((value) => decimals(value, 2))).toEqual(["−1.00", "0.00", "0.00"]);
  expect([-12345, 1e9].map(count)).toEqual(["−12,345", "1,000,000,000"]);
  const numbers = [1.2345678e29, -1.5e-7, 12345.67, -0];
  expect(numbers.map(attribute)).toEqual([`123457${"0".repeat(24)}`, "-0.00000015", "12345.7", "0"]);
});

describe("an axis", () => {
  test.each([
    ["few digits", [-1, -0.5, 0, 0.5, 1], ["−1", "−0.5", "0", "0.5", "1"]],
    ["quarters", [0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"]],
    ["thousands", [2000, 4000, 6000], ["2,000", "4,000", "6,000"]],
    ["hundreds of millions", [0, 5e8, 1e9, 1.5e9], ["0", "5e8", "1e9", "1.5e9"]],
    ["near 1e9, one apart", [1e9, 1e9 + 1, 1e9 + 2], ["1,000,000,000", "1,000,000,001", "1,000,000,002"]],
    ["near 1e9, a million apart", [1.001e9, 1.002e9], ["1.001e9", "1.002e9"]],
    ["near 1e-7", [-1e-7, 0, 1e-7, 2e-7], ["−1e−7", "0", "1e−7", "2e−7"]],
    ["near 5, hardly apart", [5, 5.00001, 5.00002], ["5", "5.00001", "5.00002"]],
    ["sums of tenths", [0.1 + 0.2, 0.4, 0.5], ["0.3", "0.4", "0.5"]],
    ["ticks without a label", [null, 1, null, 2], ["", "1", "", "2"]],
    ["nothing but zero", [0], ["0"]],
  ])("tells its ticks apart: %s", (_, ticks, labels) => {
    expect(tickLabels(ticks)).toEqual(labels);
    const shown = labels.filter(Boolean);
    expect(new Set(shown).size).toBe(shown.length);
  });

  test("is as wide as its labels", () => {
    expect(widthOf(["1", "2"], 56)).toBe(56);
    expect(widthOf(["1,000,000,000"], 56)).toBe(105);
    expect(widthOf(null, 56)).toBe(56);
  });
});

describe("a range", () => {
  test("has a margin, and keeps to its side of zero", () => {
    expect(leastRange(10, 20)).toEqual([9, 21]);
    expect(leastRange(0, 20)).toEqual([0, 22]);
    expect(leastRange(-20, -1)).toEqual([-21.9, 0]);
    expect(leastRange(null, null)).toEqual([0, 1]);
  });

  test("of a constant series is a tenth around it, not its rounding errors", () => {
    expect(leastRange(5, 5)).toEqual([4.5, 5.5]);
    expect(leastRange(0, 0)).toEqual([-1, 1]);
    const [low, high] = leastRange(5, 5 + 5e-7);
    expect(high - low).toBeCloseTo(1, 6);
    expect(tickLabels([4.6, 4.8, 5, 5.2, 5.4])).toEqual(["4.6", "4.8", "5", "5.2", "5.4"]);
    expect(leastRange(1e9, 1e9)).toEqual([9e8, 1.1e9]);
    expect(leastRange(-3e-7, -3e-7).map((value) => value.toPrecision(3))).toEqual(["-3.30e-7", "-2.70e-7"]);
  });
});

test("one of a thing is said in the singular", () => {
  expect([1, 2].map((value) => counted(value, "entry", "entries"))).toEqual(["1 entry", "2 entries"]);
  expect([0, 1, 2, 2000].map((value) => counted(value, "trial"))).toEqual([
    "0 trials",
    "1 trial",
    "2 trials",
    "2,000 trials",
  ]);
});
