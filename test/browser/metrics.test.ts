/** Metrics of an evaluation, against float64 values computed here. */
import { describe, expect, test } from "vitest";
import {
  type Batches,
  DataError,
  type Device,
  data,
  metrics,
  type NDArray,
  nn,
  OptionError,
  optim,
  ShapeError,
  Trainer,
  type TrainerOptions,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { expectClose } from "./closeness.ts";
import { withDevice } from "./gpu.ts";
import { Tiny, values } from "./tiny.ts";

/** A model that predicts its inputs, so that tests choose the predictions. */
class Given extends nn.Module {
  readonly unused = new nn.Linear(1, 1);

  forward(x: Parameters<nn.Linear["forward"]>[0]) {
    return x.add(0);
  }
}

function givenTrainer(device: Device, loss: TrainerOptions["loss"], list: TrainerOptions["metrics"]) {
  const model = new Given();
  const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
  return { model, trainer: new Trainer(device, model, { loss, optimizer, ...(list && { metrics: list }) }) };
}

/** Random-looking numbers from -1 to 1. */
const noise = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin((i + 1) * (12.9898 + seed) * 4.1414) % 1);

const close = (name: string, actual: number, expected: number) => {
  const budget = { dtype: "F64", shape: [], data: Float64Array.of(expected) } as const;
  return expectClose(name, Float32Array.of(actual), budget);
};

/** Batches of these sizes of samples of `shape`. */
function inBatches(x: NDArray, y: NDArray, sizes: readonly number[]): Batches {
  const cut = ({ data, shape: [n, ...rest] }: NDArray, from: number, to: number): NDArray => {
    const size = data.length / n!;
    return { data: data.slice(from * size, to * size), shape: [to - from, ...rest] };
  };
  let from = 0;
  return sizes.map((size) => {
    from += size;
    return { x: cut(x, from - size, from), y: cut(y, from - size, from) };
  });
}

describe("of numbers", () => {
  test.each([
    [[7], [13, 1]],
    [
      [5, 5, 3],
      [13, 1],
    ],
    [
      [1, 64, 65, 3],
      [133, 3, 7],
    ],
  ] as [number[], number[]][])("MAE, RMSE and MAPE over batches of %j samples of %j", (sizes, shape) =>
    withDevice(async (device) => {
      const count = sizes.reduce((sum, size) => sum + size, 0);
      const whole = [count, ...shape.slice(1)];
      const size = whole.reduce((product, n) => product * n);
      const [p, t] = [noise(size, 1), noise(size, 2)];
      t[0] = 0; // divides by MAPE's smallest divisor, not by 0
      p[0] = 1e-6;
      const list = [
        new metrics.MAE(),
        new metrics.RMSE(),
        new metrics.MAPE(),
        new metrics.MAE({ name: "again" }),
      ];
      const { model, trainer } = givenTrainer(device, new nn.MSELoss(), list);
      const loader = inBatches({ data: p, shape: whole }, { data: t, shape: whole }, sizes);
      const { loss, metrics: measured } = await trainer.evaluate(loader);
      const mean = (f: (p: number, t: number) => number) =>
        p.reduce((sum, value, i) => sum + f(value, t[i]!), 0) / size;
      const expected = {
        mae: mean((p, t) => Math.abs(p - t)),
        rmse: Math.sqrt(mean((p, t) => (p - t) ** 2)),
        mape: mean((p, t) => Math.abs(p - t) / Math.max(Math.abs(t), 1.17e-6)),
        again: mean((p, t) => Math.abs(p - t)),
      };
      expect(Object.keys(measured)).toEqual(Object.keys(expected));
      for (const [name, value] of Object.entries(expected)) close(name, measured[name]!, value);
      close("loss", loss, expected.rmse ** 2);
      expect((await trainer.evaluate(loader)).loss).toBe(loss);
      await trainer.dispose();
      model.dispose();
    }),
  );
});

