/** Windows, scalers, data sets and loaders of any sizes, against what their definitions say. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { data, manualSeed } from "webgpu-lstm";

/** A series [time, features] of small integers, exact in float32. */
const anySeries = fc
  .record({ time: fc.integer({ min: 2, max: 40 }), features: fc.integer({ min: 1, max: 4 }) })
  .chain(({ time, features }) =>
    fc.array(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: features, maxLength: features }), {
      minLength: time,
      maxLength: time,
    }),
  );

/** A series, and a window that fits it. */
const anyWindows = anySeries.chain((rows) =>
  fc
    .record({
      length: fc.integer({ min: 1, max: rows.length - 1 }),
      stride: fc.integer({ min: 1, max: 5 }),
      inputs: fc.option(fc.shuffledSubarray([...rows[0]!.keys()], { minLength: 1 }), { nil: undefined }),
      targets: fc.shuffledSubarray([...rows[0]!.keys()], { minLength: 1 }),
    })
    .chain((options) =>
      fc
        .integer({ min: 1, max: rows.length - options.length })
        .map((horizon) => ({ rows, horizon, ...options })),
    ),
);

test("a window is the steps before its targets, for any length, horizon, stride and columns", () => {
  fc.assert(
    fc.property(anyWindows, ({ rows, length, horizon, stride, inputs, targets }) => {
      const options = { length, horizon, stride, target: targets, ...(inputs && { inputs }) };
      const { x, y } = data.slidingWindows(rows, options);
      const count = Math.floor((rows.length - length - horizon) / stride) + 1;
      const columns = inputs ?? [...rows[0]!.keys()];
      expect(x.shape).toEqual([count, length, columns.length]);
      expect(y.shape).toEqual([count, horizon, targets.length]);
      const starts = Array.from({ length: count }, (_, w) => w * stride);
      const cells = (from: number, steps: number, of: readonly number[]) =>
        rows.slice(from, from + steps).flatMap((row) => of.map((column) => row[column]!));
      expect([...x.data]).toEqual(starts.flatMap((start) => cells(start, length, columns)));
      expect([...y.data]).toEqual(starts.flatMap((start) => cells(start + length, horizon, targets)));
    }),
  );
});

test("the windows of a split's parts have every step of a part as a target once, and none of another", () => {
  const anySplit = fc
    .record({ time: fc.integer({ min: 12, max: 60 }), window: fc.integer({ min: 1, max: 4 }) })
    .chain(({ time, window }) =>
      fc.record({
        time: fc.constant(time),
        window: fc.constant(window),
        validation: fc.integer({ min: 0, max: 4 }),
        test: fc.integer({ min: 1, max: time - window - 1 - 4 }),
      }),
    );
  fc.assert(
    fc.property(anySplit, ({ time, window, validation, test }) => {
      const steps = Array.from({ length: time }, (_, t) => t);
      const parts = data.chronologicalSplit(steps, { validation, test, history: window });
      const targetsOf = (part: data.SeriesPart) => [...data.slidingWindows(part, { length: window }).y.data];
      expect(targetsOf(parts.test)).toEqual(steps.slice(time - test));
      if (validation > 0) {
        expect(targetsOf(parts.validation)).toEqual(steps.slice(time - test - validation, time - test));
      }
      expect(targetsOf(parts.train)).toEqual(steps.slice(window, time - test - validation));
    }),
  );
});

test("a scaler's inverse undoes it, for any columns, and one column alone is the same", () => {
  const anyColumns = fc
    .record({ time: fc.integer({ min: 2, max: 30 }), features: fc.integer({ min: 1, max: 4 }) })
    .chain(({ time, features }) => {
      const column = fc
        .record({
          offset: fc.integer({ min: -1e9, max: 1e9 }),
          spread: fc.constantFrom(0, 1e-3, 1, 1e6),
        })
        .chain(({ offset, spread }) =>
          fc.array(
            fc.integer({ min: -1e6, max: 1e6 }).map((value) => offset + (spread * value) / 1e6),
            { minLength: time, maxLength: time },
          ),
        );
      return fc.array(column, { minLength: features, maxLength: features });
    });
  fc.assert(
    fc.property(anyColumns, fc.boolean(), (columns, standard) => {
      const rows = columns[0]!.map((_, t) => columns.map((column) => column[t]!));
      const scaler = standard ? data.StandardScaler.fit(rows) : data.MinMaxScaler.fit(rows);
      const scaled = scaler.transform(rows) as data.Float64NDArray;
      const back = scaler.inverse(scaled);
      expect(back.shape).toEqual([rows.length, columns.length]);
      for (const [k, column] of columns.entries()) {
        const size = Math.max(...column.map(Math.abs), 1e-300);
        const own = column.map((_, t) => scaled.data[t * columns.length + k]!);
        const alone = scaler.inverse(own, { column: k });
        for (const [t, value] of column.entries()) {
          expect(Math.abs(back.data[t * columns.length + k]! - value)).toBeLessThanOrEqual(1e-15 * size);
          expect(alone.data[t]).toBe(back.data[t * columns.length + k]);
        }
        if (!standard) {
          expect(Math.min(...own)).toBe(0);
          expect(Math.max(...own)).toBeLessThanOrEqual(1);
        }
      }
      const again = standard
        ? data.StandardScaler.fromJSON(JSON.parse(JSON.stringify(scaler)))
        : data.MinMaxScaler.fromJSON(JSON.parse(JSON.stringify(scaler)));
      expect(again.transform(rows)).toEqual(scaled);
    }),
  );
});

/** A loader over samples that are their own number. */
const anyLoader = fc.record({
  samples: fc.integer({ min: 1, max: 50 }),
  batchSize: fc.integer({ min: 1, max: 12 }),
  shuffle: fc.boolean(),
  dropLast: fc.boolean(),
  seed: fc.option(fc.nat(1000), { nil: undefined }),
});

test("an epoch has every sample once in batches of the size, x beside its y, and begins anywhere", () => {
  fc.assert(
    fc.property(
      anyLoader,
      fc.nat(1000),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (given, start, share) => {
        const { samples, batchSize, shuffle, seed } = given;
        const dropLast = given.dropLast && batchSize <= samples;
        const rows = Array.from({ length: samples }, (_, i) => [i, -i]);
        const dataset = new data.TensorDataset(
          rows,
          rows.map(([i]) => [2 * i!]),
        );
        const options = { batchSize, shuffle, dropLast, ...(seed !== undefined && { seed }) };
        const loader = () => new data.DataLoader(dataset, options);
        manualSeed(start);
        const first = loader();
        const [batches, next] = [[...first], [...first]];
        expect(batches.length).toBe(first.length);
        const sizes = batches.map(({ x }) => x.shape[0]!);
        expect(sizes.slice(0, -1).every((size) => size === batchSize)).toBe(true);
        const seen = batches.flatMap(({ x }) => [...x.data].filter((_, i) => i % 2 === 0));
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.length).toBe(dropLast ? samples - (samples % batchSize) : samples);
        if (!shuffle) expect(seen).toEqual(rows.slice(0, seen.length).map(([i]) => i));
        expect(batches.flatMap(({ y }) => [...y.data])).toEqual(seen.map((i) => 2 * i));

        // The rest of the same epoch, and the whole next one.
        const skipped = Math.floor(share * batches.length);
        manualSeed(start);
        const second = loader();
        expect([...second.from(skipped)]).toEqual(batches.slice(skipped));
        expect([...second]).toEqual(next);
      },
    ),
  );
});
