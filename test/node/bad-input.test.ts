/** Bad input refused without a GPU: options, arguments, no WebGPU, no adapter. */
import { describe, expect, test } from "vitest";
import {
  DataError,
  Device,
  DeviceLostError,
  data,
  GraphError,
  grad,
  type NDArray,
  NoAdapterError,
  nn,
  OptionError,
  optim,
  randn,
  ShapeError,
  StateDictError,
  Stream,
  saveSafetensors,
  stack,
  Tensor,
  WebGpuUnavailableError,
} from "webgpu-lstm";
import { RemoteTrainer, transfer } from "webgpu-lstm/worker";
import { expectRefusal, wrong } from "../refusal.ts";

describe("Device.request", () => {
  test("says that WebGPU is missing", async () => {
    expect(globalThis.navigator?.gpu).toBeUndefined();
    await expectRefusal(
      () => Device.request(),
      WebGpuUnavailableError,
      "Device.request",
      "navigator.gpu is missing",
      "use a current",
    );
  });

  test("says that the page is not secure", async () => {
    Object.assign(globalThis, { isSecureContext: false });
    try {
      await expectRefusal(() => Device.request(), WebGpuUnavailableError, "secure pages", "https");
    } finally {
      Reflect.deleteProperty(globalThis, "isSecureContext");
    }
  });

  test("says that there is no adapter", async () => {
    const gpu = wrong({ requestAdapter: async () => null });
    await expectRefusal(
      () => Device.request({ gpu }),
      NoAdapterError,
      "Device.request",
      "no adapter",
      "driver",
    );
  });

  test("says that the adapter gave no device", async () => {
    const adapter = {
      limits: {},
      features: new Set(),
      requestDevice: () => Promise.reject(new Error("out of devices")),
    };
    const gpu = wrong({ requestAdapter: async () => adapter });
    await expectRefusal(() => Device.request({ gpu }), DeviceLostError, "Device.request", "out of devices");
  });

  test("refuses wrong options", async () => {
    const request = (options: unknown) => () => Device.request(wrong(options));
    await expectRefusal(
      request({ power: 1 }),
      OptionError,
      'Device.request: unknown option "power"',
      "facts",
    );
    await expectRefusal(request({ gpu: 3 }), OptionError, "Device.request: gpu must be", "got 3");
    const gpu = { requestAdapter: async () => null };
    await expectRefusal(
      request({ gpu, powerPreference: "fast" }),
      OptionError,
      "Device.request: powerPreference",
      '"fast"',
      "low-power, high-performance",
    );
    await expectRefusal(
      request({ versions: { recurrent: "best" } }),
      OptionError,
      "Device.request: versions.recurrent",
      "cell, step",
      '"best"',
    );
    await expectRefusal(request({ versions: { gru: "step" } }), OptionError, 'unknown option "gru"', "gemm");
    await expectRefusal(
      request({ facts: { gflops: 1, subgroupSize: 0 } }),
      OptionError,
      "facts: barrierMicros",
      "undefined",
    );
    await expectRefusal(
      request({ facts: { gflops: Number.NaN, barrierMicros: 1, dispatchMicros: 1, subgroupSize: 0 } }),
      OptionError,
      "gflops must be a positive number, got NaN",
    );
  });

  test("Device.from refuses anything that is not a device", () =>
    expectRefusal(
      () => Device.from(wrong({ queue: 1 })),
      OptionError,
      "Device.from",
      "expected a GPUDevice",
      "{ queue }",
    ));
});

