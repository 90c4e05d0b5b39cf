/** A compiled step follows its model: the modes of the modules, and the parts that they hold. */
import { describe, expect, test } from "vitest";
import {
  DataError,
  type Device,
  data,
  GraphError,
  nn,
  optim,
  Stream,
  type Tensor,
  Trainer,
} from "webgpu-lstm";
import { expectRefusal } from "../refusal.ts";
import { withDevice } from "./gpu.ts";

const [ROWS, WIDTH] = [8, 16];
const ones = (rows = ROWS) => ({ x: new Float32Array(rows * WIDTH).fill(1) });
const zeros = (values: Float32Array) => values.filter((value) => value === 0).length;

/** Dropout of the ones: about half of them are zero in training mode, none in evaluation mode. */
const dropping = (device: Device, model: nn.Module & nn.Layer, before = () => {}) =>
  device.compile(
    ({ x }) => {
      before();
      return { y: model.forward(x) };
    },
    { inputs: { x: [ROWS, WIDTH] } },
  );

describe.each([
  ["train, then eval", true],
  ["eval, then train", false],
])("%s", (_, first) => {
  test("changes the step, for known and new input shapes, and back", () =>
    withDevice(async (device) => {
      const model = new nn.Sequential(new nn.Dropout(0.5)).train(first);
      const step = await dropping(device, model);
      const dropsIn = async (rows: number) => zeros((await step.run(ones(rows)).y.read()).data) > 0;
      for (const mode of [first, !first, first, !first]) {
        model.train(mode);
        for (const rows of [ROWS, 2 * ROWS]) expect(await dropsIn(rows)).toBe(mode);
      }
      step.dispose();
    }));

  test("changes the dropout between recurrent layers", () =>
    withDevice(async (device) => {
      const lstm = new nn.LSTM(3, 4, { numLayers: 2, dropout: 0.5 }).train(first);
      const step = await device.compile(({ x }) => ({ y: lstm.forward(x).output }), {
        inputs: { x: [5, 2, 3] },
      });
      const outputs = async () => {
        const x = new Float32Array(30).fill(1);
        return [...(await step.run({ x }).y.read()).data];
      };
      for (const mode of [first, !first]) {
        lstm.train(mode);
        const [one, another] = [await outputs(), await outputs()];
        if (mode) expect(one).not.toEqual(another);
        else expect(one).toEqual(another);
      }
      step.dispose();
      lstm.dispose();
    }));
});

test("a mode that is changed and back needs no third program", () =>
  withDevice(async (device) => {
    const model = new nn.Sequential(new nn.Dropout(0.5));
    const step = await dropping(device, model);
    step.run(ones());
    const inTraining = step.bytes;
    model.eval();
    step.run(ones());
    const both = step.bytes;
    expect(both).toBeGreaterThan(inTraining);
    for (let i = 0; i < 3; i++) {
      model.train(i % 2 === 0);
      step.run(ones());
    }
    expect(step.bytes).toBe(both);
    step.dispose();
  }));

test("a module without a mode is not planned again", () =>
  withDevice(async (device) => {
    const model = new nn.Sequential(new nn.Linear(WIDTH, 2), new nn.Dropout(0));
    const step = await dropping(device, model);
    const { bytes } = step;
    model.eval();
    step.run(ones());
    expect(step.bytes).toBe(bytes);
    step.dispose();
    model.dispose();
  }));

test("a mode that the traced function sets holds in every run", () =>
  withDevice(async (device) => {
    const model = new nn.Sequential(new nn.Dropout(0.5));
    const step = await dropping(device, model, () => model.eval());
    model.train();
    for (const rows of [ROWS, 2 * ROWS]) {
      model.train();
      expect(zeros((await step.run(ones(rows)).y.read()).data)).toBe(0);
    }
    step.dispose();
  }));

test("the training step goes on after eval() with the model as it is then", () =>
  withDevice(async (device) => {
    const model = new nn.Sequential(new nn.Linear(WIDTH, 64), new nn.Dropout(1), new nn.Linear(64, 1));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const step = await device.compile(({ x }) => ({ loss: model.forward(x).mean() }), {
      inputs: { x: [ROWS, WIDTH] },
      optimizer,
    });
    const weight = async () => [...(await model.stateDict()).get("0.weight")!.data];
    const before = await weight();
    step.run(ones());
    expect(await weight()).toEqual(before);
    model.eval();
    step.run(ones());
    expect(await weight()).not.toEqual(before);
    step.dispose();
    model.dispose();
  }));

