/** Host data is float64 until its last step: nothing is rounded to float32 before the arithmetic ends. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as data from "../../src/data/index.ts";
import { DataError, ShapeError } from "../../src/errors.ts";
import { expectRefusal, wrong } from "../refusal.ts";

/** Distance between float32 numbers near `value`. */
const ulp = (value: number) => 2 ** (Math.floor(Math.log2(Math.max(Math.abs(value), 2 ** -126))) - 23);

/** Fails unless each element of `actual` is within one float32 ulp of `expected`, and `more`. */
function expectWithinUlp(actual: ArrayLike<number>, expected: readonly number[], more = 0): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    const error = Math.abs(actual[i]! - value);
    if (error <= ulp(value) + more) return;
    expect.fail(`element ${i} is ${actual[i]}, expected ${value}`);
  });
}

/** A long way from zero, with fine steps: equally spaced, in the order of a random permutation of the steps. */
const farFromZero = fc
  .record({
    offset: fc.oneof(
      fc.constantFrom(123456789, 1.6e9, -1.7e12, 2 ** 40),
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    ),
    step: fc.constantFrom(0.25, 0.5, 1, 60),
    order: fc.uniqueArray(fc.integer({ min: 0, max: 999 }), { minLength: 4, maxLength: 60 }),
  })
  .map(({ offset, step, order }) => order.map((i) => Math.round(offset) + step * i));

/** Ways to pass one feature. */
const forms: Record<string, (values: readonly number[]) => data.Series> = {
  "a plain list": (values) => values,
  "a Float64Array": (values) => Float64Array.from(values),
  "a Float64Array with its shape": (values) => ({
    data: Float64Array.from(values),
    shape: [values.length, 1],
  }),
  "a plain array with its shape": (values) => ({ data: values, shape: [values.length, 1] }),
};

describe.each(Object.entries(forms))("a series far from zero, as %s", (_, form) => {
  test("keeps its distinct values through scalers, exact to float32's last bit in the windows", () => {
    fc.assert(
      fc.property(farFromZero, (values) => {
        const low = values.reduce((a, b) => Math.min(a, b));
        const high = values.reduce((a, b) => Math.max(a, b));
        const scaled = data.MinMaxScaler.fit(form(values)).transform(form(values));
        expect(new Set(scaled.data).size).toBe(values.length);
        const exact = values.map((value) => (value - low) / (high - low));
        const { x } = data.slidingWindows(scaled, { length: values.length - 1 });
        expect(x.data).toBeInstanceOf(Float32Array);
        expectWithinUlp(x.data, exact.slice(0, -1));

        // Relative to the first value, so that the reference itself loses nothing.
        const from = values.map((value) => value - values[0]!);
        const mean = from.reduce((a, b) => a + b) / from.length;
        const std = Math.sqrt(from.reduce((sum, value) => sum + (value - mean) ** 2, 0) / from.length);
        const standard = data.StandardScaler.fit(form(values)).transform(form(values));
        expect(new Set(standard.data).size).toBe(values.length);
        const { x: windows } = data.slidingWindows(standard, { length: values.length - 1 });
        // The scaler's mean is a float64, so it is off by half of that type's ulp at most.
        const meanError = Math.abs(values[0]! + mean) * 2 ** -52;
        const scores = from.map((value) => (value - mean) / std);
        expectWithinUlp(windows.data, scores.slice(0, -1), meanError / std + 1e-15);
      }),
    );
  });

  test("comes back from a scaler and its JSON", () => {
    fc.assert(
      fc.property(farFromZero, fc.constantFrom(data.StandardScaler, data.MinMaxScaler), (values, Kind) => {
        const scaler = Kind.fit(form(values));
        const restored = Kind.fromJSON(JSON.parse(JSON.stringify(scaler)));
        expect(restored).toEqual(scaler);
        const back = restored.inverse(scaler.transform(form(values)));
        expect(back.data).toBeInstanceOf(Float64Array);
        values.forEach((value, i) => {
          expect(Math.abs(back.data[i]! - value)).toBeLessThanOrEqual(1e-15 * Math.abs(value) + 1e-9);
        });
      }),
    );
  });

  test("has exact lags and differences, and keeps them beside other columns", () => {
    fc.assert(
      fc.property(farFromZero, (values) => {
        const lagged = data.lagFeatures(form(values), { lags: [1], differences: [1, 2] });
        const expected = values
          .slice(2)
          .flatMap((value, t) => [values[t + 1]!, value - values[t + 1]!, value - values[t]!]);
        expect([...lagged.data]).toEqual(expected);
        const stacked = data.columnStack([form(values), lagged], { alignNewest: true });
        expect([...stacked.data]).toEqual(
          values.slice(2).flatMap((value, t) => [value, ...expected.slice(3 * t, 3 * t + 3)]),
        );
      }),
    );
  });

  test("is split without a change", () => {
    fc.assert(
      fc.property(farFromZero, (values) => {
        const {
          train,
          validation,
          test: held,
        } = data.chronologicalSplit(form(values), { validation: 1, test: 1 });
        expect([...train.data, ...validation.data, ...held.data]).toEqual(values);
      }),
    );
  });
});