describe("layers and losses", () => {
  test.each([
    [
      "LSTM: unknown option",
      () => new nn.LSTM(1, 2, wrong({ layers: 2 })),
      ['LSTM: unknown option "layers"', "numLayers"],
    ],
    ["LSTM: no input", () => new nn.LSTM(0, 2), ["LSTM: inputSize", "at least 1", "got 0"]],
    ["LSTM: half a unit", () => new nn.LSTM(1, 2.5), ["LSTM: hiddenSize", "an integer", "got 2.5"]],
    ["LSTM: no layer", () => new nn.LSTM(1, 2, { numLayers: 0 }), ["LSTM: numLayers", "got 0"]],
    [
      "LSTM: bias as text",
      () => new nn.LSTM(1, 2, wrong({ bias: "no" })),
      ["LSTM: bias", "true or false", '"no"'],
    ],
    [
      "LSTM: options as PyTorch's third operand",
      () => new nn.LSTM(1, 2, wrong(2)),
      ["LSTM: options must be an object, got 2"],
    ],
    [
      "Linear: unknown option",
      () => new nn.Linear(1, 2, wrong({ biases: true })),
      ['Linear: unknown option "biases"', "bias"],
    ],
    [
      "Linear: infinite",
      () => new nn.Linear(1, Number.POSITIVE_INFINITY),
      ["Linear: outFeatures", "got Infinity"],
    ],
    [
      "MSELoss: unknown option",
      () => new nn.MSELoss(wrong({ reduce: true })),
      ['MSELoss: unknown option "reduce"', "reduction"],
    ],
    [
      "MSELoss: unknown reduction",
      () => new nn.MSELoss(wrong({ reduction: "max" })),
      ["MSELoss: reduction", '"mean", "sum" or "none"', '"max"'],
    ],
  ])("%s", (_, call, parts) => expectRefusal(call, OptionError, ...parts));

  test("refuses a parameter with too few or too many values", () =>
    expectRefusal(
      () => new nn.Parameter([2, 3], new Float32Array(5)),
      ShapeError,
      "Parameter",
      "[2, 3]",
      "6",
      "5",
    ));

  test.each([
    ["Float64Array", new Float64Array(2), "Float64Array(2)"],
    ["Int32Array", new Int32Array(2), "Int32Array(2)"],
    ["list of numbers", [1, 2], "[1, 2]"],
    ["tensor with its shape", { data: new Float32Array(2), shape: [2] }, "{ data, shape }"],
    ["nothing", undefined, "undefined"],
  ])("refuses a %s as the values of a parameter or a buffer", async (_, values, got) => {
    const parts = ["data must be a Float32Array", got, "Float32Array.from(numbers)"];
    await expectRefusal(() => new nn.Parameter([2], wrong(values)), OptionError, "Parameter:", ...parts);
    await expectRefusal(() => new nn.Buffer([2], wrong(values)), OptionError, "Parameter:", ...parts);
    const { bias } = new nn.Linear(1, 2);
    const before = await bias!.read();
    await expectRefusal(() => bias!.write(wrong(values)), OptionError, "Parameter.write:", ...parts);
    expect(await bias!.read()).toEqual(before);
  });

  test.each([
    ["a promise", () => new nn.Linear(1, 2).stateDict(), "a Promise"],
    ["a module", () => new nn.Linear(1, 2), "a Linear"],
    ["a file", () => new Uint8Array(8), "Uint8Array(8)"],
    ["a list", () => [["weight", new Float32Array(2)]], '[["weight", Float32Array(2)]]'],
  ])("says that %s is no state dict", async (_, given, got) => {
    const wanted = ["as await model.stateDict() gives it", `got ${got}`];
    await expectRefusal(
      () => new nn.Linear(1, 2).loadStateDict(wrong(given())),
      OptionError,
      "Module.loadStateDict: expected a Map or an object of tensors by name",
      ...wanted,
    );
    await expectRefusal(
      () => saveSafetensors(wrong(given())),
      OptionError,
      "saveSafetensors: expected a Map",
      ...wanted,
    );
  });

  test("says of operators that they do not compute with a parameter", async () => {
    const weight = wrong(new nn.Linear(1, 2).weight);
    for (const use of [() => weight + 1, () => weight > 0, () => weight * 2, () => +weight]) {
      await expectRefusal(use, GraphError, "Tensor.valueOf: operators do not compute with tensors");
    }
    expect(`${weight}`).toBe("Tensor [2, 1]");
  });

  test("refuses tensors outside a trace", async () => {
    const leaked = new Tensor([2, 3], null);
    const parts = ["while a function is traced", "device.compile()"];
    await expectRefusal(() => leaked.add(leaked), GraphError, "Tensor.add", ...parts);
    await expectRefusal(() => stack([leaked, leaked]), GraphError, "stack", ...parts);
    await expectRefusal(() => new nn.Linear(3, 1).forward(leaked), GraphError, "Linear.forward", ...parts);
    await expectRefusal(
      () => new nn.MSELoss().forward(leaked, leaked),
      GraphError,
      "MSELoss.forward",
      ...parts,
    );
    await expectRefusal(() => grad(leaked, [leaked]), GraphError, "grad", ...parts);
    await expectRefusal(
      () => new nn.LSTM(3, 1).forward(wrong(new Float32Array(6))),
      ShapeError,
      "LSTM.forward",
      "must be a tensor",
      "Float32Array(6)",
    );
  });
});

