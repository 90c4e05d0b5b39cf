/** A run stopped anywhere, saved as bytes and resumed by new objects gives the same bits as an uninterrupted one. */
import { describe, expect, test } from "vitest";
import {
  type Callback,
  DataError,
  type Device,
  data,
  defaultGenerator,
  EarlyStopping,
  type EpochReport,
  type Json,
  LearningRateSchedule,
  loadCheckpoint,
  manualSeed,
  metrics,
  nn,
  OptionError,
  optim,
  StateDictError,
  saveCheckpoint,
  type Tensor,
  Trainer,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";
import { bits, Tiny } from "./tiny.ts";

/** Dropout between layers and after them. */
class Dropping extends nn.Module {
  readonly lstm = new nn.LSTM(1, 4, { numLayers: 2, dropout: 0.3, batchFirst: true });
  readonly dropout = new nn.Dropout(0.2);
  readonly fc = new nn.Linear(4, 1);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.dropout.forward(this.lstm.forward(x).output.select(1, -1)));
  }
}

/** `count` windows of a sine. */
function waves(count: number): data.TensorDataset {
  const series = Array.from({ length: count + 5 }, (_, i) => Math.sin(i / 2));
  return data.slidingWindows(series, { length: 5 });
}

const EPOCHS = 6;
/** 5 batches, the last one short. */
const SAMPLES = 18;

interface Setting {
  /** Seed of the loader's own generator; without it the default generator shuffles. */
  readonly seed?: number;
  readonly accumulate?: number;
  readonly onNonFinite?: "throw" | "ignore";
  readonly optimizer?: (model: nn.Module) => optim.Adam;
  readonly schedule?: (optimizer: optim.SGD | optim.Adam) => LearningRateSchedule;
}

/** Everything a run needs, created as after a page reload. */
function setUp(device: Device, { seed, accumulate, optimizer, schedule, onNonFinite = "throw" }: Setting) {
  manualSeed(3);
  const model = new Dropping();
  const made = optimizer?.(model) ?? new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  const trainer = new Trainer(device, model, {
    loss: new nn.MSELoss(),
    optimizer: made,
    clipGradNorm: 1,
    ...(accumulate && { accumulate }),
    onNonFinite,
    metrics: [new metrics.MAE(), new metrics.RMSE()],
  });
  const own = seed === undefined ? {} : { seed };
  const loader = new data.DataLoader(waves(SAMPLES), { batchSize: 4, shuffle: true, ...own });
  const validation = new data.DataLoader(waves(7), { batchSize: 3, shuffle: true, ...own });
  const callbacks: Callback[] = [
    schedule?.(made) ?? new LearningRateSchedule(new optim.lrScheduler.StepLR(made, 2, { gamma: 0.5 })),
    new EarlyStopping({ monitor: "rmse", patience: 50, restoreBest: true }),
  ];
  return { model, optimizer: made, trainer, loader, validation, callbacks };
}

type Parts = ReturnType<typeof setUp>;

/** Trains to the end, or until a batch of an epoch is done; batch 0 is the end of the previous epoch. */
async function train(parts: Parts, stop?: { epoch: number; batch: number }): Promise<EpochReport[]> {
  const { trainer, loader, validation, callbacks } = parts;
  const abort = new AbortController();
  const reports: EpochReport[] = [];
  try {
    for await (const report of trainer.fit(loader, {
      epochs: EPOCHS,
      validation,
      validateEvery: 2,
      callbacks,
      signal: abort.signal,
      onProgress: ({ epoch, batch }) => {
        if (epoch === stop?.epoch && batch === stop.batch) abort.abort(parts);
      },
    })) {
      reports.push(report);
      if (stop?.batch === 0 && report.epoch === stop.epoch - 1) break;
    }
  } catch (reason) {
    if (reason !== parts) throw reason;
  }
  return reports;
}

