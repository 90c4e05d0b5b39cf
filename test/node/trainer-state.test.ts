/** The numbers of a trainer's state in a file: each is bounded by what it counts, and by the data that a run has. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DataError,
  data,
  defaultGenerator,
  EarlyStopping,
  LearningRateSchedule,
  nn,
  optim,
  WebGpuLstmError,
} from "webgpu-lstm";
import { Generator } from "../../src/random.ts";
import { checkPosition } from "../../src/train/check-state.ts";
import { DataFeed } from "../../src/train/data-feed.ts";
import type { TrainerState } from "../../src/train/state.ts";
import { readState, writeState } from "../../src/train/state-file.ts";
import { wrong } from "../refusal.ts";

const random = new Generator(1).getState();
const report = (epoch: number) => ({
  epoch,
  loss: 1,
  learningRate: 0.1,
  steps: 5,
  seconds: 0.5,
  stepsPerSecond: 10,
});

const state: TrainerState = {
  epoch: 3,
  batch: 2,
  batches: 5,
  updates: 2,
  skipped: 0,
  seconds: 1.5,
  loss: { sum: 4, weight: 8 },
  random,
  start: { random, loader: null },
  pass: { done: 2, batches: 5 },
  validation: null,
  carried: null,
  steps: { train: { seed: 7, runs: 12 } },
  callbacks: null,
  history: [report(1), report(2)],
};

const read = (changed: object) => {
  const { json, tensors } = writeState(wrong({ ...state, ...changed }));
  return readState("Here", JSON.parse(JSON.stringify(json)), tensors);
};

describe("readState", () => {
  test("gives back a state that can be", () => {
    expect(read({})).toEqual(state);
    // The end of an epoch, and of a run; passes that go on from epoch to epoch.
    for (const able of [
      { batch: 5, pass: { done: 5, batches: 5 } },
      { batch: 0, updates: 0, loss: { sum: 0, weight: 0 }, pass: { done: 0, batches: 5 } },
      { batch: 5, updates: 1, pass: { done: 5, batches: 5 } },
      { batches: 2, pass: { done: 6, batches: 7 } },
      { batches: null, pass: { done: 2, batches: null } },
      { loss: { sum: Number.NaN, weight: 3 } },
      { epoch: 1, history: [] },
      { updates: 1, skipped: 1 },
    ]) {
      expect(read(able)).toEqual({ ...state, ...able });
    }
    // A file from before it was stored.
    expect(read({ skipped: undefined })).toEqual(state);
  });

  test.each<[object, string]>([
    [{ epoch: 1e12 }, "epoch must be 3, as the history has 2 epochs before it, got 1000000000000"],
    [{ epoch: 2 }, "epoch must be 3, as the history has 2 epochs before it, got 2"],
    [{ history: [report(1), report(1)] }, "history: epoch must be 2, counted from 1 on, got 1"],
    [{ history: [report(1), report(1e9)] }, "history: epoch must be 2, counted from 1 on, got 1000000000"],
    [
      { history: [report(1), { ...report(2), steps: -1 }] },
      "history: steps must be an integer of at least 0, got -1",
    ],
    [
      { history: [report(1), { ...report(2), seconds: -1 }] },
      "history: seconds must be a finite number of at least 0, got -1",
    ],
    [{ history: [report(1), { ...report(2), loss: "1" }] }, 'history: loss must be a number, got "1"'],
    [
      { history: [report(1), { ...report(2), learningRate: null }] },
      "history: learningRate must be a number, got null",
    ],
    [
      { history: [report(1), { ...report(2), metrics: { mae: "1" } }] },
      'history: mae must be a number, got "1"',
    ],
    [{ history: [report(1), { ...report(2), metrics: [1] }] }, "history: metrics must be an object, got [1]"],
    [{ history: { length: 2 } }, "history must be a list of reports, got { length }"],
    [{ batch: 6 }, "batch must be at most 5, the batches of an epoch, got 6"],
    [
      { batch: 1e12, batches: null },
      "pass.done must be 1000000000000, as an epoch whose batches are not known is one pass, got 2",
    ],
    [{ batches: 1e17 }, "batches must be at most 9007199254740991, got 100000000000000000"],
    [{ updates: 3 }, "updates must be at most 2, the batches that they follow, got 3"],
    [{ skipped: 1 }, "skipped must be at most 0, the batches that no update follows, got 1"],
    [{ seconds: -1 }, "seconds must be a finite number of at least 0, got -1"],
    [{ seconds: Number.POSITIVE_INFINITY }, "seconds must be a finite number of at least 0, got Infinity"],
    [{ loss: { sum: 1, weight: -1 } }, "loss.weight must be a finite number of at least 0, got -1"],
    [{ loss: { sum: 4, weight: 0 } }, "loss.sum must be 0 with weight 0, got 4"],
    [{ batch: 0, updates: 0 }, "loss must be 0 with weight 0 before the first batch, got 4 with weight 8"],
    [
      { pass: { done: 1e12, batches: 5 } },
      "pass.done must be at most 5, the batches of a pass, got 1000000000000",
    ],
    [{ pass: { done: 6, batches: 5 } }, "pass.done must be at most 5, the batches of a pass, got 6"],
    [
      { pass: { done: 1e12, batches: null } },
      "pass.done must be at most 12, the batches of all epochs so far, got 1000000000000",
    ],
    [
      { batches: null, pass: { done: 3, batches: null } },
      "pass.done must be at most 2, the batches of all epochs so far, got 3",
    ],
    [{ pass: [1] }, "pass must be an object, got [1]"],
    [
      { steps: { train: { seed: 2 ** 32, runs: 1 } } },
      "train: seed must be at most 4294967295, a seed of 32 bits",
    ],
    [{ steps: { train: { seed: 1, runs: 2 ** 60 } } }, "train: runs must be at most 9007199254740991"],
    [{ steps: { train: null } }, "train must be an object, got null"],
    [
      { steps: { other: { seed: 1, runs: 1 } } },
      'steps must be some of train, evaluate, predict, got "other"',
    ],
    [{ steps: JSON.parse('{"__proto__":{"seed":1,"runs":1}}') }, 'got "__proto__"'],
  ])("refuses %j", (changed, part) => {
    expect(() => read(changed)).toThrow(DataError);
    expect(() => read(changed)).toThrow(`Here: the trainer's state in the file is damaged: `);
    expect(() => read(changed)).toThrow(part);
  });

  test("refuses a generator's state that none has", () => {
    for (const bad of [
      { ...random, index: 625 },
      { ...random, index: -1 },
      { ...random, words: random.words.slice(1) },
      { ...random, words: [...random.words.slice(1), 2 ** 32] },
      { ...random, nextNormal: Number.POSITIVE_INFINITY },
    ]) {
      for (const changed of [{ random: bad }, { start: { random: bad, loader: null } }]) {
        expect(() => read(changed)).toThrow(DataError);
        expect(() => read(changed)).toThrow(/damaged: Generator\.setState: .{1,300}$/);
      }
    }
  });

  test.each<[object, string]>([
    [{ carried: "state.h" }, 'carried must be a list of different names, got "state.h"'],
    [{ carried: ["a", "a"] }, 'carried must be a list of different names, got ["a", "a"]'],
    [{ callbacks: { name: "a" } }, "callbacks must be a list, got { name }"],
    [{ callbacks: [null] }, "callback 0 has no name"],
    [
      { callbacks: [{ name: "a", values: null }] },
      "callback 0: hasTensors must be true or false, got undefined",
    ],
  ])("refuses %j in the file", (changed, part) => {
    const { json, tensors } = writeState(state);
    expect(() => readState("Here", { ...(json as object), ...changed }, tensors)).toThrow(DataError);
    expect(() => readState("Here", { ...(json as object), ...changed }, tensors)).toThrow(part);
  });

  test("reads tensors of a callback in linear time", () => {
    const time = (count: number) => {
      const own = new Map(
        Array.from({ length: count }, (_, i) => [`w${i}`, { data: new Float32Array(0), shape: [0] }]),
      );
      const { json, tensors } = writeState({
        ...state,
        callbacks: [{ name: "a", state: { values: null, tensors: own } }],
      });
      const start = performance.now();
      expect(readState("Here", json, tensors).callbacks![0]!.state.tensors!.size).toBe(count);
      return performance.now() - start;
    };
    time(500);
    // Other work on the machine only makes a run longer.
    const shortest = (count: number) => Math.min(...Array.from({ length: 4 }, () => time(count)));
    const short = shortest(1000);
    expect(shortest(16_000)).toBeLessThan(16 * 8 * Math.max(short, 1)); // quadratic time would be 256 times as long
  });
});

describe("a run begins only where its data can be", () => {
  const where = (batch: number, done: number) => ({ ...state, batch, pass: { done, batches: null } });

  test.each<[number, number, { length?: number; batchesPerEpoch?: number }, string]>([
    [6, 6, { length: 5 }, "after 6 batches of an epoch, now an epoch has 5"],
    [1e12, 1e12, { length: 5 }, "after 1000000000000 batches of an epoch, now an epoch has 5"],
    [2, 1e12, { length: 5, batchesPerEpoch: 5 }, "after 1000000000000 batches of a pass, the loader has 5"],
    [4, 4, { length: 5, batchesPerEpoch: 3 }, "after 4 batches of an epoch, now an epoch has 3"],
    [4, 4, { batchesPerEpoch: 3 }, "after 4 batches of an epoch, now an epoch has 3"],
    [2, 4, { length: 5 }, "after 4 batches of a pass and 2 of an epoch, now an epoch is a pass"],
    [2, 4, {}, "after 4 batches of a pass and 2 of an epoch, now an epoch is a pass"],
  ])("not after batch %d and %d of a pass with %j", (batch, done, lengths, part) => {
    const call = () => checkPosition("Here", where(batch, done), wrong(lengths));
    expect(call).toThrow(DataError);
    expect(call).toThrow(`Here: the checkpoint was taken ${part}`);
    expect(call).toThrow("give it the same data, batch size and batchesPerEpoch");
  });

  test("but anywhere in it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(9), (length, batch) => {
        const call = () => checkPosition("Here", where(batch, batch), { length, batchesPerEpoch: undefined });
        if (batch <= length) expect(call).not.toThrow();
        else expect(call).toThrow(DataError);
      }),
      { numRuns: 200 },
    );
    checkPosition("Here", where(0, 5), { length: 5, batchesPerEpoch: 2 });
  });

  test("and leaves every random state as it was where the loader gives less", () => {
    const batch = {
      x: { data: Float32Array.of(1), shape: [1, 1] },
      y: { data: Float32Array.of(1), shape: [1, 1] },
    };
    let own: unknown = "before";
    let closed = 0;
    const loader = {
      *[Symbol.iterator]() {
        try {
          yield batch;
          yield batch;
        } finally {
          closed++;
        }
      },
      state: () => own,
      setState: (given: unknown) => {
        own = given;
      },
    };
    const restart = { ...state, start: { random, loader: "after" }, pass: { done: 1e12, batches: null } };
    const before = defaultGenerator.getState();
    const feed = new DataFeed("Here", loader, {}, restart);
    expect(() => feed.restore()).toThrow(DataError);
    expect(() => feed.restore()).toThrow(
      "Here: the checkpoint was taken after 1000000000000 batches of a pass, the loader gave 2",
    );
    expect([own, closed]).toEqual(["before", 2]);
    expect(defaultGenerator.getState()).toEqual(before);
  });
});

describe("a callback refuses a state that it cannot have", () => {
  test.each([
    { best: Number.NaN },
    { best: "1" },
    { bestEpoch: 0 },
    { bestEpoch: 1.5 },
    { bestEpoch: undefined },
    { stoppedEpoch: -1 },
    { stoppedEpoch: "3" },
    { waited: -1 },
    { waited: 1e17 },
  ])("EarlyStopping %j", (changed) => {
    const stopping = new EarlyStopping();
    const values = { best: 1, bestEpoch: 1, stoppedEpoch: null, waited: 0 };
    stopping.setState({ values });
    expect(() => stopping.setState({ values: { ...values, best: 7, ...changed } })).toThrow(DataError);
    expect(() => stopping.setState({ values: { ...values, best: 7, ...changed } })).toThrow(
      `has ${Object.keys(changed)[0]} `,
    );
    expect([stopping.best, stopping.bestEpoch]).toEqual([1, 1]);
  });

  test.each([{ bestEpoch: 3 }, { stoppedEpoch: 3 }, { waited: 3 }])(
    "EarlyStopping %j of a run of 2 epochs",
    (changed) => {
      const stopping = new EarlyStopping();
      stopping.setState({ values: { best: 1, bestEpoch: 1, stoppedEpoch: null, waited: 0, ...changed } });
      const run = { monitors: ["loss"], resumed: true, history: { length: 2 }, stop: () => {} };
      expect(() => stopping.onFitStart(wrong(run))).toThrow(DataError);
      expect(() => stopping.onFitStart(wrong(run))).toThrow("the run has 2 epochs so far");
    },
  );

  test("LearningRateSchedule, which then has the state and the settings of before", () => {
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
    const schedule = new LearningRateSchedule(new optim.lrScheduler.StepLR(optimizer, 2));
    const { values } = schedule.state() as { values: { scheduler: object; groups: object[] } };
    const before = JSON.stringify(schedule.state());
    const later = { ...values.scheduler, last_epoch: 1 };
    for (const bad of [
      { scheduler: later, groups: [null] },
      { scheduler: later, groups: [{ lr: "1" }] },
      { scheduler: later, groups: [{ lr: Number.NaN }] },
      { scheduler: later, groups: [{ lr: -1 }] },
      { scheduler: later, groups: [{ lr: 1, initialLr: Number.POSITIVE_INFINITY }] },
      { scheduler: { ...later, last_epoch: -2 }, groups: values.groups },
      { scheduler: { ...later, last_epoch: 0.5 }, groups: values.groups },
      { scheduler: { ...later, last_epoch: 1e300 }, groups: values.groups },
      { scheduler: { ...later, _step_count: -1 }, groups: values.groups },
      { scheduler: null, groups: values.groups },
    ]) {
      expect(() => schedule.setState({ values: bad }), JSON.stringify(bad)).toThrow(WebGpuLstmError);
      expect(JSON.stringify(schedule.state())).toBe(before);
    }
    schedule.setState({ values: { scheduler: later, groups: [{ lr: 0.25, initialLr: 0.5 }] } });
    expect(optimizer.lr).toBe(0.25);
    model.dispose();
  });

  test("a DataLoader never goes beyond its batches", () => {
    const one = { data: Float32Array.of(1, 2, 3), shape: [3, 1] };
    const loader = new data.DataLoader(new data.TensorDataset(one, one), { batchSize: 2 });
    const start = performance.now();
    expect([...loader.from(Number.MAX_SAFE_INTEGER)]).toEqual([]);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
