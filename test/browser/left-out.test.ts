/** What would be left out in silence is refused by name: layers that no model has, parameters that no checkpoint keeps. */
import { describe, expect, test } from "vitest";
import {
  DataError,
  type Device,
  data,
  GraphError,
  grad,
  nn,
  OptionError,
  optim,
  type Tensor,
  Trainer,
} from "webgpu-lstm";
import { expectRefusal, refusals, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";
import { values } from "./tiny.ts";

const criterion = new nn.MSELoss();
const shapes = { x: [4, 2], y: [4, 1] } as const;

/** A public layer behind a layer that is kept in some other way. */
abstract class Behind extends nn.Module {
  readonly fc = new nn.Linear(3, 1);
  abstract hidden(x: Tensor): Tensor;

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.hidden(x));
  }
}

class InPrivateField extends Behind {
  readonly #layer = new nn.Linear(2, 3);

  hidden(x: Tensor): Tensor {
    return this.#layer.forward(x);
  }
}

class InArray extends Behind {
  readonly layers = [new nn.Linear(2, 2), new nn.Linear(2, 3)];

  hidden(x: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h), x);
  }
}

class InObject extends Behind {
  readonly parts = { encoder: { cell: new nn.GRUCell(2, 3) } };

  hidden(x: Tensor): Tensor {
    return this.parts.encoder.cell.forward(x);
  }
}

class InMap extends Behind {
  readonly byName = new Map([["first", new nn.Linear(2, 3)]]);

  hidden(x: Tensor): Tensor {
    return this.byName.get("first")!.forward(x);
  }
}

class BareParameter extends Behind {
  readonly scales = [new nn.Parameter([2, 3], values([2, 3]))];

  hidden(x: Tensor): Tensor {
    return x.matmul(this.scales[0]!);
  }
}

const lone = new nn.Linear(2, 3);

class InAnotherModule extends Behind {
  hidden(x: Tensor): Tensor {
    return lone.forward(x);
  }
}

const trains = (device: Device, model: Behind, optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })) =>
  device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x), y) }), {
    inputs: shapes,
    optimizer,
  });

describe("a layer that is no part of its model", () => {
  test.each([
    [InPrivateField, "a parameter [3, 2] in linear"],
    [InArray, "InArray.layers[0].weight [2, 2]"],
    [InObject, "InObject.parts.encoder.cell.weight_ih [9, 2]"],
    [InMap, "InMap.byName.first.weight [3, 2]"],
    [BareParameter, "BareParameter.scales[0] [2, 3]"],
    [InAnotherModule, "a parameter [3, 2]"],
  ])("%o is refused by compile and by a Trainer, each time", (Model, place) =>
    withDevice(async (device) => {
      const refuses = refusals(device);
      const model = new Model();
      const parts = [place, "neither trained nor saved", "nn.ModuleList", "detach()"];
      for (let i = 0; i < 2; i++) {
        await refuses(() => trains(device, model), GraphError, "device.compile", ...parts);
      }
      const optimizer = new optim.SGD(model.parameters());
      const trainer = new Trainer(device, model, { loss: criterion, optimizer });
      const [x, y] = [
        { data: values([4, 2]), shape: [4, 2] },
        { data: values([4, 1]), shape: [4, 1] },
      ];
      const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 4 });
      await refuses(() => trainer.fit(loader, { epochs: 1 }), GraphError, ...parts);
      await trainer.dispose();
    }),
  );

  test.each<[string, () => nn.Module, (layer: never, x: Tensor) => Tensor]>([
    ["Linear", () => new nn.Linear(2, 3), (layer: nn.Linear, x) => layer.forward(x)],
    ["LayerNorm", () => new nn.LayerNorm(2), (layer: nn.LayerNorm, x) => layer.forward(x)],
    ["LSTM", () => new nn.LSTM(2, 3), (layer: nn.LSTM, x) => layer.forward(x).output],
    ["GRU", () => new nn.GRU(2, 3), (layer: nn.GRU, x) => layer.forward(x).output],
    ["RNN", () => new nn.RNN(2, 3), (layer: nn.RNN, x) => layer.forward(x).output],
    ["LSTMCell", () => new nn.LSTMCell(2, 3), (layer: nn.LSTMCell, x) => layer.forward(x).h],
    ["GRUCell", () => new nn.GRUCell(2, 3), (layer: nn.GRUCell, x) => layer.forward(x)],
    ["RNNCell", () => new nn.RNNCell(2, 3), (layer: nn.RNNCell, x) => layer.forward(x)],
    [
      "Embedding",
      () => new nn.Embedding(4, 3),
      (layer: nn.Embedding, x) => layer.forward(x.select(1, 0).mul(0)),
    ],
  ])("%s in a #private field is refused", (_, make, forward) =>
    withDevice(async (device) => {
      class Model extends nn.Module {
        readonly scale = new nn.Linear(1, 1);
        readonly #layer = make();

        forward(x: Tensor): Tensor {
          return this.scale
            .forward(
              forward(this.#layer as never, x)
                .mean()
                .reshape([1, 1]),
            )
            .mean();
        }
      }
      const model = new Model();
      const compile = () =>
        device.compile(({ x }) => ({ loss: model.forward(x) }), {
          inputs: { x: [4, 2] },
          optimizer: new optim.SGD(model.parameters()),
        });
      await refusals(device)(compile, GraphError, "neither trained nor saved");
    }),
  );

  test("is found in a module of the model too", () =>
    withDevice(async (device) => {
      class Outer extends Behind {
        readonly inner = new nn.ModuleList([new InArray()]);

        hidden(x: Tensor): Tensor {
          return this.inner.at(0).hidden(x);
        }
      }
      await expectRefusal(() => trains(device, new Outer()), GraphError, "Outer.inner.0.layers[0].weight");
    }));
});

