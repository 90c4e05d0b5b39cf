/** The GPU-free parts of the training loop: history, a loader's state, a run's state as JSON, missing storage. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DataError,
  data,
  History,
  manualSeed,
  type NDArray,
  OptionError,
  openCheckpointStore,
  StorageUnavailableError,
} from "webgpu-lstm";
import { Generator } from "../../src/random.ts";
import { restoreCallbacks } from "../../src/train/callback-list.ts";
import type { TrainerState } from "../../src/train/state.ts";
import { readState, writeState } from "../../src/train/state-file.ts";
import { expectRefusal, wrong } from "../refusal.ts";

const report = (epoch: number, more: object = {}) => {
  return { epoch, loss: 1 / epoch, steps: 3, seconds: 0.5, stepsPerSecond: 6, ...more };
};

describe("History", () => {
  const history = new History([
    report(1, { validationLoss: 0.25, metrics: { mae: 0.1, 'odd, "name"': 7 }, learningRate: 0.01 }),
    report(2),
    report(3, { loss: Number.POSITIVE_INFINITY, validationLoss: Number.NaN, metrics: { mae: 1e-7 } }),
  ]);

  test("is columns of numbers", () => {
    expect(history.length).toBe(3);
    expect(history.columns).toEqual([
      ...["epoch", "loss", "validationLoss", "mae", 'odd, "name"'],
      ...["learningRate", "steps", "seconds", "stepsPerSecond"],
    ]);
    expect(history.column("epoch")).toEqual(Float64Array.of(1, 2, 3));
    expect(history.column("loss")).toEqual(Float64Array.of(1, 0.5, Number.POSITIVE_INFINITY));
    expect(history.column("mae")).toEqual(Float64Array.of(0.1, Number.NaN, 1e-7));
    expect(() => history.column("accuracy")).toThrow(OptionError);
    expect(() => history.column("accuracy")).toThrow('no column "accuracy"; the columns are epoch, loss');
    expect(new History().column("loss")).toEqual(new Float64Array(0));
  });

  test("is CSV that reads back as the same numbers", () => {
    expect(history.toCSV()).toBe(
      'epoch,loss,validationLoss,mae,"odd, ""name""",learningRate,steps,seconds,stepsPerSecond\n' +
        "1,1,0.25,0.1,7,0.01,3,0.5,6\n" +
        "2,0.5,,,,,3,0.5,6\n" +
        "3,Infinity,NaN,1e-7,,,3,0.5,6\n",
    );
    expect(new History().toCSV()).toBe(
      "epoch,loss,validationLoss,learningRate,steps,seconds,stepsPerSecond\n",
    );
  });
});

describe("a DataLoader", () => {
  const dataset = new data.TensorDataset(
    { data: Float32Array.from({ length: 11 }, (_, i) => i), shape: [11, 1] },
    { data: new Float32Array(11), shape: [11, 1] },
  );
  const take = (batches: Iterable<data.Batch>) => [...batches].map(({ x }) => [...x.data]);

  test("continues from a state and from any batch as an uninterrupted one does", () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.option(fc.integer({ min: 0, max: 99 }), { nil: undefined }),
          batchSize: fc.integer({ min: 1, max: 12 }),
          shuffle: fc.boolean(),
          epochs: fc.integer({ min: 0, max: 2 }),
          from: fc.integer({ min: 0, max: 12 }),
        }),
        ({ seed, batchSize, shuffle, epochs, from }) => {
          const make = () => {
            return new data.DataLoader(dataset, { batchSize, shuffle, ...(seed !== undefined && { seed }) });
          };
          const loader = make();
          const generator = manualSeed(5);
          for (let i = 0; i < epochs; i++) take(loader);
          const state = JSON.parse(JSON.stringify(loader.state()));
          const random = generator.getState();
          const epoch = take(loader);
          const next = [take(loader), generator.getState()];

          generator.setState(random);
          const other = make();
          other.setState(state);
          expect(take(other.from(from))).toEqual(epoch.slice(from));
          expect([take(other), generator.getState()]).toEqual(next);
        },
      ),
    );
  });

  test("draws the skipped batches' random numbers at once", () => {
    const loader = new data.DataLoader(dataset, { batchSize: 4, shuffle: true });
    const generator = manualSeed(5);
    const rest = loader.from(1);
    const drawn = generator.getState();
    expect(take(rest).length).toBe(2);
    expect(generator.getState()).toEqual(drawn);
  });

  test("refuses another loader's state", async () => {
    const seeded = new data.DataLoader(dataset, { seed: 1 });
    const plain = new data.DataLoader(dataset);
    const refuse = (loader: data.DataLoader, state: unknown, ...parts: string[]) =>
      expectRefusal(() => loader.setState(wrong(state)), OptionError, ...parts);
    await refuse(seeded, plain.state(), "DataLoader.setState: expected a generator's state", "got null");
    await refuse(plain, seeded.state(), "expected no generator's state");
    await refuse(plain, {}, "got undefined");
    await refuse(plain, null, "got undefined");
    await refuse(seeded, { generator: { words: [1] } }, "Generator.setState");
    await expectRefusal(() => seeded.from(-1), OptionError, "DataLoader.from: batch", "got -1");
  });
});

describe("a run's state", () => {
  const random = new Generator(1).getState();
  const state: TrainerState = {
    epoch: 3,
    batch: 2,
    batches: 5,
    updates: 2,
    skipped: 0,
    seconds: 1.5,
    loss: { sum: Number.NaN, weight: 8 },
    random,
    start: { random, loader: { generator: null } },
    pass: { done: 2, batches: 5 },
    validation: null,
    carried: new Map([["state.h", { data: Float32Array.of(4, 5), shape: [1, 2] }]]),
    steps: { train: { seed: 7, runs: 12 } },
    callbacks: [
      {
        name: "a",
        state: { values: { best: Number.NEGATIVE_INFINITY, list: [1, null, "x"], none: undefined } },
      },
      {
        name: "b",
        state: { values: null, tensors: new Map([["fc/w", { data: Float32Array.of(1, 2), shape: [2] }]]) },
      },
    ],
    history: [report(1), report(2, { validationLoss: Number.POSITIVE_INFINITY })],
  };
  const model = new Map<string, NDArray>([["fc.weight", { data: Float32Array.of(3), shape: [1] }]]);

  test("round-trips through JSON and tensors, including non-finite numbers", () => {
    const { json, tensors } = writeState(state);
    expect([...tensors.keys()]).toEqual(["trainer/callbacks/1/fc/w", "trainer/carried/state.h"]);
    const read = readState("test", JSON.parse(JSON.stringify(json)), tensors);
    const { callbacks } = state;
    const [first, second] = callbacks!;
    const { none: _, ...values } = first!.state.values as Record<string, unknown>;
    expect(read).toEqual({ ...state, callbacks: [{ name: "a", state: { values } }, second] });
    const none = writeState({ ...state, callbacks: null, carried: null });
    expect(readState("test", none.json, none.tensors)).toMatchObject({ callbacks: null, carried: null });
  });

  test("is refused if anything is missing or invalid", async () => {
    const { json, tensors } = writeState(state) as unknown as {
      json: Record<string, unknown>;
      tensors: Map<string, NDArray>;
    };
    const refuse = (changed: unknown, ...parts: string[]) =>
      expectRefusal(() => readState("Here", changed, model), DataError, "Here: ", ...parts);
    await refuse(json, "the carried", "state.h", "is missing");
    for (const [name, tensor] of tensors) model.set(name, tensor);
    await refuse(undefined, "no trainer's state");
    await refuse("text", "no trainer's state");
    await refuse({ ...json, version: 1 }, "version 1, this library reads 3");
    for (const key of Object.keys(json).filter(
      (key) => !["version", "callbacks", "validation"].includes(key),
    )) {
      await refuse({ ...json, [key]: undefined }, "damaged");
      if (key !== "batches" && key !== "carried") await refuse({ ...json, [key]: null }, "damaged");
    }
    await refuse({ ...json, batch: 0.5 }, "batch must be an integer of at least 0, got 0.5");
    await refuse({ ...json, pass: { done: -1, batches: null } }, "pass.done");
    await refuse({ ...json, pass: { done: 0, batches: 0 } }, "pass.batches");
    await refuse({ ...json, loss: { sum: "1", weight: 1 } }, "sum must be a number");
    await refuse({ ...json, steps: { train: { seed: 1, runs: -1 } } }, "train: runs");
    await refuse({ ...json, history: [{ epoch: 0 }] }, "history: epoch");
    await refuse({ ...json, callbacks: [{}] }, "callback 0 has no name");
  });

  test("goes only to callbacks with the same names in the same order", () => {
    const seen: unknown[] = [];
    const callback = (name: string) => ({
      name,
      state: () => ({ values: null }),
      setState: (given: unknown) => seen.push([name, given]),
    });
    const saved = state.callbacks!;
    restoreCallbacks("Here", [callback("a"), { onFitEnd: () => {} }, callback("b")], saved);
    expect(seen).toEqual([
      ["a", saved[0]!.state],
      ["b", saved[1]!.state],
    ]);
    for (const names of [["b", "a"], ["a"], ["a", "b", "c"], []]) {
      expect(() => restoreCallbacks("Here", names.map(callback), saved)).toThrow(
        `Here: the checkpoint was taken with the callbacks a, b, got ${names.join(", ") || "none"}`,
      );
    }
    expect(seen.length).toBe(2);
  });
});

test("without a browser, opening a store throws", async () => {
  await expectRefusal(
    () => openCheckpointStore({ backend: "opfs" }),
    StorageUnavailableError,
    "openCheckpointStore: this runtime has no origin private file system",
  );
  await expectRefusal(
    () => openCheckpointStore(),
    StorageUnavailableError,
    "has no IndexedDB",
    "keep the bytes",
  );
});
