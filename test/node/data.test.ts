import { describe, expect, test } from "vitest";
import * as data from "../../src/data/index.ts";
import { DataError, OptionError, ShapeError } from "../../src/errors.ts";
import { Generator, manualSeed } from "../../src/random.ts";
import type { NDArray } from "../../src/shape.ts";
import { expectRefusal, wrong } from "../refusal.ts";

const array = (shape: number[], values: Iterable<number>): NDArray => ({
  data: Float32Array.from(values),
  shape,
});
const range = (n: number) => Float32Array.from({ length: n }, (_, i) => i);
/** n samples with x and y equal to their index. */
const counting = (n: number) => new data.TensorDataset(array([n, 1], range(n)), array([n], range(n)));

describe("TensorDataset", () => {
  test("gathers rows of x and y in the given order", () => {
    const dataset = new data.TensorDataset(array([3, 2, 1], [0, 1, 10, 11, 20, 21]), array([3], [5, 6, 7]));
    expect(dataset.length).toBe(3);
    const { x, y } = dataset.gather([2, 0, 2]);
    expect(x).toEqual(array([3, 2, 1], [20, 21, 0, 1, 20, 21]));
    expect(y).toEqual(array([3], [7, 5, 7]));
  });

  test("says what is wrong with its data", () => {
    const y = array([3, 1], [1, 2, 3]);
    const make = (x: unknown) => () => new data.TensorDataset(x as NDArray, y);
    expect(make(array([2, 1], [1, 2]))).toThrow(ShapeError);
    expect(make(array([2, 1], [1, 2]))).toThrow("same first dimension");
    expect(make(array([3, 2], [1, 2]))).toThrow("must have 6 elements, got 2");
    expect(make(array([0, 2], []))).toThrow(DataError);
    expect(make(array([3, 1], [1, Number.NaN, 3]))).toThrow("x must be finite, got NaN at index 1");
    expect(make(array([3, 1], [1, 2, Infinity]))).toThrow("got Infinity at index 2");
    expect(make([1, 2, 3])).toThrow("must be { data, shape }");
    expect(() => counting(3).gather([3])).toThrow("index 3 is not a sample");
    expect(() => counting(3).gather([-1])).toThrow(DataError);
  });

  test("rounds other arrays of numbers to float32", () => {
    const types = [Float64Array, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array];
    const values = [0, 1, 2, 3];
    const ids = [Int32Array.from(values), Uint32Array.from(values), BigInt64Array.of(0n, 1n, 2n, 3n), values];
    const y = array([2], [5, 6]);
    for (const given of [...types.map((Type) => Type.from(values)), ...ids]) {
      const dataset = new data.TensorDataset({ data: given, shape: [2, 2] }, { data: given, shape: [2, 2] });
      expect(dataset.x).toEqual(array([2, 2], values));
      expect(dataset.y).toEqual(array([2, 2], values));
    }
    const thirds = Float64Array.of(1 / 3, 2 / 3);
    const { x } = new data.TensorDataset({ data: thirds, shape: [2] }, y).gather([1, 0]);
    expect(x).toEqual(array([2], [2 / 3, 1 / 3]));
  });

  test("refuses what float32 does not have, and arrays of anything else, by name", async () => {
    const make = (values: unknown) => () =>
      new data.TensorDataset(array([1], [1]), wrong({ data: values, shape: [1] }));
    for (const values of [
      Int32Array.of(2 ** 24 + 1),
      Uint32Array.of(2 ** 24 + 1),
      BigInt64Array.of(16777217n),
    ]) {
      await expectRefusal(make(values), DataError, "TensorDataset: y", "2^24", "got 16777217 at index 0");
    }
    await expectRefusal(make(BigInt64Array.of(2n ** 60n)), DataError, "2^53", "got 1152921504606846976");
    await expectRefusal(make(Float64Array.of(1e39)), DataError, "float32's range", "got 1e+39 at index 0");
    await expectRefusal(make(Float64Array.of(Number.NaN)), DataError, "y must be finite, got NaN at index 0");
    await expectRefusal(make(["1"]), ShapeError, 'y must be a list of numbers, got "1" at index 0');
    await expectRefusal(make(new Set([1])), ShapeError, "data a Set and shape [1]", "an array of numbers");
    await expectRefusal(
      make(Float64Array.of(1, 2)),
      ShapeError,
      "y of shape [1] must have 1 elements, got 2",
    );
  });

  test("refuses more than one array of inputs and one of targets", async () => {
    const one = array([1], [1]);
    const make = (...more: unknown[]) => wrong(data.TensorDataset).bind(null, one, one, ...more);
    await expectRefusal(
      () => new (make(one))(),
      OptionError,
      "TensorDataset: unknown argument { data, shape }",
      "last dimension",
    );
    await expectRefusal(() => new (make(one, one))(), OptionError, "unknown argument", "length and gather");
  });

  test("the remedies for more arrays work: a data set of one's own gives batches with all of them", () => {
    const two = counting(4);
    const dataset: data.Dataset = {
      length: 4,
      gather: (indices) => ({ ...two.gather(indices), mask: array([indices.length], indices as number[]) }),
    };
    const [first] = new data.DataLoader(dataset, { batchSize: 3 });
    expect(first).toMatchObject({ mask: array([3], [0, 1, 2]), x: array([3, 1], [0, 1, 2]) });
  });
});