/** The parts that must be equal: all except times. */
async function outcome({ model, optimizer, trainer, callbacks }: Parts) {
  const timeless = ({ seconds, stepsPerSecond, ...report }: EpochReport) => report;
  const { state, param_groups } = await optimizer.stateDict();
  const stopping = callbacks[1] as EarlyStopping;
  return {
    weights: await bits(model),
    optimizer: JSON.stringify([state, param_groups]),
    history: trainer.history.reports.map(timeless),
    best: [stopping.best, stopping.bestEpoch],
    schedule: (callbacks[0] as LearningRateSchedule).scheduler.stateDict(),
  };
}

async function dispose({ trainer, model }: Parts): Promise<void> {
  await trainer.dispose();
  model.dispose();
}

/** The bytes at the stop, then the same run by new objects. */
async function interrupted(device: Device, setting: Setting, stop: { epoch: number; batch: number }) {
  const first = setUp(device, setting);
  const before = await train(first, stop);
  const bytes = await first.trainer.checkpoint();
  await dispose(first);

  const second = setUp(device, setting);
  manualSeed(999); // the page has drawn other numbers meanwhile
  await second.trainer.resume(bytes);
  const after = await train(second);
  const result = await outcome(second);
  await dispose(second);
  return { epochs: [...before, ...after].map(({ epoch }) => epoch), result };
}

async function straight(device: Device, setting: Setting) {
  const parts = setUp(device, setting);
  await train(parts);
  const result = await outcome(parts);
  await dispose(parts);
  return result;
}

const settings: [string, Setting][] = [
  ["its own order, SGD with momentum, StepLR", { seed: 8 }],
  ["the default generator's order", {}],
  [
    "Adam, OneCycleLR after every update",
    {
      seed: 8,
      optimizer: (model) => new optim.Adam(model.parameters(), { lr: 0.01 }),
      schedule: (optimizer) =>
        new LearningRateSchedule(new optim.lrScheduler.OneCycleLR(optimizer, 0.05, { totalSteps: 30 }), {
          every: "update",
        }),
    },
  ],
  [
    "ReduceLROnPlateau on what is validated every other epoch",
    {
      seed: 8,
      schedule: (optimizer) =>
        new LearningRateSchedule(
          new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0, threshold: 0.5 }),
        ),
    },
  ],
  ["two batches to an update", { seed: 8, accumulate: 2 }],
  ["two batches to an update, the default generator's order", { accumulate: 2 }],
];