test("a step that carries results refuses another mode, and goes on in its own", () =>
  withDevice(async (device) => {
    const model = new nn.Sequential(new nn.Dropout(0.5)).eval();
    const step = await device.compile(({ x, sum }) => ({ sum: sum.add(model.forward(x)) }), {
      inputs: { x: [2], sum: [2] },
      carry: { sum: "sum" },
    });
    const x = Float32Array.of(1, 2);
    step.run({ x });
    model.train();
    await expectRefusal(() => step.run({ x }), GraphError, "step.run", "mode", "lose what it carries");
    model.eval();
    expect([...(await step.run({ x }).sum.read()).data]).toEqual([2, 4]);
    step.dispose();
  }));

describe("a part of the model that is replaced", () => {
  class Model extends nn.Module {
    body = new nn.Sequential(new nn.Linear(2, 3));
    fc = new nn.Linear(3, 1);

    forward(x: Tensor): Tensor {
      return this.fc.forward(this.body.forward(x));
    }
  }
  const x = Float32Array.of(1, 2, 3, 4);
  const asking = (device: Device, model: nn.Layer) =>
    device.compile(({ x }) => ({ y: model.forward(x) }), { inputs: { x: [2, 2] } });
  const answer = async (step: Awaited<ReturnType<typeof asking>>) => [
    ...(await step.run({ x }).y.read()).data,
  ];

  test("is used from the next run on: a module, a parameter, one in a list, one more in a list", () =>
    withDevice(async (device) => {
      const model = new Model();
      const step = await asking(device, model);
      const parameters = new Set(model.parameters());
      const changes: (() => unknown)[] = [
        () => {
          model.fc = new nn.Linear(3, 1);
        },
        () => Object.assign(model.fc, { weight: new nn.Linear(3, 1).weight }),
        () => {
          model.body[0] = new nn.Linear(2, 3);
        },
        () => model.body.append(new nn.Linear(3, 3)),
        () => {
          model.body = new nn.Sequential(new nn.Linear(2, 3));
        },
      ];
      const answers = [await answer(step)];
      for (const change of changes) {
        change();
        for (const parameter of model.parameters()) parameters.add(parameter);
        answers.push(await answer(step));
        const afresh = await asking(device, model);
        expect(answers.at(-1)).toEqual(await answer(afresh));
        afresh.dispose();
      }
      expect(new Set(answers.map(String)).size).toBe(answers.length);
      const { bytes } = step;
      new Model();
      await answer(step);
      expect(step.bytes).toBe(bytes);
      step.dispose();
      for (const parameter of parameters) parameter.dispose();
    }));

  test("trains as in PyTorch: what the optimizer has goes on, and a parameter that nobody trains is refused", () =>
    withDevice(async (device) => {
      const model = new Model();
      const spare = new nn.Linear(3, 1);
      const optimizer = new optim.SGD([...model.parameters(), ...spare.parameters()], { lr: 0.1 });
      const step = await device.compile(({ x }) => ({ loss: model.forward(x).square().mean() }), {
        inputs: { x: [2, 2] },
        optimizer,
      });
      step.run({ x });
      const { fc } = model;
      const left = await fc.weight.read();
      const before = await spare.weight.read();
      model.fc = spare;
      step.run({ x });
      expect(await fc.weight.read()).toEqual(left);
      expect(await spare.weight.read()).not.toEqual(before);
      model.fc = new nn.Linear(3, 1);
      await expectRefusal(() => step.run({ x }), GraphError, "step.run", "[1, 3]", "optimizer", "compile");
      model.fc = fc;
      step.run({ x });
      expect(await fc.weight.read()).not.toEqual(left);
      step.dispose();
      for (const part of [model, spare]) part.dispose();
    }));

  test("leaves nothing behind, even of runs that fail", () =>
    withDevice(async (device) => {
      const model = new nn.Sequential(new nn.Embedding(4, 3), new nn.Linear(3, 1));
      const step = await device.compile(({ ids }) => ({ y: model.forward(ids) }), { inputs: { ids: [2] } });
      const layers: nn.Module[] = [...model];
      await step.run({ ids: [0, 3] }).y.read();
      for (let i = 0; i < 2; i++) {
        model[1] = new nn.Linear(3, 1);
        layers.push(model[1]);
        await expectRefusal(() => step.run({ ids: [0, 4] }), DataError, "4");
      }
      step.dispose();
      for (const layer of layers) layer.dispose();
      expect(device.memory.total).toBe(0);
    }));

  test("is refused by a step that carries results", () =>
    withDevice(async (device) => {
      const model = new Model();
      const step = await device.compile(({ x, sum }) => ({ sum: sum.add(model.forward(x)) }), {
        inputs: { x: [2, 2], sum: [2, 1] },
        carry: { sum: "sum" },
      });
      const { fc } = model;
      model.fc = new nn.Linear(3, 1);
      await expectRefusal(() => step.run({ x }), GraphError, "step.run", "parts", "lose what it carries");
      step.dispose();
      for (const part of [model, fc]) part.dispose();
    }));
});