describe("what somebody has decided is not refused", () => {
  const run = async (device: Device, compile: () => ReturnType<typeof trains>, ...modules: nn.Module[]) => {
    const step = await compile();
    const { loss } = step.run({ x: values([4, 2]), y: values([4, 1]) });
    expect(await loss!.item()).toBeGreaterThan(0);
    step.dispose();
    for (const module of modules) module.dispose();
    expect(device.memory.total).toBe(0);
  };

  test("one part of a model is trained, the rest is not", () =>
    withDevice((device) => {
      const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Linear(3, 1));
      model.parameters();
      const optimizer = new optim.SGD(model.at(1).parameters());
      return run(device, () => trains(device, wrong(model), optimizer), model);
    }));

  test("a layer's weights were loaded", () =>
    withDevice(async (device) => {
      const model = new InAnotherModule();
      const extractor = new nn.Linear(2, 3);
      extractor.loadStateDict(await new nn.Linear(2, 3).stateDict());
      model.hidden = (x) => extractor.forward(x);
      await run(device, () => trains(device, model), model, extractor);
    }));

  test("a layer's output is detached", () =>
    withDevice((device) => {
      const model = new InAnotherModule();
      const extractor = new nn.LSTM(2, 3);
      model.hidden = (x) => extractor.forward(x).output.detach();
      return run(device, () => trains(device, model), model, extractor);
    }));

  test("another optimizer trains the layer", () =>
    withDevice((device) => {
      const model = new InAnotherModule();
      const other = new nn.Linear(2, 3);
      const both = [new optim.SGD(model.parameters()), new optim.SGD(other.parameters())] as const;
      model.hidden = (x) => other.forward(x);
      return run(device, () => trains(device, model, both[0]), model, other);
    }));

  test("a parameter that the app holds by itself is trained later", () =>
    withDevice(async (device) => {
      const [now, later] = ["now", "later"].map(() => new nn.Parameter([2, 1], values([2, 1])));
      const optimizer = new optim.SGD([now!], { lr: 1 });
      const step = await device.compile(
        ({ x, y }) => ({ loss: criterion.forward(x.matmul(now!).mul(x.matmul(later!)), y) }),
        { inputs: shapes, optimizer },
      );
      optimizer.addParamGroup({ params: later! });
      step.run({ x: values([4, 2]), y: values([4, 1]) });
      expect((await later!.read()).data).not.toEqual(values([2, 1]));
      step.dispose();
      now!.dispose();
      later!.dispose();
    }));

  test("the loss does not depend on the layer", () =>
    withDevice(async (device) => {
      const model = new nn.Linear(2, 1);
      const probe = new nn.Linear(2, 5);
      const step = await device.compile(
        ({ x, y }) => ({ loss: criterion.forward(model.forward(x), y), probe: probe.forward(x) }),
        { inputs: shapes, optimizer: new optim.SGD(model.parameters()) },
      );
      step.dispose();
      model.dispose();
      probe.dispose();
    }));

  test("a loss has weights that are not learned", () =>
    withDevice(async (device) => {
      const model = new nn.Sequential(new nn.Linear(2, 1), new nn.Sigmoid());
      const weighted = new nn.BCELoss({ weight: [2] });
      const step = await device.compile(({ x, y }) => ({ loss: weighted.forward(model.forward(x), y) }), {
        inputs: shapes,
        optimizer: new optim.SGD(model.parameters()),
      });
      step.dispose();
      model.dispose();
      weighted.dispose();
    }));
});

