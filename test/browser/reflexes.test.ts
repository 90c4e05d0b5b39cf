/** What a PyTorch user may write by habit fails with a sentence that says how it is done here. */
import { describe, expect, test } from "vitest";
import {
  DataError,
  Device,
  DeviceLostError,
  DisposedError,
  data,
  GraphError,
  grad,
  nn,
  OptionError,
  optim,
  ShapeError,
  StateDictError,
  type Tensor,
  Trainer,
  tensor,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";

const lstm = new nn.LSTM(2, 3);
const cell = new nn.LSTMCell(2, 3);

/** Written on x [4, 1, 2], which TypeScript would refuse. */
// biome-ignore lint/suspicious/noExplicitAny: what a JavaScript caller writes
type Habit = (x: any) => unknown;

const inTrace: [string, Habit, ...parts: string[]][] = [
  ["loss.backward()", (x) => x.sum().backward(), "Tensor.backward", "in step.run()", "grad(loss, tensors)"],
  ["loss.item()", (x) => x.sum().item(), "Tensor.item", "await result.item()"],
  ["x.numpy()", (x) => x.numpy(), "Tensor.numpy", "await result.read()"],
  ["x.data", (x) => x.data[0], "Tensor.data", "no values"],
  ['x.to("cuda")', (x) => x.to("cuda"), "Tensor.to", "leave the call out"],
  ["x.size(0)", (x) => x.size(0), "Tensor.size", "x.shape[0]"],
  ["x.view_as(x)", (x) => x.view_as(x), "Tensor.view_as", "reshape([…])"],
  ["x.T", (x) => x.T.matmul(x), "Tensor.T", "x.transpose(dim0, dim1)"],
  ["x.add_(1)", (x) => x.add_(1), "Tensor.add_", "tensors do not change"],
  ["x.requires_grad_()", (x) => x.requires_grad_(), "Tensor.requires_grad_", "detach()"],
  ["x.requiresGrad_()", (x) => x.requiresGrad_(), "Tensor.requiresGrad_", "detach()"],
  ["x.index_select", (x) => x.index_select(0, [1]), "Tensor.index_select", "x.indexSelect(dim, index)"],
  ["x.narrow", (x) => x.narrow(0, 1, 2), "Tensor.narrow", "x.select(dim, index)"],
  ["x + 1", (x) => x + 1, "operators do not compute with tensors", "x.add(y)"],
  ["x > 0 ? x : -x", (x) => (x > 0 ? x : x.neg()), "operators do not compute with tensors", "x.gt(y)"],
  ["Math.max(x, y) in an if", (x) => (Math.max(x, x) ? x : x.neg()), "operators do not compute with tensors"],
  ["-x", (x) => cell.forward(wrong(-x)), "operators do not compute with tensors"],
  ["[a, b] = x", ([a]) => a, "Tensor.[Symbol.iterator]", "x.select(dim, index)"],
  [
    "[out] = lstm.forward(x)",
    (x) => {
      const [out] = wrong(lstm.forward(x));
      return out;
    },
    "forward() returns an object",
    "const { output, state } = layer.forward(x)",
  ],
  [
    "[values] = x.max(1)",
    (x) => {
      const [values] = wrong(x.max(1));
      return values;
    },
    "returns an object",
    "const { values, indices } = x.max(dim)",
  ],
  [
    "[h] = cell.forward(x)",
    (x) => {
      const [h] = wrong(cell.forward(x.select(1, 0)));
      return h;
    },
    "const { h, c } = layer.forward(x)",
  ],
  [
    "[output, lengths] = padPackedSequence(packed)",
    (x) => {
      const packed = nn.utils.rnn.packPaddedSequence(x, [4]);
      const [output] = wrong(nn.utils.rnn.padPackedSequence(packed));
      return output;
    },
    "padPackedSequence() returns an object",
    "const { output, lengths } = padPackedSequence(packed)",
  ],
  ["model(x)", (x) => wrong(lstm)(x), "is not a function", "model.forward(x)"],
];

describe("in a traced function", () => {
  test.each(inTrace)("%s", (_, habit, ...parts) =>
    withDevice((device) =>
      expectRefusal(
        () => device.compile(({ x }) => ({ y: wrong(habit(x)) }), { inputs: { x: [4, 1, 2] } }),
        GraphError,
        "device.compile",
        ...parts,
      ),
    ),
  );

  test("other errors come as they were thrown, after the traps are gone", () =>
    withDevice(async (device) => {
      const thrown = new TypeError("of the app");
      const compile = (fn: () => Record<string, Tensor>) => device.compile(fn, { inputs: { x: [4, 1, 2] } });
      await expect(
        compile(() => {
          throw thrown;
        }),
      ).rejects.toBe(thrown);
      await expectRefusal(() => compile(() => wrong(3)), GraphError, "must return an object of tensors");
      expect(Symbol.iterator in {}).toBe(false);
      expect("item" in (await import("webgpu-lstm")).Tensor.prototype).toBe(false);
    }));

  test("a gradient has no gradient", () =>
    withDevice((device) =>
      expectRefusal(
        () =>
          device.compile(
            ({ x }) => {
              const [first] = grad(x.mul(x).sum(), [x]);
              return { second: grad(first!.sum(), [x])[0]! };
            },
            { inputs: { x: [2] } },
          ),
        GraphError,
        "does not depend on tensor 0 of shape [2], or only through gradients, which are constants here",
      ),
    ));
});

describe("outside of it", () => {
  const habits: [string, () => unknown, typeof GraphError, string][] = [
    [
      "optimizer.step()",
      () => wrong(new optim.SGD(lstm.parameters())).step(),
      GraphError,
      "SGD.step, SGD.zeroGrad: compile a step with { optimizer }",
    ],
    [
      "optimizer.zeroGrad()",
      () => wrong(new optim.Adam(lstm.parameters())).zeroGrad(),
      GraphError,
      "Adam.zeroGrad: compile a step with { optimizer }",
    ],
    [
      "scaler.inverseTransform()",
      () => wrong(data.StandardScaler.fit([1, 2])).inverseTransform([1]),
      OptionError,
      "StandardScaler.inverseTransform: it is called inverse(array) here",
    ],
    [
      "weight.requires_grad = false",
      () => {
        wrong(lstm.weight_ih_l0).requires_grad = false;
      },
      OptionError,
      "Parameter.requires_grad: it is called requiresGrad here",
    ],
    [
      "if (weight.requires_grad)",
      () => wrong(lstm.weight_ih_l0).requires_grad,
      OptionError,
      "Parameter.requires_grad: it is called requiresGrad here",
    ],
    [
      'state["fc.bias"]',
      async () => wrong(await new nn.ModuleList([lstm]).stateDict())["0.bias_ih_l0"],
      StateDictError,
      'use state.get("0.bias_ih_l0")',
    ],
    [
      "LSTM(2, 0)",
      () => new nn.LSTM(2, 0),
      OptionError,
      "LSTM: hiddenSize must be an integer of at least 1, got 0",
    ],
  ];
  test.each(habits)("%s", (_, habit, type, part) => expectRefusal(habit, type, part));

  test("result.data(), result.numpy()", () =>
    withDevice(async (device) => {
      const step = await device.compile(({ x }) => ({ y: x.neg() }), { inputs: { x: [2] } });
      const { y } = step.run({ x: [1, 2] });
      for (const habit of [() => wrong(y).data(), () => wrong(y).numpy()]) {
        await expectRefusal(habit, GraphError, "Result.data", "await result.read()");
      }
      step.dispose();
    }));

  test("loss < best, total += loss", () =>
    withDevice(async (device) => {
      const step = await device.compile(({ x }) => ({ loss: x.sum() }), { inputs: { x: [2] } });
      const loss = wrong(step.run({ x: [1, 2] }).loss);
      for (const habit of [() => loss < 5, () => 0 + loss, () => Math.min(loss, 5), () => loss * 2]) {
        await expectRefusal(habit, GraphError, "Result.valueOf: loss is on the GPU", "await result.item()");
      }
      expect(`${loss}`).toBe("Result loss []");
      expect(await loss.item()).toBe(3);
      step.dispose();
    }));

  test("a state dict is a Map of its values alone, whatever the names", async () => {
    class Model extends nn.Module {
      readonly size = new nn.Parameter([1], new Float32Array(1));
      readonly get = new nn.Parameter([1], new Float32Array(1));
    }
    const state = await new Model().stateDict();
    expect(state.size).toBe(2);
    expect(Object.keys(state)).toEqual([]);
    expect(state.get("size")!.shape).toEqual([1]);
  });

  test("a model whose device was lost or disposed", () =>
    withDevice(async (device) => {
      const forget: [(other: Device, native: GPUDevice) => unknown, typeof DeviceLostError][] = [
        [(other) => other.dispose(), DisposedError],
        [async (other, native) => [native.destroy(), await other.lost], DeviceLostError],
      ];
      for (const [leave, type] of forget) {
        const native = await (await navigator.gpu.requestAdapter())!.requestDevice();
        const other = await Device.from(native);
        const model = new nn.Linear(2, 1);
        const compile = (on: Device) =>
          on.compile(({ x }) => ({ y: model.forward(x) }), { inputs: { x: [1, 2] } });
        await compile(other);
        await leave(other, native);
        const parts = [
          "device.compile: the model's values are gone with another device",
          "load the saved ones",
        ];
        await expectRefusal(() => compile(device), type, ...parts);
      }
    }));

  test("a loader that is a generator, which runs once", () =>
    withDevice(async (device) => {
      const model = new nn.Linear(2, 1);
      const optimizer = new optim.SGD(model.parameters());
      const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
      const once = (function* () {
        yield new data.TensorDataset([[1, 2]], [[3]]).gather([0]);
      })();
      const fit = () => trainer.fit(once, { epochs: 2 });
      await expectRefusal(fit, DataError, "no batch in epoch 2", "iterated", "a generator runs only once");
      await expectRefusal(
        fit,
        DataError,
        "no batch in epoch 1",
        "a generator that has run before gives none",
      );
      await trainer.dispose();
      model.dispose();
    }));

  test.each([
    [BigInt64Array.of(2n ** 60n), "from -2^53 to 2^53, got 1152921504606846976 at index 0"],
    [[1n], "must be a list of numbers, got 1n at index 0"],
    [["1"], 'must be a list of numbers, got "1" at index 0'],
    [[0, 1e39], "float32's range, ±3.4e38, got 1e+39 at index 1"],
    [Int32Array.of(2 ** 24 + 1), "integers from -2^24 to 2^24"],
  ])("a constant that float32 does not hold: %o", (values, part) =>
    withDevice((device) =>
      expectRefusal(
        () => device.compile(() => ({ y: tensor(wrong(values)).neg() }), { inputs: { x: [2] } }),
        typeof values[0] === "number" || ArrayBuffer.isView(values) ? DataError : ShapeError,
        `tensor: values must`,
        part,
      ),
    ),
  );

  test("an infinity in a mask", () =>
    withDevice((device) =>
      expectRefusal(
        () => device.compile(({ x }) => ({ y: x.add(tensor([0, -Infinity])) }), { inputs: { x: [2] } }),
        DataError,
        "tensor: values must be finite, got -Infinity at index 1; for a mask use -1e30",
      ),
    ));
});