describe("a resumed run equals an uninterrupted one, bit for bit", () => {
  test.each(settings)("%s", (_, setting) =>
    withDevice(async (device) => {
      const expected = await straight(device, setting);
      expect(expected.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(expected.history.map(({ validationLoss }) => validationLoss !== undefined)).toEqual([
        false,
        true,
        false,
        true,
        false,
        true,
      ]);
      const stops = [
        { epoch: 4, batch: 3 },
        { epoch: 1, batch: 1 },
        { epoch: 4, batch: 5 },
        { epoch: 5, batch: 0 },
      ];
      for (const stop of stops) {
        const { epochs, result } = await interrupted(device, setting, stop);
        expect(epochs, JSON.stringify(stop)).toEqual([1, 2, 3, 4, 5, 6]);
        expect(result, JSON.stringify(stop)).toEqual(expected);
      }
      // The comparison would detect a difference.
      expect((await straight(device, { ...setting, seed: 9 })).weights).not.toEqual(expected.weights);
    }),
  );

  test("from checkpoints taken by a callback, by the loop's body, and while batches run", () =>
    withDevice(async (device) => {
      const expected = await straight(device, { seed: 8 });
      const parts = setUp(device, { seed: 8 });
      const taken: Promise<Uint8Array<ArrayBuffer>>[] = [];
      parts.callbacks.push({
        onSettled: async (run, report) => {
          const due = report ? report.epoch === 2 : run.epoch === 3 && run.batch === 2;
          if (due) taken.push(Promise.resolve(await run.checkpoint()));
        },
      });
      for await (const { epoch } of parts.trainer.fit(parts.loader, {
        epochs: EPOCHS,
        validation: parts.validation,
        validateEvery: 2,
        callbacks: parts.callbacks,
        onProgress: ({ epoch, batch }) => {
          // Not awaited: training continues. One of them falls into the validation after epoch 4.
          if (epoch === 3 && batch === 4) taken.push(parts.trainer.checkpoint());
          if (epoch === 4 && batch === 5) {
            const late = new Promise((resolve) => setTimeout(resolve));
            taken.push(late.then(() => parts.trainer.checkpoint()));
          }
        },
      })) {
        if (epoch === 5) taken.push(Promise.resolve(await parts.trainer.checkpoint()));
      }
      expect(await outcome(parts)).toEqual(expected);
      const files = await Promise.all(taken);
      expect(files.length).toBe(5);
      await dispose(parts);
      for (const bytes of files) {
        const again = setUp(device, { seed: 8 });
        await again.trainer.resume(bytes);
        await train(again);
        expect(await outcome(again)).toEqual(expected);
        await dispose(again);
      }
    }));

  test("by the same trainer, which goes back; a resumed run can be saved again before it starts", () =>
    withDevice(async (device) => {
      const expected = await straight(device, { seed: 8 });
      const parts = setUp(device, { seed: 8 });
      await train(parts, { epoch: 3, batch: 2 });
      const bytes = await parts.trainer.checkpoint();
      await train(parts); // a separate run, from epoch 1, with other weights
      expect((await outcome(parts)).weights).not.toEqual(expected.weights);
      await parts.trainer.resume(bytes);
      expect(parts.trainer.history.length).toBe(2);
      expect(await parts.trainer.checkpoint()).toEqual(bytes);
      await train(parts);
      expect(await outcome(parts)).toEqual(expected);
      await dispose(parts);
    }));
});

describe("a trainer's checkpoint", () => {
  test("keeps the config, including a scaler's toJSON, and is an ordinary checkpoint", () =>
    withDevice(async (device) => {
      const scaler = data.StandardScaler.fit([1, 2, 4]);
      const make = (config?: unknown) => {
        const model = new Tiny(1, 4);
        const optimizer = new optim.Adam(model.parameters());
        return { model, trainer: new Trainer(device, model, { loss: new nn.MSELoss(), optimizer, config }) };
      };
      const { model, trainer } = make({ scaler, hidden: 4, names: ["a", null] });
      const bytes = await trainer.checkpoint();
      const file = loadCheckpoint(bytes);
      expect([...file.model.keys()]).toEqual([...(await model.stateDict()).keys()].sort());
      const other = make();
      await other.trainer.resume(bytes);
      expect(other.trainer.config).toEqual({ scaler: scaler.toJSON(), hidden: 4, names: ["a", null] });
      expect(await bits(other.model)).toEqual(await bits(model));
      // Also from before the first epoch.
      const loader = new data.DataLoader(waves(8), { batchSize: 4, shuffle: true });
      const losses = async (of: Trainer) => {
        const all = [];
        for await (const { loss } of of.fit(loader, { epochs: 2, callbacks: [new EarlyStopping()] }))
          all.push(loss);
        return all;
      };
      const first = await losses(other.trainer);
      await trainer.resume(bytes);
      expect(await losses(trainer)).toEqual(first);

      trainer.config = { loss: Number.NaN };
      await expectRefusal(() => trainer.checkpoint(), DataError, "config.config.loss must be plain JSON");
      await trainer.dispose();
      await other.trainer.dispose();
      model.dispose();
      other.model.dispose();
    }));

  test("holds the best weights and a non-finite loss", () =>
    withDevice(async (device) => {
      const parts = setUp(device, { seed: 8, onNonFinite: "ignore" });
      await train(parts, { epoch: 4, batch: 1 });
      const bytes = await parts.trainer.checkpoint();
      const names = [...loadCheckpoint(bytes).trainer!.keys()].filter((name) => name.startsWith("trainer/"));
      expect(names).toContain("trainer/callbacks/1/fc.weight");
      expect(names.length).toBe((await parts.model.stateDict()).size);

      const weights = await parts.model.stateDict();
      parts.model.loadStateDict(
        new Map([...weights].map(([key, { data, shape }]) => [key, { data: data.fill(1e38), shape }])),
      );
      for await (const { loss } of parts.trainer.fit(parts.loader, { epochs: 1 })) expect(loss).toBeNaN();
      const diverged = await parts.trainer.checkpoint();
      await parts.trainer.resume(diverged);
      expect(parts.trainer.history.column("loss")).toEqual(Float64Array.of(Number.NaN));
      await dispose(parts);
    }));

  test("is refused without any change if it does not fit", () =>
    withDevice(async (device) => {
      const parts = setUp(device, { seed: 8 });
      const { trainer, model, loader, validation, callbacks } = parts;
      await train(parts, { epoch: 2, batch: 2 });
      const bytes = await trainer.checkpoint();
      const before = await outcome(parts);
      const { model: weights, optimizer: state, config } = loadCheckpoint(bytes);
      const saved = (config as { trainer: object }).trainer;
      const without = { model: weights, optimizer: state! };
      const refuse = (
        checkpoint: Parameters<typeof saveCheckpoint>[0],
        ...rest: [never, ...string[]] | never[]
      ) =>
        expectRefusal(
          async () => trainer.resume(await saveCheckpoint(checkpoint)),
          ...(rest as unknown as [typeof DataError]),
        );
      const because = (...parts: string[]) => [DataError, "Trainer.resume", ...parts] as never[];
      await expectRefusal(() => trainer.resume(bytes.slice(0, 99)), DataError, "loadCheckpoint");
      await refuse(without, ...because("no trainer's state", "loadCheckpoint"));
      await refuse(
        { ...without, config: { trainer: { version: 7 } } },
        ...because("version 7, this library reads 3"),
      );
      const odd = (change: object) => ({ ...without, config: { trainer: { ...saved, ...change } } });
      await refuse(odd({ epoch: 0 }), ...because("damaged", "epoch", "got 0"));
      await refuse(odd({ random: null }), ...because("damaged", "Generator.setState"));
      await refuse(odd({ callbacks: [3] }), ...because("damaged"));
      await refuse({ model: weights, config: config! }, ...because("no optimizer's state"));
      const fewer = new Map([...weights].filter(([name]) => name !== "fc.bias"));
      await refuse(
        { ...without, model: fewer, config: config! },
        ...([StateDictError, "missing fc.bias"] as never[]),
      );
      const adam = { ...state!, param_groups: [...state!.param_groups, { params: [99] }] };
      await refuse({ ...without, optimizer: adam, config: config! }, ...([StateDictError, "SGD"] as never[]));
      expect(await outcome(parts)).toEqual(before);

      await trainer.resume(bytes);
      const fit = (options: object, batches: unknown = loader) =>
        trainer.fit(wrong(batches), wrong({ epochs: 6, validation, callbacks, ...options })).next();
      await expectRefusal(
        () => fit({ callbacks: [] }),
        OptionError,
        "with the callbacks LearningRateSchedule, EarlyStopping, got none",
      );
      await expectRefusal(
        () => fit({ callbacks: [...callbacks].reverse() }),
        OptionError,
        "got EarlyStopping, LearningRateSchedule",
      );
      await expectRefusal(
        () => fit({}, new data.DataLoader(waves(9), { batchSize: 4 })),
        DataError,
        "5 batches in an epoch, the loader has 3",
      );
      await expectRefusal(
        () => fit({}, new data.DataLoader(waves(SAMPLES), { batchSize: 4, shuffle: true })),
        OptionError,
        "DataLoader.setState: expected no generator's state",
      );
      expect(await bits(model)).toEqual(before.weights);
      // Refused runs do not use up the checkpoint.
      await train(parts);
      expect((await outcome(parts)).weights).toEqual((await straight(device, { seed: 8 })).weights);
      await dispose(parts);
    }));

  test("with a number that cannot be is refused when it is read, or before the first batch", () =>
    withDevice(async (device) => {
      const parts = setUp(device, { seed: 8 });
      const { trainer, model, loader, validation, callbacks } = parts;
      await train(parts, { epoch: 2, batch: 2 });
      const {
        model: weights,
        optimizer,
        trainer: tensors,
        config,
      } = loadCheckpoint(await trainer.checkpoint());
      const saved = (config as { trainer: { [key: string]: Json } }).trainer;
      const odd = (change: object) =>
        saveCheckpoint({
          model: weights,
          optimizer: optimizer!,
          trainer: tensors!,
          config: { trainer: { ...saved, ...change } as Json },
        });
      const before = await outcome(parts);
      for (const [change, said] of [
        [
          { pass: { done: 1e12, batches: 5 } },
          "pass.done must be at most 5, the batches of a pass, got 1000000000000",
        ],
        [{ pass: { done: 6, batches: 5 } }, "pass.done must be at most 5"],
        [{ batch: 6 }, "batch must be at most 5, the batches of an epoch, got 6"],
        [{ epoch: 1e12 }, "epoch must be 2, as the history has 1 epochs before it, got 1000000000000"],
        [{ updates: 1e12 }, "updates must be at most 2"],
      ] as const) {
        await expectRefusal(async () => trainer.resume(await odd(change)), DataError, "damaged", said);
      }
      expect(await outcome(parts)).toEqual(before);
      // What the file alone cannot tell is checked against the loader.
      for (const change of [
        { batch: 6, batches: null, pass: { done: 6, batches: null } },
        { batch: 1e12, batches: null, pass: { done: 1e12, batches: null } },
        { pass: { done: 1, batches: 5 } },
      ]) {
        await trainer.resume(await odd(change));
        const ready = await outcome(parts);
        const random = defaultGenerator.getState();
        await expectRefusal(
          () => trainer.fit(loader, { epochs: EPOCHS, validation, callbacks }).next(),
          DataError,
          "Trainer.fit: the checkpoint was taken after",
          "give it the same data",
        );
        expect(defaultGenerator.getState()).toEqual(random);
        expect(await outcome(parts)).toEqual(ready);
      }
      expect(await bits(model)).toEqual(before.weights);
      await trainer.resume(await odd({}));
      await train(parts);
      expect((await outcome(parts)).weights).toEqual((await straight(device, { seed: 8 })).weights);
      await dispose(parts);
    }));

  test("is refused during callbacks, and while there is nothing to go back to", () =>
    withDevice(async (device) => {
      const parts = setUp(device, { seed: 8 });
      const { trainer, loader } = parts;
      const callbacks: Callback[] = [{ onEpochEnd: () => trainer.checkpoint() }];
      await expectRefusal(
        () => trainer.fit(loader, { epochs: 1, callbacks }).next(),
        OptionError,
        "Trainer.checkpoint: callbacks are acting on the run",
        "onSettled",
      );
      const running = trainer.fit(loader, { epochs: 2 });
      await running.next();
      const bytes = await trainer.checkpoint();
      await expectRefusal(
        () => trainer.resume(bytes),
        OptionError,
        "Trainer.resume: this trainer is fitting",
      );
      await running.return();
      const { param_groups } = await parts.optimizer.stateDict();
      expect(param_groups.length).toBe(1);
      await dispose(parts);
      const stateless = new Tiny(1, 4);
      const { parameters, planKey } = new optim.SGD(stateless.parameters(), { lr: 1 });
      const optimizer = wrong({ parameters, planKey, updateParts: () => [], beginStep: () => () => {} });
      const other = new Trainer(device, stateless, { loss: new nn.MSELoss(), optimizer });
      await expectRefusal(() => other.checkpoint(), OptionError, "stateDict and loadStateDict");
      await other.dispose();
    }));
});