describe("Trainer and Stream", () => {
  class Model extends nn.Module {
    readonly lstm = new nn.LSTM(1, 8, { numLayers: 2, dropout: 0.5, batchFirst: true });
    readonly frozen = new nn.Dropout(0.5).eval();
    readonly fc = new nn.Linear(8, 1);

    forward(x: Tensor): Tensor {
      return this.fc.forward(this.frozen.forward(this.lstm.forward(x).output.select(1, -1)));
    }
  }
  const dataset = data.slidingWindows(
    Array.from({ length: 40 }, (_, i) => Math.sin(i)),
    { length: 4 },
  );
  const loader = () => new data.DataLoader(dataset, { batchSize: 8 });

  test("use their own modes, whatever the model's, and leave every module's mode alone", () =>
    withDevice(async (device) => {
      const model = new Model();
      const optimizer = new optim.SGD(model.parameters());
      const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
      const modes = () => model.modules().map(({ training }) => training);
      const before = modes();
      const evaluated = await trainer.evaluate(loader());
      await trainer.fit(loader(), { epochs: 1 });
      expect(modes()).toEqual(before);
      optimizer.lr = 0;
      const loss = () => trainer.evaluate(loader());
      const exact = await loss();
      expect(exact.loss).not.toBe(evaluated.loss);
      model.eval();
      await trainer.fit(loader(), { epochs: 1 });
      model.train();
      expect(await loss()).toEqual(exact);
      const { total } = device.memory;
      model.eval();
      await trainer.fit(loader(), { epochs: 1 });
      expect(device.memory.total).toBe(total);
      await trainer.dispose();
      model.dispose();
    }));

  test("a stream goes on in evaluation mode whatever the model's", () =>
    withDevice(async (device) => {
      const lstm = new nn.LSTM(1, 4, { numLayers: 2, dropout: 0.5 });
      const stream = await Stream.open(device, lstm);
      expect(lstm.training).toBe(true);
      const answers: number[][] = [];
      for (const mode of [true, false]) {
        lstm.train(mode);
        stream.reset();
        const first = await stream.step(Float32Array.of(0.5));
        answers.push([...first.data, ...(await stream.step(Float32Array.of(0.25))).data]);
      }
      expect(answers[1]).toEqual(answers[0]);
      stream.dispose();
      lstm.dispose();
    }));

  test("refuse a dropout that no mode reaches", () =>
    withDevice(async (device) => {
      class Hidden extends nn.Module {
        readonly fc = new nn.Linear(4, 1);
        readonly #drop = new nn.Dropout(0.5);

        forward(x: Tensor): Tensor {
          return this.fc.forward(this.#drop.forward(x.flatten(1)));
        }
      }
      const model = new Hidden();
      const optimizer = new optim.SGD(model.parameters());
      const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
      const parts = ["Trainer", "a Dropout", "not among the model's modules", "ModuleList"];
      await expectRefusal(() => trainer.evaluate(loader()), GraphError, ...parts);
      await expectRefusal(() => trainer.fit(loader(), { epochs: 1 }), GraphError, ...parts);
      await trainer.dispose();
      model.dispose();
    }));
});