test("a Trainer refuses an optimizer of parameters that its checkpoints would not have", () =>
  withDevice(async (device) => {
    const [model, other] = [new nn.Linear(2, 1), new nn.Linear(2, 5)];
    const make = (parameters: nn.Parameter[]) => () =>
      new Trainer(device, model, { loss: criterion, optimizer: new optim.SGD(parameters) });
    const parts = ["Trainer: the optimizer", "of the model alone", "the first of shape [5, 2]"];
    await expectRefusal(make(other.parameters()), OptionError, "got 2 of others", ...parts);
    await expectRefusal(
      make([...model.parameters(), other.weight]),
      OptionError,
      "got 1 of others",
      ...parts,
    );
    const part = make([model.weight])();
    const evaluate = () => part.evaluate([], { signal: null } as never);
    await expectRefusal(evaluate, OptionError, "Trainer.evaluate: unknown argument { signal }");
    await part.dispose();
  }));

describe("arguments that PyTorch has and that are not here", () => {
  test.each<[string, unknown, (x: Tensor, extra: never) => Tensor | Tensor[], string, string]>([
    ["add, with alpha", { alpha: 2 }, (x, extra) => x.add(x, extra), "Tensor.add", "{ alpha }"],
    ["sub, with alpha", 2, (x, extra) => x.sub(x, extra), "Tensor.sub", "argument 2"],
    ["mul, with dtype", "float32", (x, extra) => x.mul(2, extra), "Tensor.mul", '"float32"'],
    ["div, with a rounding mode", "floor", (x, extra) => x.div(2, extra), "Tensor.div", '"floor"'],
    ["sum, with options", { keepdim: true }, (x, extra) => x.sum(0, extra), "keepdim", "{ keepdim }"],
    ["sum, over two dims", 1, (x, extra) => x.sum(0, extra), "Tensor.sum: keepdim", "got 1"],
    ["mean, over two dims", 1, (x, extra) => x.mean(0, extra), "keepdim", "got 1"],
    [
      "grad, with createGraph",
      { createGraph: true },
      (x, extra) => grad(x.sum(), [x], extra),
      "grad: unknown argument { createGraph }",
      "constants",
    ],
  ])("%s", (_, extra, call, ...parts) =>
    withDevice((device) => {
      const traced = ({ x }: { x: Tensor }) => ({ z: [call(x, extra as never)].flat()[0]! });
      const compile = () => device.compile(traced, { inputs: { x: [4, 2] } });
      return expectRefusal(compile, OptionError, ...parts);
    }),
  );
});

describe("BCELoss checks what comes from the host", () => {
  test.each([
    ["prediction", { x: [0.5, 1.5], y: [0, 1] }, "got 1.5 at index 1"],
    ["prediction", { x: [-0.5, 1], y: [0, 1] }, "got -0.5 at index 0"],
    ["target", { x: [0.5, 0.5], y: [0, 2] }, "got 2 at index 1"],
  ])("%s: %o", (what, given, got) =>
    withDevice(async (device) => {
      const step = await device.compile(({ x, y }) => ({ loss: new nn.BCELoss().forward(x, y) }), {
        inputs: { x: [2], y: [2] },
      });
      const run = () => step.run({ x: Float32Array.from(given.x), y: Float32Array.from(given.y) });
      const parts = [`every ${what} of BCELoss must be a probability from 0 to 1`, got];
      await expectRefusal(run, DataError, "step.run: input", ...parts);
      step.dispose();
    }),
  );
});

describe.each(["mean", "sum"] as const)("with a loss's reduction %s", (reduction) => {
  test.each([false, true])(
    "the loss of an evaluation and of an epoch does not depend on the batch size (carryState %s)",
    (carryState) =>
      withDevice(async (device) => {
        class Stateless extends nn.Module {
          readonly fc = new nn.Linear(2, 1);
          readonly gru = new nn.GRU(2, 1, { batchFirst: true });

          // biome-ignore lint/suspicious/noExplicitAny: one model for both forms
          forward(x: Tensor, state?: Tensor): any {
            return carryState ? this.gru.forward(x.unsqueeze(1), state) : this.fc.forward(x);
          }
        }
        const model = new Stateless();
        const loss = new nn.MSELoss({ reduction });
        const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
        const trainer = new Trainer(device, model, wrong({ loss, optimizer, carryState }));
        const y = { data: values([12, 1], 1), shape: carryState ? [12, 1, 1] : [12, 1] };
        const dataset = new data.TensorDataset({ data: values([12, 2]), shape: [12, 2] }, y);
        const all = async (batchSize: number) => {
          // A state is carried from batch to batch, so each batch begins anew here.
          const batches = [...new data.DataLoader(dataset, { batchSize })].map((batch) => ({
            ...batch,
            begins: true,
          }));
          const { reports } = await trainer.fit(batches, { epochs: 1, validation: batches });
          const [report] = reports;
          return [report!.loss, report!.validationLoss!, (await trainer.evaluate(batches)).loss];
        };
        const whole = await all(12);
        expect(whole[1]).toBeCloseTo(whole[0]!, 5);
        for (const batchSize of [1, 5]) {
          for (const [i, value] of (await all(batchSize)).entries()) expect(value).toBeCloseTo(whole[i]!, 5);
        }
        await trainer.dispose();
        model.dispose();
      }),
  );
});