describe("DataLoader", () => {
  const epoch = (loader: data.DataLoader) => [...loader].map(({ y }) => [...y.data]);
  const epochs = (loader: data.DataLoader, n: number) => Array.from({ length: n }, () => epoch(loader));

  // What PyTorch 1.13 prints for DataLoader(TensorDataset(arange(10)), shuffle=True, batch_size=…,
  // generator=torch.Generator().manual_seed(7)), three epochs.
  const seed7 = [
    [1, 3, 5, 7, 9, 4, 6, 2, 8, 0],
    [5, 1, 6, 0, 9, 7, 8, 4, 3, 2],
    [4, 3, 2, 8, 1, 0, 6, 5, 9, 7],
  ];

  test.each([3, 5, 10, 64])("shuffles as PyTorch does over several epochs, in batches of %i", (batchSize) => {
    const loader = new data.DataLoader(counting(10), { batchSize, shuffle: true, seed: 7 });
    const seen = epochs(loader, 3);
    expect(seen.map((batches) => batches.flat())).toEqual(seed7);
    expect(seen.every((batches) => batches.length === loader.length)).toBe(true);
    expect(seen[0]![0]!.length).toBe(Math.min(10, batchSize));
  });

  test("drops the last short batch, and still draws what PyTorch draws", () => {
    const loader = new data.DataLoader(counting(10), {
      batchSize: 4,
      shuffle: true,
      seed: 7n,
      dropLast: true,
    });
    expect(loader.length).toBe(2);
    expect(epochs(loader, 3).map((batches) => batches.flat())).toEqual(
      seed7.map((order) => order.slice(0, 8)),
    );
  });

  test("an interrupted epoch draws as much as in PyTorch", () => {
    const loader = new data.DataLoader(counting(10), { batchSize: 3, shuffle: true, seed: 7 });
    let batches = 0;
    for (const _ of loader) if (++batches === 2) break;
    expect(epoch(loader).flat()).toEqual([7, 3, 4, 1, 8, 2, 5, 0, 6, 9]);
  });

  test("without a seed the order comes from the default generator, as in PyTorch", () => {
    const generator = manualSeed(7);
    const loader = new data.DataLoader(counting(10), { batchSize: 4, shuffle: true });
    expect(epochs(loader, 3)).toEqual([
      [
        [3, 2, 7, 8],
        [6, 1, 5, 9],
        [0, 4],
      ],
      [
        [1, 3, 5, 2],
        [8, 9, 6, 7],
        [4, 0],
      ],
      [
        [9, 2, 7, 1],
        [6, 0, 3, 5],
        [4, 8],
      ],
    ]);
    expect(generator.randomInt64()).toBe(20668929189138777n);
  });

  test("without shuffling it draws only PyTorch's base seed from the default generator", () => {
    const generator = manualSeed(7);
    const loader = new data.DataLoader(counting(10), { batchSize: 4 });
    expect(epochs(loader, 2)).toEqual(
      Array(2).fill([
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
      ]),
    );
    expect(generator.randomInt64()).toBe(8087222774582268115n);
  });

  test("shuffled, an epoch has every sample once", () => {
    const batches = epoch(new data.DataLoader(counting(10), { batchSize: 3, shuffle: true, seed: 1 }));
    expect(batches.flat().toSorted((a, b) => a - b)).toEqual([...range(10)]);
  });

  test("says which option is wrong", () => {
    const make = (options: object) => () => new data.DataLoader(counting(10), options);
    expect(make({ batchSize: 0 })).toThrow(OptionError);
    expect(make({ batchSize: 0 })).toThrow("batchSize must be an integer of at least 1, got 0");
    expect(make({ batchSize: 2.5 })).toThrow("got 2.5");
    expect(make({ batchSize: "4" })).toThrow('got "4"');
    expect(make({ shuffle: 1 })).toThrow("shuffle must be true or false, got 1");
    expect(make({ batch_size: 4 })).toThrow('unknown option "batch_size"');
    expect(make({ seed: 0.5 })).toThrow("seed");
    expect(make({ batchSize: 11, dropLast: true })).toThrow("10 samples do not fill one batch of 11");
    expect(() => new data.DataLoader({ length: 0, gather: () => counting(1).gather([]) })).toThrow(DataError);
    expect(() => new data.DataLoader([1, 2] as unknown as data.Dataset)).toThrow(
      "must have a length and gather",
    );
  });
});

