/** What would be ignored in silence, and needs no GPU to be refused: modules of another copy of the library, arguments too many. */
import { describe, expect, test, vi } from "vitest";
import * as library from "webgpu-lstm";
import { data, nn, OptionError, optim } from "webgpu-lstm";
import { Graph } from "../../src/graph/graph.ts";
import { recording } from "../../src/graph/tensor.ts";
import { StepRandom } from "../../src/run/step-random.ts";
import { expectRefusal, wrong } from "../refusal.ts";

vi.resetModules();
const other = await import("webgpu-lstm");

test("there are two copies", () => {
  expect(other.nn.Linear).not.toBe(nn.Linear);
});

describe("a layer or a parameter of another copy", () => {
  class Model extends nn.Module {
    readonly fc = new nn.Linear(1, 1);
    readonly foreign: unknown;

    constructor(foreign: unknown) {
      super();
      this.foreign = foreign;
    }
  }
  const ways: [string, (model: nn.Module) => unknown][] = [
    ["parameters", (model) => model.parameters()],
    ["stateDict", (model) => model.stateDict()],
    ["loadStateDict", (model) => model.loadStateDict({}, { strict: false })],
  ];
  test.each(ways)("in a field: %s refuses it", async (_, way) => {
    for (const [foreign, name] of [
      [new other.nn.LSTM(1, 1), "a LSTM"],
      [new other.nn.Parameter([1], new Float32Array(1)), "a Parameter"],
    ] as const) {
      const parts = [`Model: foreign is ${name} of another copy of webgpu-lstm`, "load the library once"];
      await expectRefusal(() => way(new Model(foreign)), OptionError, ...parts);
      await expectRefusal(() => way(new nn.ModuleList([new Model(foreign)])), OptionError, ...parts);
    }
  });

  test("in a container", async () => {
    const foreign = wrong(new other.nn.Linear(1, 1));
    for (const make of [() => new nn.Sequential(foreign), () => new nn.ModuleList([foreign])]) {
      await expectRefusal(make, OptionError, "a Linear of another copy of webgpu-lstm");
    }
  });

  test("in an optimizer", () =>
    expectRefusal(
      () => new optim.SGD(wrong(new other.nn.Linear(1, 1).parameters())),
      OptionError,
      "a Parameter of another copy of webgpu-lstm",
    ));

  test("other values in fields are none of the library's business", () => {
    for (const value of [null, undefined, 1, "text", { namedChildren: 1 }, [1], new Map()]) {
      expect(new Model(value).parameters()).toHaveLength(2);
    }
  });
});