test("sizes that no memory holds are named", async () => {
  const making: [string, () => unknown][] = [
    ["Linear", () => new nn.Linear(1e6, 1e7)],
    ["Conv1d", () => new nn.Conv1d(1e6, 1e6, 3)],
    ["lstm: weight_ih_l0", () => new nn.LSTM(1e6, 1e6)],
    ["gru: weight_ih", () => new nn.GRUCell(1e6, 1e6)],
    ["MultiheadAttention", () => new nn.MultiheadAttention(2 ** 24, 2)],
    ["Embedding", () => new nn.Embedding(1e6, 1e7)],
    ["LayerNorm", () => new nn.LayerNorm([1e6, 1e7])],
    ["GroupNorm", () => new nn.GroupNorm(1, 1e13)],
    ["BatchNorm1d", () => new nn.BatchNorm1d(1e13)],
    ["randn", () => randn([1e6, 1e7])],
  ];
  for (const [name, make] of making)
    await expectRefusal(make, ShapeError, `${name}: there is no memory`, "smaller");
});

test.each([
  ["Device", Device, "Device.request()"],
  ["Stream", Stream, "Stream.open("],
  ["Vocabulary", data.Vocabulary, "Vocabulary.fromText("],
  ["NGramModel", data.NGramModel, "NGramModel.fit("],
  ["RemoteTrainer", RemoteTrainer, "connect("],
] as const)("new %s() says what gives one", async (name, Class, advice) => {
  for (const given of [[], [{}], [["a"], {}]]) {
    await expectRefusal(() => new (wrong(Class))(...given), OptionError, `${name}: `, advice);
  }
});

test("transfer refuses what cannot be marked", async () => {
  const { buffer } = new Float32Array(1);
  await expectRefusal(() => transfer({}, wrong(buffer)), OptionError, "transfer", "an array", "ArrayBuffer");
  await expectRefusal(() => transfer(wrong(3), [buffer]), OptionError, "transfer", "got 3");
});

describe("Adam", () => {
  const parameters = new nn.Linear(1, 1).parameters();
  test.each([
    ["no parameters", () => new optim.Adam([]), ["Adam: got no parameters", "model.parameters()"]],
    [
      "the model itself",
      () => new optim.Adam(wrong(new nn.Linear(1, 1))),
      ["Adam: expected model.parameters()", "a Linear"],
    ],
    [
      "something that is not a parameter",
      () => new optim.Adam(wrong([1])),
      ["Adam: every parameter must be a Parameter, got 1"],
    ],
    ["a parameter twice", () => new optim.Adam([...parameters, ...parameters]), ["Adam", "given twice"]],
    [
      "an unknown option",
      () => new optim.Adam(parameters, wrong({ rate: 1 })),
      ['Adam: unknown option "rate"', "lr"],
    ],
    ["a negative rate", () => new optim.Adam(parameters, { lr: -1 }), ["Adam: lr", "at least 0", "got -1"]],
    [
      "a rate that is not a number",
      () => new optim.Adam(parameters, { lr: Number.NaN }),
      ["Adam: lr", "finite", "got NaN"],
    ],
    [
      "one beta",
      () => new optim.Adam(parameters, wrong({ betas: 0.9 })),
      ["Adam: betas must be two numbers, got 0.9"],
    ],
    [
      "a beta of 1",
      () => new optim.Adam(parameters, { betas: [0.9, 1] }),
      ["Adam: each of betas", "[0, 1)", "got 1"],
    ],
    ["a negative eps", () => new optim.Adam(parameters, { eps: -1 }), ["Adam: eps", "got -1"]],
    [
      "an infinite decay",
      () => new optim.Adam(parameters, { weightDecay: Infinity }),
      ["Adam: weightDecay", "Infinity"],
    ],
  ])("%s", (_, call, parts) => expectRefusal(call, OptionError, ...parts));

  test("keeps the learning rate if the new one is refused", async () => {
    const adam = new optim.Adam(parameters, { lr: 0.5 });
    await expectRefusal(() => (adam.lr = wrong("fast")), OptionError, "Adam: lr", '"fast"');
    expect(adam.lr).toBe(0.5);
  });
});