describe("slidingWindows", () => {
  test("cuts a plain list into windows and the value after each", () => {
    const { x, y } = data.slidingWindows([0, 1, 2, 3, 4], { length: 3 });
    expect(x).toEqual(array([2, 3, 1], [0, 1, 2, 1, 2, 3]));
    expect(y).toEqual(array([2, 1], [3, 4]));
  });

  test("takes all features as input and one column's horizon as target", () => {
    const series = array([6, 2], [0, 100, 1, 101, 2, 102, 3, 103, 4, 104, 5, 105]);
    const { x, y } = data.slidingWindows(series, { length: 2, horizon: 2, stride: 2, target: 1 });
    expect(x).toEqual(array([2, 2, 2], [0, 100, 1, 101, 2, 102, 3, 103]));
    expect(y).toEqual(array([2, 2], [102, 103, 104, 105]));
  });

  test("the tutorial's sizes: 1000 steps and windows of 20 make 980", () => {
    const { x, y } = data.slidingWindows(range(1000), { length: 20 });
    expect([x.shape, y.shape]).toEqual([
      [980, 20, 1],
      [980, 1],
    ]);
    expect([y.data[0], y.data[979]]).toEqual([20, 999]);
  });

  test("accepts a series of exactly one window, not one step less", () => {
    expect(data.slidingWindows(range(10), { length: 7, horizon: 3 }).length).toBe(1);
    const tooShort = () => data.slidingWindows(range(9), { length: 7, horizon: 3 });
    expect(tooShort).toThrow(DataError);
    expect(tooShort).toThrow("need at least 10 time steps, got 9");
  });

  test("says what is wrong with the series or the options", () => {
    const cut = (series: unknown, options: object = { length: 2 }) => {
      return () => data.slidingWindows(series as data.Series, options as data.WindowOptions);
    };
    expect(cut([])).toThrow("slidingWindows: series is empty");
    expect(cut(array([0, 1], []))).toThrow(DataError);
    expect(cut([1, Number.NaN, 3, 4])).toThrow("series must be finite, got NaN at index 1");
    expect(cut([1, 2, -Infinity])).toThrow("got -Infinity at index 2");
    expect(cut(array([2, 2, 2], range(8)))).toThrow(ShapeError);
    expect(cut(array([2, 2, 2], range(8)))).toThrow("must be [time, features] or a plain list");
    expect(cut([[1, 2], [3]])).toThrow("rows of one length");
    expect(cut(["1", "2", "3"])).toThrow(ShapeError);
    expect(cut(7)).toThrow("must be a list of numbers or an array with its shape, got 7");
    expect(cut(range(9), {})).toThrow("length must be an integer of at least 1, got undefined");
    expect(cut(range(9), { length: 0 })).toThrow(OptionError);
    expect(cut(range(9), { length: 2, horizon: 0 })).toThrow("horizon");
    expect(cut(range(9), { length: 2, stride: -1 })).toThrow("stride");
    expect(cut(range(9), { length: 2, target: 1 })).toThrow("target must be a column from 0 to 0, got 1");
    expect(cut(range(9), { window: 2 })).toThrow('unknown option "window"');
  });
});