test("the examples: 200 distinct values, a minute's steps over months, half a unit of change", () => {
  const fine = Array.from({ length: 200 }, (_, i) => 123456789 + i / 2);
  expect(new Set(data.MinMaxScaler.fit(fine).transform(fine).data).size).toBe(200);
  const minutes = Array.from({ length: 1000 }, (_, i) => 1.6e9 + 60 * i);
  const std = Math.sqrt((1000 ** 2 - 1) / 12);
  expectWithinUlp(
    data.StandardScaler.fit(minutes).transform(minutes).data,
    minutes.map((_, i) => (i - 499.5) / std),
  );
  expect([...data.lagFeatures([123456789, 123456789.5], { differences: [1] }).data]).toEqual([0.5]);
});

test("calendar features are float64: the milliseconds of a year are distinct angles", () => {
  const times = Array.from({ length: 1000 }, (_, i) => Date.UTC(2024, 5, 1, 6) + i);
  const { data: points } = data.calendarFeatures(times, { features: ["hourOfDay"] });
  const angles = times.map((_, t) => Math.atan2(points[2 * t]!, points[2 * t + 1]!));
  angles.forEach((angle, t) => {
    expect(Math.abs(angle - 2 * Math.PI * (0.25 + t / 86_400_000))).toBeLessThan(1e-14);
  });
});

test("windows of a raw series are its values, rounded once", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -3e38, max: 3e38, noNaN: true }), { minLength: 2 }), (values) => {
      const { x, y } = data.slidingWindows(values, { length: 1 });
      expect(x.data).toEqual(Float32Array.from(values.slice(0, -1)));
      expect(y.data).toEqual(Float32Array.from(values.slice(1)));
    }),
  );
});

describe("scalers", () => {
  test("a float32 array stays float32 when scaled, and the inverse of a float32 forecast is float64", () => {
    const part = { data: Float32Array.of(1, 2, 4), shape: [3, 1] };
    const scaler = data.MinMaxScaler.fit([1.6e9, 1.6e9 + 60]);
    expect(scaler.transform(part).data).toBeInstanceOf(Float32Array);
    expect(scaler.transform(Float32Array.of(1)).data).toBeInstanceOf(Float32Array);
    const forecast = { data: Float32Array.of(0, 0.25, 0.5), shape: [3] };
    expect(scaler.inverse(forecast, { column: 0 })).toEqual({
      data: Float64Array.of(1.6e9, 1.6e9 + 15, 1.6e9 + 30),
      shape: [3],
    });
  });

  test("integers of every type are numbers of a series", () => {
    const types = [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array];
    for (const Type of types) {
      const scaled = data.MinMaxScaler.fit(Type.of(2, 4)).transform({
        data: Type.of(2, 3, 4),
        shape: [3, 1],
      });
      expect([...scaled.data]).toEqual([0, 0.5, 1]);
    }
    const times = BigInt64Array.of(1_600_000_000_000n, 1_600_000_000_001n);
    const series = { data: times, shape: [2, 1] };
    expect([...data.lagFeatures(series, { differences: [1] }).data]).toEqual([1]);
  });

  test("the mean of a constant offset far away leaves no error in the deviation", () => {
    const values = Array.from({ length: 5001 }, (_, i) => 1e15 + (i % 2));
    const scaler = data.StandardScaler.fit(values);
    expect(scaler.std[0]).toBeCloseTo(Math.sqrt((2500 * 2501) / 5001 ** 2), 6);
  });

  test("a NaN stays a NaN in the inverse of a list too", () => {
    expect(data.MinMaxScaler.fit([1, 2]).inverse([Number.NaN, 1]).data).toEqual(
      Float64Array.of(Number.NaN, 2),
    );
  });

  test("refuses what float64 cannot hold, by name", async () => {
    const { MinMaxScaler, StandardScaler } = data;
    await expectRefusal(
      () => StandardScaler.fit([1e200, -1e200]),
      DataError,
      "column 0",
      "standard deviation",
    );
    await expectRefusal(
      () => StandardScaler.fit([0, 1e-300]),
      DataError,
      "too close together",
      "comes out as 0",
    );
    await expectRefusal(
      () => MinMaxScaler.fit([1.7e308, -1.7e308]),
      DataError,
      "its range comes out as Infinity",
    );
    const nanoseconds = { data: BigInt64Array.of(1_600_000_000_000_000_001n), shape: [1, 1] };
    await expectRefusal(
      () => MinMaxScaler.fit(nanoseconds),
      DataError,
      "2^53",
      "1600000000000000001 at index 0",
    );
    await expectRefusal(
      () => MinMaxScaler.fit(wrong({ data: ["1"], shape: [1] })),
      ShapeError,
      'got "1" at index 0',
    );
  });

  test("NaN and infinity are refused in every kind of array", async () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      for (const series of [[1, bad], Float64Array.of(1, bad), { data: [1, bad], shape: [2, 1] }]) {
        const refused = [DataError, "must be finite", `got ${bad} at index 1`] as const;
        await expectRefusal(() => data.MinMaxScaler.fit(series), ...refused);
        await expectRefusal(() => data.StandardScaler.fit([1, 2]).transform(series), ...refused);
        await expectRefusal(() => data.columnStack([series]), ...refused);
        await expectRefusal(() => data.slidingWindows(series, { length: 1 }), ...refused);
      }
    }
  });

  test("a value beyond float32 is refused where samples are made", async () => {
    const refused = [DataError, "float32's range", "got 1e+39 at index 1", "scale"] as const;
    await expectRefusal(() => data.slidingWindows([1, 1e39], { length: 1 }), ...refused);
    expect([...data.MinMaxScaler.fit([1, 1e39]).transform([1, 1e39]).data]).toEqual([0, 1]);
  });
});
