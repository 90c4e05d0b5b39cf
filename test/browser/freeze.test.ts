/** requiresGrad_ on parameters and modules, and gradients of gradients. */
import { describe, expect, test } from "vitest";
import {
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
import { refusals, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";
import { values } from "./tiny.ts";

class Model extends nn.Module {
  readonly lstm = new nn.LSTM(2, 3);
  readonly head = new nn.Linear(3, 1);

  forward(x: Tensor): Tensor {
    return this.head.forward(this.lstm.forward(x).output);
  }
}

const shape = [4, 2, 2];
const run = { x: values(shape, 1) };

async function compile(device: Device, model: Model, parameters = model.parameters()) {
  return device.compile(({ x }) => ({ loss: model.forward(x).square().mean() }), {
    inputs: { x: shape },
    optimizer: new optim.Adam(parameters, { lr: 0.1 }),
  });
}

/** The names of the parameters that `steps` change. */
async function changed(model: nn.Module, steps: () => unknown): Promise<string[]> {
  const before = await model.stateDict();
  await steps();
  const after = await model.stateDict();
  return [...after.keys()].filter((key) => String(before.get(key)!.data) !== String(after.get(key)!.data));
}

const ofLstm = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"].map((name) => `lstm.${name}`);
const ofHead = ["head.weight", "head.bias"];

describe("requiresGrad_(false)", () => {
  test("freezes a module, and a step follows when that changes", () =>
    withDevice(async (device) => {
      const model = new Model();
      expect(model.lstm.requiresGrad_(false)).toBe(model.lstm);
      expect(model.parameters().map((p) => p.requiresGrad)).toEqual([false, false, false, false, true, true]);
      const step = await compile(device, model);
      expect(await changed(model, () => step.run(run))).toEqual(ofHead);
      model.lstm.requiresGrad_();
      model.head.bias!.requiresGrad_(false);
      expect(await changed(model, () => step.run(run))).toEqual([...ofLstm, "head.weight"]);
      model.requiresGrad_();
      expect(await changed(model, () => step.run(run))).toEqual([...ofLstm, ...ofHead]);
      step.dispose();
      model.dispose();
    }));

  test("waits for the end of an accumulated update", () =>
    withDevice(async (device) => {
      const model = new Model();
      const step = await device.compile(({ x }) => ({ loss: model.forward(x).square().mean() }), {
        inputs: { x: shape },
        optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
        accumulate: { runs: 2 },
      });
      step.run(run);
      model.lstm.requiresGrad_(false);
      expect(() => step.run(run)).toThrow(OptionError);
      expect(() => step.run(run)).toThrow("frozen or unfrozen between the runs of one update");
      expect(step.pending).toBe(1);
      step.discard();
      const both = () => {
        step.run(run);
        step.run(run);
      };
      expect(await changed(model, both)).toEqual(ofHead);
      model.lstm.requiresGrad_();
      expect(await changed(model, both)).toEqual([...ofLstm, ...ofHead]);
      step.dispose();
      model.dispose();
    }));

  test.each(["SGD", "Adam"] as const)(
    "between epochs: a Trainer that can skip updates has %s's numbers of one that cannot",
    (name) =>
      withDevice(async (device) => {
        class Product extends nn.Module {
          readonly a = new nn.Parameter([2], Float32Array.of(1, 1));
          readonly b = new nn.Parameter([2], Float32Array.of(1, 1));
          readonly c = new nn.Parameter([2], Float32Array.of(1, 1));

          forward(x: Tensor): Tensor {
            return x.mul(this.a).mul(this.b).add(x.mul(this.c));
          }
        }
        const frozen = ["", "b", "", "c", "", "c", ""];
        const train = async (onNonFinite: "skip" | "ignore") => {
          const model = new Product();
          const dataset = new data.TensorDataset(
            { data: values([12, 2], 1), shape: [12, 2] },
            { data: values([12, 2], 2), shape: [12, 2] },
          );
          const trainer = new Trainer(device, model, {
            loss: new nn.MSELoss(),
            optimizer: new optim[name](model.parameters(), { lr: 0.1 }),
            onNonFinite,
          });
          // The last batch is short.
          await trainer.fit(new data.DataLoader(dataset, { batchSize: 5 }), {
            epochs: frozen.length,
            callbacks: [
              {
                onEpochEnd(_, { epoch }) {
                  for (const [key, parameter] of model.namedParameters()) {
                    parameter.requiresGrad_(key !== frozen[epoch]);
                  }
                },
              },
            ],
          });
          const state = await model.stateDict();
          await trainer.dispose();
          model.dispose();
          return state;
        };
        expect(await train("skip")).toEqual(await train("ignore"));
      }),
  );

  test("trains the others as if they were alone", () =>
    withDevice(async (device) => {
      const [frozen, alone] = [new Model(), new Model()];
      alone.loadStateDict(await frozen.stateDict());
      frozen.lstm.requiresGrad_(false);
      const steps = [await compile(device, frozen), await compile(device, alone, alone.head.parameters())];
      for (let i = 0; i < 3; i++) for (const step of steps) step.run(run);
      expect(await frozen.stateDict()).toEqual(await alone.stateDict());
      for (const step of steps) step.dispose();
      frozen.dispose();
      alone.dispose();
    }));

  test("of everything leaves nothing to train, and a frozen layer needs no owner", () =>
    withDevice(async (device) => {
      const refuses = refusals(device);
      const model = new Model().requiresGrad_(false);
      await refuses(() => compile(device, model), GraphError, "none of the optimizer's parameters", "freeze");
      const extractor = new nn.Linear(2, 2);
      extractor.weight.requiresGrad = false;
      extractor.bias!.requiresGrad = false;
      const head = new nn.Linear(2, 1);
      const step = await device.compile(
        ({ x }) => ({ loss: head.forward(extractor.forward(x)).square().mean() }),
        { inputs: { x: [3, 2] }, optimizer: new optim.SGD(head.parameters()) },
      );
      step.dispose();
      for (const each of [model, extractor, head]) each.dispose();
    }));

  test("is checked", () =>
    withDevice(async (device) => {
      const refuses = refusals(device);
      const model = new Model();
      await refuses(() => model.requiresGrad_(wrong("no")), OptionError, "requiresGrad", '"no"');
      model.head.requiresGrad_(false);
      await refuses(
        () =>
          device.compile(({ x }) => ({ g: grad(model.forward(x).mean(), model.head.parameters())[0]! }), {
            inputs: { x: shape },
          }),
        GraphError,
        "grad: tensor 0 of shape [1, 3] is a frozen parameter",
      );
      model.dispose();
    }));
});

describe("a loss that is computed from grad()", () => {
  const penalized = (device: Device, change: (gradient: Tensor) => Tensor, linear = new nn.Linear(2, 1)) =>
    device.compile(
      ({ x }) => {
        const loss = linear.forward(x).square().mean();
        const [gradient] = grad(loss, [linear.weight]);
        return { loss: loss.add(change(gradient!).square().sum()) };
      },
      { inputs: { x: [3, 2] }, optimizer: new optim.SGD(linear.parameters()) },
    );

  test("is refused, since PyTorch would differentiate the gradient too", () =>
    withDevice((device) =>
      refusals(device)(
        () => penalized(device, (gradient) => gradient.mul(2)),
        GraphError,
        'device.compile: minimize "loss"',
        "what grad() returned, of shape [1, 2]",
        "create_graph",
        "detach()",
      ),
    ));

  test("is refused in grad() too", () =>
    withDevice((device) =>
      refusals(device)(
        () =>
          device.compile(
            ({ x }) => {
              const [first] = grad(x.mul(x).mul(x).sum(), [x!]);
              return { second: grad(first!.mul(x!).sum(), [x!])[0]! };
            },
            { inputs: { x: [2] } },
          ),
        GraphError,
        "grad: the loss is computed from what grad() returned, of shape [2]",
      ),
    ));

  test("is trained with detach(), as a constant", () =>
    withDevice(async (device) => {
      const linear = new nn.Linear(2, 1);
      const step = await penalized(device, (gradient) => gradient.detach(), linear);
      expect(await step.run({ x: values([3, 2], 2) }).loss.item()).toBeGreaterThan(0);
      step.dispose();
      linear.dispose();
    }));
});