describe("chronologicalSplit", () => {
  test("gives the newest steps to the test part, by count or by share", () => {
    const {
      train,
      validation,
      test: held,
    } = data.chronologicalSplit(range(100), { validation: 0.2, test: 30 });
    expect([train.start, train.end, validation.start, validation.end, held.start, held.end]).toEqual([
      0, 50, 50, 70, 70, 100,
    ]);
    expect([...validation.data]).toEqual([...range(100)].slice(50, 70));
    expect(held.shape).toEqual([30, 1]);
  });

  test("no part's target is an earlier part's target or input, whatever the history", () => {
    for (const history of [0, 3, 5, 9, 60]) {
      for (const horizon of [1, 4]) {
        const parts = data.chronologicalSplit(range(80), { validation: 20, test: 20, history });
        const [train, validation, held] = [parts.train, parts.validation, parts.test].map((part) => {
          const { x, y } = data.slidingWindows(part, { length: 5, horizon });
          expect(Math.min(...y.data)).toBeGreaterThanOrEqual(part.start);
          expect(Math.max(...y.data)).toBeLessThan(part.end);
          return { last: Math.max(...x.data, ...y.data), targets: Array.from(y.data) };
        });
        expect(Math.min(...validation!.targets)).toBeGreaterThan(train!.last);
        expect(Math.min(...held!.targets)).toBeGreaterThan(validation!.last);
        // With the window's length as history, the first target is the part's first step.
        if (history >= 5) expect(held!.targets[0]).toBe(60);
        else expect(held!.targets[0]).toBe(65 - history);
      }
    }
  });

  test("keeps all features of the history and the part together", () => {
    const series = array([5, 2], range(10));
    const { test: held } = data.chronologicalSplit(series, { test: 2, history: 1 });
    expect(held).toMatchObject({ start: 3, end: 5, history: 1, shape: [3, 2] });
    expect([...held.data]).toEqual([4, 5, 6, 7, 8, 9]);
  });

  test("history cannot reach back before the series", () => {
    const { test: held } = data.chronologicalSplit(range(10), { test: 8, history: 5 });
    expect(held).toMatchObject({ history: 2, shape: [10, 1] });
  });

  test("a part that was not requested is empty, and using it throws", () => {
    const { validation } = data.chronologicalSplit(range(10), { test: 2, history: 5 });
    expect(validation).toMatchObject({ start: 8, end: 8, history: 0, shape: [0, 1] });
    expect(() => data.slidingWindows(validation, { length: 2 })).toThrow("empty");
  });

  test("says what is wrong", () => {
    const split = (options: object, series: data.Series = range(10)) => {
      return () => data.chronologicalSplit(series, options as data.SplitOptions);
    };
    expect(split({ test: 6, validation: 4 })).toThrow("leave nothing of 10 to train on");
    expect(split({ test: -1 })).toThrow(
      "test must be a share from 0 to 1 or a whole number of steps, got -1",
    );
    expect(split({ test: 1.5 })).toThrow(OptionError);
    expect(split({})).toThrow("got undefined");
    expect(split({ test: 2, train: 8 })).toThrow('unknown option "train"');
    expect(split({ test: 2, history: -1 })).toThrow("history");
    expect(split({ test: 2 }, [])).toThrow(DataError);
    expect(split({ test: 2 }, [1, 2, 3, Number.NaN])).toThrow("got NaN at index 3");
  });
});