describe("an argument too many is refused", () => {
  const graph = new Graph(new StepRandom().trace());
  const x = graph.input([2, 2, 3]);
  const parameter = () => new nn.Parameter([2, 3], new Float32Array(6));
  const sgd = () => new optim.SGD([parameter()]);
  const step = () => new optim.lrScheduler.StepLR(sgd(), 1);
  const packed = () => nn.utils.rnn.packPaddedSequence(x, [2, 1], {});
  const sizes = [3, 2, {}];
  const series = Array.from({ length: 8 }, (_, i) => i);
  const rows = [[1], [2]];
  const store = { save: () => {}, load: () => {}, list: () => [], delete: () => {} };

  /** Arguments of everything that can be called, by name. */
  const calls: Readonly<Record<string, () => readonly unknown[]>> = {
    "nn.ReLU": () => [],
    "nn.Tanh": () => [],
    "nn.Sigmoid": () => [],
    "nn.ELU": () => [1],
    "nn.GELU": () => [{}],
    "nn.Hardsigmoid": () => [],
    "nn.Hardswish": () => [],
    "nn.Hardtanh": () => [-1, 1],
    "nn.LeakyReLU": () => [0.01],
    "nn.SiLU": () => [],
    "nn.Softplus": () => [1, 20],
    "nn.Softmax": () => [1],
    "nn.LogSoftmax": () => [1],
    "nn.Flatten": () => [1, -1],
    "nn.Dropout": () => [0.5],
    "nn.ModuleList": () => [[new nn.Tanh()]],
    "nn.Conv1d": () => [3, 2, 1, {}],
    "nn.ConvTranspose1d": () => [3, 2, 1, {}],
    "nn.MaxPool1d": () => [2, {}],
    "nn.AvgPool1d": () => [2, {}],
    "nn.AdaptiveAvgPool1d": () => [2],
    "nn.Upsample": () => [{ size: 2 }],
    "nn.BatchNorm1d": () => [3, {}],
    "nn.GroupNorm": () => [1, 3, {}],
    "nn.MultiheadAttention": () => [4, 2, {}],
    "nn.Linear": () => sizes,
    "nn.Embedding": () => sizes,
    "nn.Embedding.fromPretrained": () => [{ data: new Float32Array(6), shape: [3, 2] }, {}],
    "nn.LayerNorm": () => [3, {}],
    "nn.LSTM": () => sizes,
    "nn.GRU": () => sizes,
    "nn.RNN": () => sizes,
    "nn.LSTMCell": () => sizes,
    "nn.GRUCell": () => sizes,
    "nn.RNNCell": () => sizes,
    "nn.MSELoss": () => [{}],
    "nn.L1Loss": () => [{}],
    "nn.SmoothL1Loss": () => [{}],
    "nn.HuberLoss": () => [{}],
    "nn.BCELoss": () => [{}],
    "nn.BCEWithLogitsLoss": () => [{}],
    "nn.CrossEntropyLoss": () => [{}],
    "nn.NLLLoss": () => [{}],
    "nn.GaussianNLLLoss": () => [{}],
    "nn.KLDivLoss": () => [{}],
    "nn.CosineSimilarity": () => [{}],
    "nn.cosineSimilarity": () => [x, x, 1, 1e-8],
    "nn.CTCLoss": () => [{}],
    "nn.init.uniform_": () => [parameter(), {}],
    "nn.init.normal_": () => [parameter(), {}],
    "nn.init.constant_": () => [parameter(), 1],
    "nn.init.zeros_": () => [parameter()],
    "nn.init.ones_": () => [parameter()],
    "nn.init.xavierUniform_": () => [parameter(), {}],
    "nn.init.xavierNormal_": () => [parameter(), {}],
    "nn.init.kaimingUniform_": () => [parameter(), {}],
    "nn.init.kaimingNormal_": () => [parameter(), {}],
    "nn.init.orthogonal_": () => [parameter(), {}],
    "nn.init.calculateGain": () => ["leaky_relu", 0.1],
    "nn.utils.clipGradNorm_": () => [[parameter()], 1, {}],
    "nn.utils.clipGradValue_": () => [[parameter()], 1],
    "nn.utils.rnn.packPaddedSequence": () => [x, [2, 1], {}],
    "nn.utils.rnn.padPackedSequence": () => [packed(), {}],
    "nn.utils.rnn.padSequence": () => [[x, x], {}],
    "nn.utils.rnn.packSequence": () => [[x, x], {}],
    "nn.utils.rnn.unpackSequence": () => [packed()],
    ...Object.fromEntries(
      [
        "Adam",
        "AdamW",
        "SGD",
        "RMSprop",
        "Adagrad",
        "NAdam",
        "RAdam",
        "Adadelta",
        "Adamax",
        "ASGD",
        "Rprop",
        "LBFGS",
      ].map((name) => [`optim.${name}`, () => [[parameter()], {}]]),
    ),
    "optim.lrScheduler.ChainedScheduler": () => [[step()]],
    "optim.lrScheduler.SequentialLR": () => {
      const first = step();
      return [first.optimizer, [first, new optim.lrScheduler.StepLR(first.optimizer, 1)], [2]];
    },
    "optim.lrScheduler.CosineAnnealingLR": () => [sgd(), 2, {}],
    "optim.lrScheduler.CosineAnnealingWarmRestarts": () => [sgd(), 2, {}],
    "optim.lrScheduler.CyclicLR": () => [sgd(), 0.1, 1, { cycleMomentum: false }],
    "optim.lrScheduler.LambdaLR": () => [sgd(), () => 1, {}],
    "optim.lrScheduler.MultiplicativeLR": () => [sgd(), () => 1, {}],
    "optim.lrScheduler.OneCycleLR": () => [sgd(), 1, { totalSteps: 4, cycleMomentum: false }],
    "optim.lrScheduler.ReduceLROnPlateau": () => [sgd(), {}],
    "optim.lrScheduler.ConstantLR": () => [sgd(), {}],
    "optim.lrScheduler.LinearLR": () => [sgd(), {}],
    "optim.lrScheduler.PolynomialLR": () => [sgd(), {}],
    "optim.lrScheduler.ExponentialLR": () => [sgd(), 0.9, {}],
    "optim.lrScheduler.MultiStepLR": () => [sgd(), [1], {}],
    "optim.lrScheduler.StepLR": () => [sgd(), 1, {}],
    "data.TensorDataset": () => [rows, rows],
    "data.DataLoader": () => [new data.TensorDataset(rows, rows), {}],
    "data.calendarFeatures": () => [[0, 1], { features: ["hourOfDay"] }],
    "data.columnStack": () => [[series, series], {}],
    "data.lagFeatures": () => [series, { lags: [1] }],
    "data.chronologicalSplit": () => [series, { test: 0.5 }],
    "data.slidingWindows": () => [series, { length: 2 }],
    "data.StandardScaler.fit": () => [series, {}],
    "data.MinMaxScaler.fit": () => [series, {}],
    "data.TextBatches": () => [series, { batchSize: 1, length: 2 }],
    "data.NGramModel.fit": () => [series, { order: 2, classes: 9 }],
    "data.sample": () => [[1, 2], {}],
    "data.Vocabulary.fromText": () => ["a b", {}],
    "data.Vocabulary.fromTokens": () => [["a", "b"], {}],
    "metrics.MAE": () => [{}],
    "metrics.RMSE": () => [{}],
    "metrics.MAPE": () => [{}],
    "metrics.Accuracy": () => [{}],
    "metrics.Perplexity": () => [{}],
    EarlyStopping: () => [{}],
    ModelCheckpoint: () => [store, {}],
    LearningRateSchedule: () => [step(), {}],
    Generator: () => [1],
    manualSeed: () => [1],
    rand: () => [[1], {}],
    randn: () => [[1], {}],
    tensor: () => [[1, 2], [2]],
    cat: () => [[x, x], 0],
    stack: () => [[x, x], 0],
    where: () => [x, x, x],
    grad: () => [x.sum(), [x]],
  };

  /** What is not called so: variable arguments, base classes, what the library makes, what has no options, what needs a device. */
  const others =
    /^(nn\.(Sequential|Module|Parameter|Buffer|utils\.rnn\.PackedSequence)|optim\.(Optimizer|lrScheduler\.LRScheduler)|data\.Scaler|\w+\.(\w+\.)?fromJSON|\w+Error|Device|Tensor|Stream|Trainer|History|(load|save)(Checkpoint|Safetensors)|openCheckpointStore)$/;

  /** Everything that can be called; a class with static makers by these, if it has no constructor for users. */
  function callable(exports: object, path = ""): [string, (...args: never[]) => unknown, object | null][] {
    return Object.entries(exports).flatMap(([name, value]) => {
      const full = path + name;
      if (Object.prototype.toString.call(value) === "[object Module]")
        return callable(value as object, `${full}.`);
      if (typeof value !== "function") return [];
      const isClass = String(value).startsWith("class");
      const makers = Object.getOwnPropertyNames(value).filter(
        (key) => /^(fit|from[A-Z]\w*)$/.test(key) && typeof value[key] === "function",
      );
      const made = makers.map((key): [string, (...args: never[]) => unknown, object] => [
        `${full}.${key}`,
        value[key],
        value,
      ]);
      const isMade = makers.length > 0 && name !== "Embedding";
      const self = isClass ? (...args: never[]) => new value(...args) : value;
      return isMade || name === "Device" ? made : [[full, self, null], ...made];
    });
  }

  const all = callable(library).filter(([name]) => !others.test(name));

  test("every call is listed", () => {
    expect(all.map(([name]) => name).sort()).toEqual(Object.keys(calls).sort());
  });

  test.each(all)("%s", (name, call, owner) => {
    const run = (args: readonly unknown[]) =>
      recording.into(graph, () => Reflect.apply(call, owner, args as never[]));
    const args = () => recording.into(graph, () => calls[name]!());
    expect(() => run(args()), "without one").not.toThrow();
    for (const extra of [true, null, { inplace: true }]) {
      const refused = expect(() => run([...args(), extra]));
      refused.toThrow(OptionError);
      refused.toThrow(/: unknown argument (true|null|\{ inplace \}); /);
    }
  });

  test("also of a model's own class without a constructor, whose arguments nobody would read", () => {
    class Model extends nn.Module {}
    expect(() => Reflect.construct(Model, [5])).toThrow("Model: unknown argument 5");
  });
});

test.each([0, 1, "eval", null])("train(%o) is refused", (mode) =>
  expectRefusal(
    () => new nn.Dropout().train(wrong(mode)),
    OptionError,
    "Module.train: mode must be true or false",
  ),
);