describe("a state dict on the host", () => {
  const load =
    (change: (state: Map<string, NDArray>) => void, ...parts: string[]) =>
    async () => {
      const model = new nn.LSTM(1, 2);
      const before = await model.stateDict();
      const changed = new Map([...before].map(([name, { shape }]) => [name, filled(shape)]));
      change(changed);
      await expectRefusal(
        () => model.loadStateDict(changed),
        StateDictError,
        "Module.loadStateDict",
        "LSTM",
        ...parts,
      );
      expect(await model.stateDict()).toEqual(before);
    };
  const filled = (shape: readonly number[]): NDArray => ({
    shape,
    data: new Float32Array(shape.reduce((size, n) => size * n, 1)).fill(7),
  });

  test(
    "a key is missing",
    load((state) => state.delete("bias_hh_l0"), "missing bias_hh_l0"),
  );
  test(
    "a key is unexpected",
    load((state) => state.set("fc.weight", filled([1])), "unexpected fc.weight"),
  );
  test(
    "a shape differs",
    load((state) => state.set("weight_hh_l0", filled([2, 8])), "weight_hh_l0", "[8, 2]", "got [2, 8]"),
  );
  test(
    "the last value does not fill its shape",
    load(
      (state) => state.set("bias_hh_l0", { shape: [8], data: new Float32Array(7) }),
      "bias_hh_l0 must hold 8 values for [8], got 7",
    ),
  );
  test(
    "a value is not an array",
    load(
      (state) => state.set("bias_hh_l0", wrong([1, 2])),
      "bias_hh_l0 must be { data: Float32Array, shape }",
    ),
  );
  test(
    "all of several problems are named",
    load(
      (state) => {
        state.delete("bias_ih_l0");
        state.set("x", filled([1]));
      },
      "missing bias_ih_l0",
      "unexpected x",
    ),
  );
  test("refuses a missing state dict", () =>
    expectRefusal(
      () => new nn.LSTM(1, 2).loadStateDict(wrong(null)),
      OptionError,
      "Module.loadStateDict",
      "null",
    ));
});

describe("data", () => {
  const series = [1, 2, 3, 4, 5];
  test.each([
    ["an empty series", () => data.slidingWindows([], { length: 2 }), ["slidingWindows: series is empty"]],
    [
      "a window longer than the series",
      () => data.slidingWindows(series, { length: 5 }),
      ["slidingWindows", "at least 6 time steps", "got 5"],
    ],
    [
      "NaN in a series",
      () => data.slidingWindows([1, Number.NaN, 3], { length: 1 }),
      ["slidingWindows", "finite", "got NaN at index 1"],
    ],
    [
      "an infinity in a data set",
      () => new data.TensorDataset(nd([1], [Infinity]), nd([1], [1])),
      ["TensorDataset", "finite", "Infinity"],
    ],
    [
      "an empty data set",
      () => new data.DataLoader({ length: 0, gather: wrong(() => {}) }),
      ["DataLoader", "empty"],
    ],
    [
      "a data set smaller than one full batch",
      () => new data.DataLoader(data.slidingWindows(series, { length: 2 }), { batchSize: 4, dropLast: true }),
      ["DataLoader", "3 samples", "batch of 4"],
    ],
  ])("%s", (_, call, parts) => expectRefusal(call, DataError, ...parts));

  const nd = (shape: number[], values: number[]): NDArray => ({ shape, data: Float32Array.from(values) });
});
