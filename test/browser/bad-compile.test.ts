/** Input that device.compile refuses, without changing anything. */
import { describe, expect, test } from "vitest";
import { GraphError, grad, nn, OptionError, optim, ShapeError, type Tensor } from "webgpu-lstm";
import { refusals, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";
import { Tiny, tinyShapes, trainingStep, values } from "./tiny.ts";

const batch = { x: values(tinyShapes.x), y: values(tinyShapes.y) };
const criterion = new nn.MSELoss();

describe("device.compile refuses", () => {
  test("functions that cannot be planned, and leaves no memory behind", () =>
    withDevice(async (device) => {
      const refuses = refusals(device);
      const model = new Tiny();
      const optimizer = new optim.Adam(model.parameters());
      const forward = ({ x }: { x: Tensor }) => ({ pred: model.forward(x) });
      const both = ({ x, y }: { x: Tensor; y: Tensor }) => {
        const pred = model.forward(x);
        return { loss: criterion.forward(pred, y), pred };
      };
      const inputs = tinyShapes;
      const compile = (fn: unknown, options: unknown) => () => device.compile(wrong(fn), wrong(options));

      await refuses(
        compile("forward", { inputs }),
        OptionError,
        "device.compile: expected a function",
        '"forward"',
      );
      await refuses(
        compile(both, undefined),
        OptionError,
        "device.compile: options must be an object, got undefined",
      );
      await refuses(compile(both, { inputs, epochs: 3 }), OptionError, 'unknown option "epochs"', "minimize");
      await refuses(compile(forward, { inputs: {} }), OptionError, "device.compile: inputs must name");
      await refuses(
        compile(forward, { inputs: { x: 3 } }),
        ShapeError,
        "input x",
        "positive integers",
        "got 3",
      );
      await refuses(compile(forward, { inputs: { x: [0, 3, 2] } }), ShapeError, "input x", "got [0, 3, 2]");
      const samples: [unknown, string][] = [
        [new DataView(new ArrayBuffer(24)), "got DataView(24)"],
        [new Float32Array(0), "got Float32Array(0)"],
        [{ data: new Float32Array(23), shape: tinyShapes.x }, "as many values as its shape says"],
        [{ data: [1, 2], shape: [3] }, "got { data, shape }"],
        [{ data: new Float32Array(24) }, "got { data }"],
        [null, "got null"],
        [new Array(3), "got [undefined, undefined, undefined]"],
      ];
      for (const [x, got] of samples) {
        await refuses(compile(forward, { inputs: { x } }), ShapeError, "input x", "or a sample", got);
      }

      const bare = ({ x }: { x: Tensor }) => model.forward(x);
      await refuses(
        compile(bare, { inputs: { x: [4, 3, 2] } }),
        GraphError,
        "must return an object of tensors like { loss, pred }, got a Tensor",
      );
      const clipped = (tensors: { x: Tensor; y: Tensor }) => ({
        ...both(tensors),
        norm: nn.utils.clipGradNorm_(model.parameters(), 1),
      });
      await refuses(
        compile(clipped, { inputs, minimize: "norm", optimizer }),
        GraphError,
        '"norm", a gradient norm',
        "name the loss",
      );
      const { beginStep: _, ...handmade } = { parameters: [], updateParts: () => [], beginStep: () => {} };
      await refuses(
        compile(both, { inputs, optimizer: handmade }),
        OptionError,
        "optimizer must be one such as optim.Adam",
      );

      await refuses(compile(forward, { inputs: { x: [4, 2] } }), ShapeError, "Linear.forward", "got [4]");
      await refuses(
        compile(forward, { inputs: { x: [4] } }),
        ShapeError,
        "LSTM.forward",
        "[N, T, 2]",
        "got [4]",
      );
      await refuses(
        compile(forward, { inputs: { x: [4, 3, 5] } }),
        ShapeError,
        "LSTM.forward",
        "got [4, 3, 5]",
      );
      await refuses(
        compile(both, { inputs: { ...inputs, y: [4] } }),
        ShapeError,
        "MSELoss.forward",
        "[4, 1] and [4]",
      );
      await refuses(
        compile(({ x }: { x: Tensor }) => ({ out: model.fc.forward(x) }), { inputs: { x: [4, 7] } }),
        ShapeError,
        "Linear.forward",
        "must be 3",
        "got [4, 7]",
      );
      await refuses(
        compile(
          ({ x, y }: { x: Tensor; y: Tensor }) => ({ out: model.lstm.forward(x, { h: y, c: y }).output }),
          {
            inputs,
          },
        ),
        ShapeError,
        "LSTM.forward: state.h must be [1, 4, 3]",
        "got [4, 1]",
      );

      await refuses(
        compile(both, { inputs, minimize: ["loss", "pred"], optimizer }),
        OptionError,
        "device.compile: minimize must name one result",
        '["loss", "pred"]',
        "add several losses up",
      );
      await refuses(
        compile(both, { inputs, minimize: "error", optimizer }),
        GraphError,
        'minimize names "error"',
        "returns loss, pred",
      );
      await refuses(
        compile(both, { inputs, minimize: "pred", optimizer }),
        GraphError,
        'minimize "pred"',
        "must be a scalar",
        "got shape [4, 1]",
      );
      await refuses(
        compile(both, { inputs, minimize: "loss" }),
        OptionError,
        "minimize goes with an optimizer",
      );
      await refuses(
        compile(forward, { inputs, optimizer }),
        GraphError,
        "one scalar result",
        "returns pred [4, 1]",
        "reduced by a mean or a sum",
      );
      await refuses(
        compile(({ x, y }: { x: Tensor; y: Tensor }) => ({ ...both({ x, y }), size: x.mean() }), {
          inputs,
          optimizer,
        }),
        GraphError,
        "one scalar result",
        "returns loss [], pred [4, 1], size []",
        'minimize: "loss"',
      );
      await refuses(
        compile(both, { inputs, minimize: "loss", optimizer: { lr: 1 } }),
        OptionError,
        "optimizer must be one such as optim.Adam",
        "{ lr }",
      );
      await refuses(
        compile(both, { inputs, minimize: "loss", optimizer: new optim.Adam(new Tiny().parameters()) }),
        GraphError,
        "loss depends on none of the optimizer's parameters",
      );
      await refuses(
        compile(
          ({ x, y }: { x: Tensor; y: Tensor }) => {
            const first = criterion.forward(model.forward(x), y);
            grad(first, model.lstm.parameters());
            return { loss: first };
          },
          { inputs, minimize: "loss", optimizer },
        ),
        GraphError,
        "differentiated twice",
        "add the losses up",
      );

      await refuses(
        compile(async (tensors: { x: Tensor }) => forward(tensors), { inputs }),
        GraphError,
        "device.compile",
        "must not be async",
      );
      await refuses(
        compile(
          async () => {
            throw new Error("not of interest");
          },
          { inputs },
        ),
        GraphError,
        "must not be async",
      );
      await refuses(
        compile(() => undefined, { inputs }),
        GraphError,
        "must return an object of tensors",
        "undefined",
      );
      await refuses(
        compile(() => ({ loss: 3 }), { inputs }),
        GraphError,
        "result loss must be a tensor, got 3",
      );
      await refuses(
        compile(({ x }: { x: Tensor }) => ({ out: x.add(wrong(new Float32Array(24))) }), { inputs }),
        GraphError,
        "Float32Array(24)",
        "the step's inputs",
      );

      // The model is unchanged and still trains.
      expect(device.memory.total).toBe(0);
      const step = await trainingStep(device, model);
      expect(await step.run(batch).loss.item()).toBeGreaterThan(0);
      step.dispose();
      model.dispose();
    }));

  test("more memory than the device has", () =>
    withDevice(async (device) => {
      const refuses = refusals(device);
      const shape = [2 ** 20, 2 ** 16]; // 256 GiB
      const double = ({ x }: { x: Tensor }) => ({ out: x.add(x) });
      await refuses(
        () => device.compile(double, { inputs: { x: shape } }),
        ShapeError,
        "input x",
        "274877906944 bytes",
      );
      // A shape without data stands for a model of that size.
      const large = new nn.Parameter([3], new Float32Array(3));
      Object.defineProperty(large, "shape", { value: shape });
      await refuses(
        () => device.compile(() => ({ out: large.add(large) }), { inputs: { x: [1] } }),
        ShapeError,
        "parameters",
        "this device allows",
      );
      const step = await device.compile(double, { inputs: { x: [2, 2] } });
      expect([...(await step.run({ x: Float32Array.of(1, 2, 3, 4) }).out.read()).data]).toEqual([2, 4, 6, 8]);
      step.dispose();
    }));

  test("tensors of another trace", () =>
    withDevice(async (device) => {
      const refuses = refusals(device);
      let leaked: Tensor | undefined;
      const first = await device.compile(
        ({ x }) => {
          leaked = x;
          return { out: x.add(x) };
        },
        { inputs: { x: [2] } },
      );
      const inputs = { x: [2] };
      const again = "pass that";
      await refuses(
        () => device.compile(({ x }) => ({ out: x.add(leaked!) }), { inputs }),
        GraphError,
        "another trace",
        again,
      );
      await refuses(
        () => device.compile(() => ({ out: leaked! }), { inputs }),
        GraphError,
        "result out",
        again,
      );
      await refuses(() => leaked!.add(leaked!), GraphError, "Tensor.add", "while a function is traced");
      await refuses(
        () => device.compile(({ x }) => ({ out: grad(criterion.forward(x, x), [leaked!])[0]! }), { inputs }),
        GraphError,
        "grad: the loss does not depend on tensor 0",
      );
      await refuses(
        () => device.compile(({ x }) => ({ out: grad(x, [x])[0]! }), { inputs }),
        GraphError,
        "grad: the loss must be a scalar, got shape [2]",
      );
      await refuses(
        () => device.compile(({ x }) => ({ out: grad(criterion.forward(x, x), wrong(x))[0]! }), { inputs }),
        GraphError,
        "grad: expected an array of tensors",
      );
      first.dispose();
    }));

  test("a model that lives on another device", () =>
    withDevice((device) =>
      withDevice(async (other) => {
        const model = new Tiny();
        const step = await trainingStep(device, model);
        await refusals(other)(
          () => trainingStep(other, model),
          GraphError,
          "device.compile",
          "another device",
        );
        const inputs = { x: tinyShapes.x };
        await refusals(other)(
          () => other.compile(({ x }) => ({ out: model.forward(x) }), { inputs }),
          GraphError,
          "another device",
          "state dict",
        );
        // A result of one device cannot be an input on another.
        const sum = await other.compile(({ loss }) => ({ twice: loss.add(loss) }), { inputs: { loss: [] } });
        const { loss } = step.run(batch);
        await refusals(other)(() => sum.run({ loss }), GraphError, "step.run: input loss", "another device");
        expect(await loss.item()).toBeGreaterThan(0);
        step.dispose();
        sum.dispose();
        model.dispose();
      }),
    ));
});