describe("of classes", () => {
  test.each([
    [[6], [11]],
    [
      [4, 2],
      [3, 5],
    ],
    [
      [33, 32],
      [7, 2, 3],
    ],
  ] as [number[], number[]][])(
    "accuracy and perplexity over batches of %j samples of scores %j",
    (sizes, [classes, ...rest]) =>
      withDevice(async (device) => {
        const count = sizes.reduce((sum, size) => sum + size, 0);
        const inner = rest.reduce((product, n) => product * n, 1);
        const rows = count * inner;
        const scores = noise(rows * classes!, 3).map((value) => value * 3);
        const labels = Float32Array.from({ length: rows }, (_, i) =>
          i % 5 === 4 ? -100 : (i * 7) % classes!,
        );
        const list = [new metrics.Accuracy(), new metrics.Perplexity()];
        const { model, trainer } = givenTrainer(device, new nn.CrossEntropyLoss(), list);
        const loader = inBatches(
          { data: scores, shape: [count, classes!, ...rest] },
          { data: labels, shape: [count, ...rest] },
          sizes,
        );
        const { metrics: measured } = await trainer.evaluate(loader);
        let [hits, counted, surprise] = [0, 0, 0];
        for (let row = 0; row < rows; row++) {
          const label = labels[row]!;
          if (label === -100) continue;
          const at = (c: number) => scores[(Math.floor(row / inner) * classes! + c) * inner + (row % inner)]!;
          const own = Array.from({ length: classes! }, (_, c) => at(c));
          const largest = Math.max(...own);
          counted++;
          if (own.indexOf(largest) === label) hits++;
          surprise +=
            Math.log(own.reduce((sum, s) => sum + Math.exp(s - largest), 0)) + largest - own[label]!;
        }
        expect(hits).toBeGreaterThan(0);
        expect(hits).toBeLessThan(counted);
        expect(measured["accuracy"]).toBe(hits / counted);
        close("perplexity", measured["perplexity"]!, Math.exp(surprise / counted));
        await trainer.dispose();
        model.dispose();
      }),
  );

  test("another ignored index, all ignored, ties, NaN scores, and an unbatched sample", () =>
    withDevice(async (device) => {
      const measure = async (scores: number[], labels: number[], ignoreIndex: number) => {
        const list = [new metrics.Accuracy({ ignoreIndex })];
        const { model, trainer } = givenTrainer(device, new nn.CrossEntropyLoss({ ignoreIndex }), list);
        const x = { data: Float32Array.from(scores), shape: [labels.length, scores.length / labels.length] };
        const batch = { x, y: { data: Float32Array.from(labels), shape: [labels.length] } };
        const { metrics: measured } = await trainer.evaluate([batch]);
        await trainer.dispose();
        model.dispose();
        return measured["accuracy"];
      };
      expect(await measure([1, 2, 2, 1, 5, 4], [1, 0, 0], 1)).toBe(1);
      expect(await measure([1, 2], [0], 0)).toBeNaN();
      // The first of equal scores.
      expect(await measure([3, 3, 3, 3], [0, 1], -100)).toBe(0.5);
      // The GPU computes 0/0, since input data must not be NaN.
      class Broken extends Given {
        override forward(x: Parameters<Given["forward"]>[0]) {
          return x.div(x);
        }
      }
      const model = new Broken();
      const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
      const loss = new nn.CrossEntropyLoss();
      const trainer = new Trainer(device, model, { loss, optimizer, metrics: [new metrics.Accuracy()] });
      const x = { data: Float32Array.of(0, 0, 1, 1, 1, 0), shape: [3, 2] };
      const batch = { x, y: { data: Float32Array.of(0, 0, 0), shape: [3] } };
      expect((await trainer.evaluate([batch])).metrics["accuracy"]).toBe(1 / 3);
      await trainer.dispose();
      model.dispose();
    }));
});