describe("scalers", () => {
  const series = array([4, 3], [1, 10, 7, 2, 10, 5, 3, 10, 3, 4, 10, 1]); // the middle column is constant

  test("StandardScaler: mean 0, the population's deviation 1, a constant column at 0", () => {
    const scaler = data.StandardScaler.fit(series);
    expect(scaler.mean).toEqual([2.5, 10, 4]);
    expect(scaler.std).toEqual([Math.sqrt(1.25), 1, Math.sqrt(5)]);
    const scaled = scaler.transform(series);
    expect(scaled.shape).toEqual([4, 3]);
    for (let k = 0; k < 3; k++) {
      const column = [0, 1, 2, 3].map((t) => scaled.data[t * 3 + k]!);
      expect(column.reduce((a, b) => a + b) / 4).toBeCloseTo(0, 6);
      expect(column.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(k === 1 ? 0 : 1, 6);
    }
  });

  test("MinMaxScaler: the training part fills the range, values beyond it exceed the range", () => {
    const scaler = data.MinMaxScaler.fit(series, { range: [-1, 1] });
    expect([...scaler.transform(array([2, 3], [1, 10, 1, 4, 11, 13])).data]).toEqual([-1, -1, -1, 1, 0, 3]);
    expect([...data.MinMaxScaler.fit([2, 4]).transform([2, 3, 6]).data]).toEqual([0, 0.5, 2]);
  });

  test.each([data.StandardScaler, data.MinMaxScaler])(
    "%o: inverse and JSON undo and redo transform",
    (Kind) => {
      const fitted = Kind.fit(series);
      const json = JSON.parse(JSON.stringify(fitted));
      const scaler = Kind.fromJSON(json);
      expect(scaler).toEqual(fitted);
      const scaled = scaler.transform(series);
      expect(scaled).toEqual(fitted.transform(series));
      const back = scaler.inverse(scaled);
      expect(back.shape).toEqual(series.shape);
      back.data.forEach((v, i) => {
        expect(v).toBeCloseTo(series.data[i]!, 5);
      });
      // a forecast of one column, [2, 2], from that column's scaled values
      const forecast = array(
        [2, 2],
        [0, 3, 6, 9].map((i) => scaled.data[i + 2]!),
      );
      const celsius = scaler.inverse(forecast, { column: 2 });
      expect(celsius.shape).toEqual([2, 2]);
      [7, 5, 3, 1].forEach((v, i) => {
        expect(celsius.data[i]).toBeCloseTo(v, 5);
      });
      expect(scaler.transform(celsius, { column: 2 }).data[0]).toBeCloseTo(forecast.data[0]!, 5);
    },
  );

  test("windows [n, length, features] scale like their series", () => {
    const scaler = data.StandardScaler.fit(series);
    const { x } = data.slidingWindows(series, { length: 2 });
    const scaledFirst = data.slidingWindows(scaler.transform(series), { length: 2 });
    expect(scaler.transform(x)).toEqual(scaledFirst.x);
  });

  test("a scaled part of a split is still that part", () => {
    const { train, test: held } = data.chronologicalSplit(series, { test: 2, history: 1 });
    const scaled = data.StandardScaler.fit(train).transform(held);
    expect(scaled).toMatchObject({ start: 2, end: 4, history: 1, shape: [3, 3] });
    expect(data.slidingWindows(scaled, { length: 1 }).length).toBe(2);
  });

  test("statistics stay accurate with a large offset", () => {
    const values = Float32Array.from({ length: 5000 }, (_, i) => 10000 + (i % 2));
    const scaler = data.StandardScaler.fit(values);
    expect(scaler.mean[0]).toBeCloseTo(10000.5, 9);
    expect(scaler.std[0]).toBeCloseTo(0.5, 9);
    expect(data.StandardScaler.fit(new Float32Array(1000).fill(0.1)).std).toEqual([1]);
  });

  test("a diverged forecast stays visible: inverse passes NaN on", () => {
    expect(data.StandardScaler.fit([1, 2]).inverse(array([1, 1], [Number.NaN])).data[0]).toBeNaN();
  });

  test("says what is wrong", () => {
    const scaler = data.StandardScaler.fit(series);
    expect(() => data.StandardScaler.fit([])).toThrow("StandardScaler.fit: series is empty");
    expect(() => data.MinMaxScaler.fit([1, Infinity])).toThrow("MinMaxScaler.fit: series must be finite");
    expect(() => data.StandardScaler.fit(array([1, 1, 1], [1]))).toThrow(ShapeError);
    expect(() => scaler.transform(array([2, 2], [1, 2, 3, 4]))).toThrow("must be the 3 features");
    expect(() => scaler.transform(array([1, 3], [1, Number.NaN, 3]))).toThrow("got NaN at index 1");
    expect(() => scaler.inverse(array([1], [1]), { column: 3 })).toThrow("column must be from 0 to 2, got 3");
    expect(() => scaler.inverse(array([1], [1]), { col: 1 } as data.ColumnOptions)).toThrow("unknown option");
    expect(() => data.MinMaxScaler.fit([1, 2], { range: [1, 1] })).toThrow("range must be [low, high]");
    expect(() => data.MinMaxScaler.fit([1, 2], { min: 0 } as data.MinMaxOptions)).toThrow("unknown option");
    const json = scaler.toJSON();
    expect(() => data.MinMaxScaler.fromJSON(json as never)).toThrow('type "MinMaxScaler"');
    expect(() => data.StandardScaler.fromJSON({ ...json, std: [1, 1, 0] })).toThrow("std must be positive");
    expect(() => data.StandardScaler.fromJSON({ ...json, mean: [1] })).toThrow(DataError);
    expect(() => data.StandardScaler.fromJSON({ ...json, mean: [1, 2, null as never] })).toThrow("finite");
  });
});

test("a loader's seed acts as a generator's: base seed, order, one more order", () => {
  const generator = new Generator(3);
  const loader = new data.DataLoader(counting(20), { batchSize: 6, shuffle: true, seed: 3 });
  for (let e = 0; e < 3; e++) {
    generator.randomInt64();
    const order = generator.randperm(20);
    generator.randperm(20);
    expect([...loader].flatMap(({ y }) => [...y.data])).toEqual([...order]);
  }
});