test("fit reports them with every validation; a short batch runs in evaluation mode too", () =>
  withDevice(async (device) => {
    class Dropping extends Tiny {
      readonly dropout = new nn.Dropout(0.5);
      override forward(x: Parameters<Tiny["forward"]>[0]) {
        return this.dropout.forward(super.forward(x));
      }
    }
    const model = new Dropping(2, 4);
    const optimizer = new optim.Adam(model.parameters());
    const list = [new metrics.RMSE(), new metrics.MAE()];
    const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer, metrics: list });
    const x = { data: values([11, 3, 2]), shape: [11, 3, 2] };
    const y = { data: values([11, 1]), shape: [11, 1] };
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 4 });
    const reports = [];
    for await (const report of trainer.fit(loader, { epochs: 5, validation: loader, validateEvery: 2 })) {
      reports.push(report);
      if (!report.metrics) continue;
      close("rmse", report.metrics["rmse"]!, Math.sqrt(report.validationLoss!));
      const predicted = await trainer.predict(x, { batchSize: 4 });
      const off = predicted.data.reduce((sum, value, i) => sum + Math.abs(value - y.data[i]!), 0) / 11;
      close("mae", report.metrics["mae"]!, off);
    }
    expect(reports.map(({ validationLoss }) => validationLoss !== undefined)).toEqual([
      false,
      true,
      false,
      true,
      true,
    ]);
    expect(reports.map(({ metrics = {} }) => Object.keys(metrics).length)).toEqual([0, 2, 0, 2, 2]);
    const { history } = trainer;
    const names = [
      "epoch",
      "loss",
      "validationLoss",
      "rmse",
      "mae",
      "learningRate",
      "steps",
      "seconds",
      "stepsPerSecond",
    ];
    expect(history.columns).toEqual(names);
    expect([...history.column("rmse")]).toEqual(
      reports.map(({ metrics }) => metrics?.["rmse"] ?? Number.NaN),
    );
    const rows = history.toCSV().split("\n");
    expect(rows[0]).toBe(names.join(","));
    expect(rows[1]!.split(",").slice(2, 5)).toEqual(["", "", ""]);
    expect(rows[2]!.split(",").map(Number).slice(0, 4)).toEqual([
      2,
      reports[1]!.loss,
      reports[1]!.validationLoss,
      reports[1]!.metrics!["rmse"],
    ]);
    expect(rows.length).toBe(7);
    await trainer.dispose();
    model.dispose();
  }));

test("metrics refuse bad input", () =>
  withDevice(async (device) => {
    await expectRefusal(() => new metrics.MAE(wrong({ nam: "x" })), OptionError, 'MAE: unknown option "nam"');
    await expectRefusal(() => new metrics.RMSE({ name: "" }), OptionError, "RMSE: name");
    await expectRefusal(
      () => new metrics.Accuracy({ ignoreIndex: 0.5 }),
      OptionError,
      "Accuracy: ignoreIndex",
    );
    const build = (list: unknown) => () => givenTrainer(device, new nn.MSELoss(), wrong(list));
    await expectRefusal(build(["rmse"]), OptionError, "Trainer: metrics must be a list such as");
    await expectRefusal(build([new metrics.MAE(), new metrics.MAE()]), OptionError, 'called "mae"');
    await expectRefusal(build([new metrics.MAE({ name: "loss" })]), OptionError, 'called "loss"');

    const { model, trainer } = givenTrainer(device, new nn.CrossEntropyLoss(), [new metrics.Accuracy()]);
    const batch = (labels: number[], shape: number[]) => [
      { x: { data: noise(12, 1), shape: [4, 3] }, y: { data: Float32Array.from(labels), shape } },
    ];
    await expectRefusal(
      () => trainer.evaluate(batch([...noise(12, 2)].map(Math.abs), [4, 3])),
      ShapeError,
      "Accuracy: targets must be class indices, [4] for scores [4, 3], got [4, 3]",
    );
    await expectRefusal(
      () => trainer.evaluate(batch([0, 1, 2, 3], [4])),
      DataError,
      "class index",
      "got 3 at index 3",
    );
    await trainer.dispose();
    model.dispose();
  }));
