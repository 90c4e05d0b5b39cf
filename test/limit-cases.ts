/**
 * Small work that together dispatches every kernel with a grid of more than four workgroups along an axis, where the kernel can have one:
 * a device with a limit of four has to fold all of them.
 */
import { cat, type Device, grad, metrics, nn, optim, type Tensor } from "webgpu-lstm";

/** What a case computed, and with which kernels and grids. */
export interface Outcome {
  readonly values: Readonly<Record<string, readonly number[]>>;
  readonly dispatches: readonly { readonly kernel: string; readonly grid: string }[];
}

export type LimitCase = (device: Device) => Promise<Outcome>;

type Shapes = Readonly<Record<string, readonly number[]>>;
type Traced = (inputs: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>;

/** Numbers in ±1 that look random, the same every time. */
function waves(size: number, phase = 0): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin(i * i * 0.37 + i + phase));
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** Every parameter of a model, set to {@link waves} of a tenth. */
function seeded<M extends nn.Module>(model: M): M {
  for (const [i, parameter] of [...model.parameters()].entries()) {
    parameter.write(waves(sizeOf(parameter.shape), i).map((value) => value / 10));
  }
  return model;
}

interface Extras {
  /** Values of inputs that are not {@link waves}. */
  readonly given?: Readonly<Record<string, ArrayLike<number>>>;
  readonly model?: nn.Module;
  readonly optimizer?: optim.Optimizer;
  readonly accumulate?: { readonly runs: number };
}

/** Compiles and runs a function once, or twice with an optimizer; gives its results, and the parameters after it. */
async function run(device: Device, shapes: Shapes, fn: Traced, extras: Extras = {}): Promise<Outcome> {
  const { given = {}, model, optimizer, accumulate } = extras;
  const training = optimizer && {
    minimize: "loss",
    optimizer: optimizer as optim.Adam,
    ...(accumulate && { accumulate }),
  };
  const step = await device.compile(fn, { inputs: shapes, random: { seed: 1, runs: 0 }, ...training });
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => [
      name,
      given[name] ? Float32Array.from(given[name]) : waves(sizeOf(shape), i),
    ]),
  );
  const first = step.run(inputs);
  const results = optimizer ? step.run(inputs) : first;
  const values: Record<string, readonly number[]> = {};
  for (const [name, result] of Object.entries(results)) {
    const { data } = await result.read();
    values[name] = [...new Uint32Array(data.buffer)];
  }
  if (optimizer && model) {
    for (const [name, { data }] of await model.stateDict()) values[name] = [...new Uint32Array(data.buffer)];
  }
  const dispatches = step.program.source.dispatches.map(({ kernel, grid }) => ({
    kernel: kernel.name,
    grid: grid.join("×"),
  }));
  step.dispose();
  model?.dispose();
  return { values, dispatches };
}

/** More than four workgroups of 64, and up to 16. */
const MANY = 600;

const pointwise: Record<string, (x: Tensor) => Tensor> = {
  relu: (x) => x.relu(),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
  exp: (x) => x.exp(),
  softmax: (x) => x.reshape([MANY / 2, 2]).softmax(1),
  "log-softmax": (x) => x.reshape([2, MANY / 2]).logSoftmax(0),
  affine: (x) => x.mul(2).add(0.5),
  transpose: (x) => x.reshape([3, MANY / 3]).transpose(0, 1),
  slice: (x) => x.slice(0, 5, 500),
  cat: (x) => cat([x, x.slice(0, 0, 300)], 0),
  sum: (x) => x.reshape([MANY / 2, 2]).sum(1),
  expand: (x) =>
    x
      .reshape([MANY, 1])
      .slice(0, 0, 400)
      .add(x.slice(0, 0, 2)),
};

const elementwise: Record<string, LimitCase> = Object.fromEntries(
  Object.entries(pointwise).map(([name, op]): [string, LimitCase] => [
    name,
    (device) =>
      run(device, { x: [MANY], w: [1200] }, ({ x, w }) => {
        const y = op(x!);
        const size = sizeOf(y.shape);
        const loss = y
          .reshape([size])
          .mul(w!.slice(0, 0, Math.min(size, 1000)).reshape([size]))
          .sum();
        return { y, gradient: grad(loss, [x!])[0]! };
      }),
  ]),
);

const arithmetic: Record<string, LimitCase> = {
  "arithmetic of two tensors": (device) =>
    run(device, { a: [MANY], b: [MANY] }, ({ a, b }) => {
      const y = a!.add(b!).sub(a!.mul(b!)).div(b!.add(3));
      const [gradA, gradB] = grad(y.sum(), [a!, b!]);
      return { y, gradA: gradA!, gradB: gradB! };
    }),
  "a copy of four dimensions": (device) =>
    run(device, { x: [4, 7, 9, 4] }, ({ x }) => ({
      y: x!.transpose(0, 2).transpose(1, 3),
    })),
  "long copies": (device) => run(device, { x: [2, 800] }, ({ x }) => ({ y: x!.transpose(0, 1) })),
  "products of many pairs": (device) =>
    run(device, { a: [150, 2, 3], b: [150, 3, 2] }, ({ a, b }) => {
      const y = a!.matmul(b!);
      const [gradA, gradB] = grad(y.mul(y).sum(), [a!, b!]);
      return { y, gradA: gradA!, gradB: gradB! };
    }),
};

/** Functions whose kernels load on demand. Each row is a line, or each element an invocation. */
const functions: Record<string, LimitCase> = {
  "functions of elements and pairs": (device) =>
    run(device, { a: [MANY], b: [MANY] }, ({ a, b }) => {
      const y = a!.abs().maximum(b!).where(a!.gt(b!), a!.mul(b!));
      const [gradA, gradB] = grad(y.sum(), [a!, b!]);
      return { y, gradA: gradA!, gradB: gradB! };
    }),
  "functions of lines": (device) =>
    run(device, { x: [MANY / 2, 2] }, ({ x }) => {
      const { values, indices } = x!.topk(1, 1);
      const y = x!.amax(1).add(x!.prod(1)).add(values.squeeze(1)).add(x!.cumsum(1).sum(1));
      return { y, indices, gradient: grad(y.mul(y).sum(), [x!])[0]! };
    }),
  "places of elements": (device) =>
    run(device, { x: [MANY / 2, 2] }, ({ x }) => {
      const places = x!.argmax(1, true);
      const y = x!.gather(1, places);
      return { y, one: places.oneHot(2), gradient: grad(y.mul(y).sum(), [x!])[0]! };
    }),
  draws: (device) => run(device, { x: [MANY / 2, 2] }, ({ x }) => ({ y: x!.softmax(1).multinomial(1) })),
};

/** Products whose tiles do not fit a grid of four by four, for any version: up to 256 rows × 64 columns a tile. */
const products: Record<string, LimitCase> = {
  "many rows": (device) => run(device, { x: [510, 3], w: [3, 2] }, ({ x, w }) => ({ y: x!.matmul(w!) })),
  "as many columns as there may be": (device) =>
    run(device, { x: [3, 5], w: [5, 128] }, ({ x, w }) => ({ y: x!.matmul(w!) })),
  "rows and columns": (device) =>
    run(device, { x: [330, 6], w: [6, 120] }, ({ x, w }) => ({ y: x!.matmul(w!) })),
  "a linear layer": (device) => {
    const model = seeded(new nn.Linear(70, 5));
    return run(
      device,
      { x: [170, 70] },
      ({ x }) => {
        const y = model.forward(x!);
        const gradients = grad(y.mul(y).sum(), [x!, ...model.parameters()]);
        return { y, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient!])) };
      },
      { model },
    );
  },
};

const [T, N, I, H] = [2, 66, 3, 5];

/** A layer's results and all its gradients. */
function recurrent(make: () => nn.LSTM | nn.GRU | nn.RNN, packed: boolean, batch = N): LimitCase {
  return (device) => {
    const model = seeded(make());
    // Each takes either; only the types of their states differ.
    const layer = model as nn.GRU;
    const { packPaddedSequence, padPackedSequence } = nn.utils.rnn;
    return run(
      device,
      { x: [T, batch, I], lengths: [batch] },
      ({ x, lengths }) => {
        const { output, state } = packed
          ? layer.forward(packPaddedSequence(x!, lengths!, { enforceSorted: false }))
          : layer.forward(x!);
        const y = output instanceof nn.utils.rnn.PackedSequence ? padPackedSequence(output).output : output;
        const first = y.select(0, 0);
        const last = state as Tensor | nn.LstmState;
        const loss = first
          .mul(first)
          .sum()
          .add(("h" in last ? last.h : last).sum());
        const gradients = grad(loss, [x!, ...model.parameters()]);
        return { y, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient!])) };
      },
      { model, given: { lengths: Array.from({ length: batch }, (_, i) => 1 + (i % T)) } },
    );
  };
}

const layers: Record<string, LimitCase> = Object.fromEntries(
  [false, true].flatMap((packed): [string, LimitCase][] => {
    const how = packed ? ", packed" : "";
    return [
      // Its weight has more elements than nine workgroups transpose.
      [`wide rnn${how}`, recurrent(() => new nn.RNN(I, 26), packed, 5)],
      [`lstm${how}`, recurrent(() => new nn.LSTM(I, H), packed)],
      [`gru${how}`, recurrent(() => new nn.GRU(I, H), packed)],
      [`rnn${how}`, recurrent(() => new nn.RNN(I, H), packed)],
      [`rnn with relu${how}`, recurrent(() => new nn.RNN(I, H, { nonlinearity: "relu" }), packed)],
      [`lstm with a projection${how}`, recurrent(() => new nn.LSTM(I, 6, { projSize: 5 }), packed, 53)],
      [`lstm, recomputed${how}`, recurrent(() => new nn.LSTM(I, H, { recompute: 1 }), packed)],
      [`gru, recomputed${how}`, recurrent(() => new nn.GRU(I, H, { recompute: 1 }), packed)],
      [
        `two layers, both ways${how}`,
        recurrent(() => new nn.LSTM(I, 3, { numLayers: 2, bidirectional: true }), packed, 20),
      ],
    ];
  }),
);

const others: Record<string, LimitCase> = {
  embedding: (device) => {
    const model = seeded(new nn.Embedding(60, 10));
    return run(
      device,
      { i: [70] },
      ({ i }) => {
        const y = model.forward(i!);
        return { y, gradient: grad(y.mul(y).sum(), model.parameters())[0]! };
      },
      { model, given: { i: Array.from({ length: 70 }, (_, i) => (i * 7) % 60) } },
    );
  },
  "embedding, sorted": (device) => {
    const model = seeded(new nn.Embedding(90, 3));
    return run(
      device,
      { i: [330] },
      ({ i }) => ({ gradient: grad(model.forward(i!).sum(), model.parameters())[0]! }),
      { model, given: { i: Array.from({ length: 330 }, (_, i) => (i * i) % 90) } },
    );
  },
  "layer norm": (device) => {
    const model = seeded(new nn.LayerNorm(2));
    return run(
      device,
      { x: [400, 2] },
      ({ x }) => {
        const y = model.forward(x!);
        const gradients = grad(y.mul(y).sum(), [x!, ...model.parameters()]);
        return { y, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient!])) };
      },
      { model },
    );
  },
  ...Object.fromEntries(
    (
      [
        ["batch norm", () => new nn.BatchNorm1d(10)],
        ["group norm", () => new nn.GroupNorm(5, 10)],
      ] as const
    ).map(([name, make]): [string, LimitCase] => [
      name,
      (device) => {
        const model = seeded(make());
        return run(
          device,
          { x: [2, 10, 40] },
          ({ x }) => {
            const y = model.forward(x!);
            const gradients = grad(y.mul(y).sum(), [x!, ...model.parameters()]);
            return { y, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient!])) };
          },
          { model },
        );
      },
    ]),
  ),
  convolution: (device) => {
    const model = seeded(new nn.Conv1d(10, 10, 2, { groups: 10 }));
    return run(
      device,
      { x: [1, 10, 6] },
      ({ x }) => {
        const y = model.forward(x!);
        const gradients = grad(y.mul(y).sum(), [x!, ...model.parameters()]);
        return { y, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient!])) };
      },
      { model },
    );
  },
  ...Object.fromEntries(
    (
      [
        ["largest of windows", [2, 300], () => new nn.MaxPool1d(3, { stride: 1 })],
        ["means of windows", [2, 300], () => new nn.AvgPool1d(3, { stride: 1 })],
        ["other lengths", [1, 2, 200], () => new nn.Upsample({ size: 300, mode: "linear" })],
      ] as const
    ).map(([name, shape, make]): [string, LimitCase] => [
      name,
      (device) =>
        run(device, { x: shape }, ({ x }) => {
          const y = make().forward(x!);
          return { y, gradient: grad(y.mul(y).sum(), [x!])[0]! };
        }),
    ]),
  ),
  padding: (device) =>
    run(device, { x: [2, 300] }, ({ x }) => {
      const y = x!.pad([20, 30], "circular");
      return { y, gradient: grad(y.mul(y).sum(), [x!])[0]! };
    }),
  dropout: (device) => {
    const model = new nn.Dropout(0.5);
    return run(device, { x: [1500] }, ({ x }) => ({ y: model.forward(x!) }));
  },
};

const classes = Array.from({ length: 5000 }, (_, i) => i % 3);

const losses: Record<string, LimitCase> = {
  "a loss's gradient": (device) =>
    run(device, { x: [MANY], y: [MANY] }, ({ x, y }) => {
      const loss = new nn.MSELoss().forward(x!, y!);
      const [once] = grad(loss, [x!]);
      const [scaled] = grad(loss.mul(3), [x!]);
      return { loss, once: once!, scaled: scaled! };
    }),
  "a loss of many": (device) =>
    run(device, { x: [5000], y: [5000] }, ({ x, y }) => ({ loss: new nn.HuberLoss().forward(x!, y!) })),
  "losses of each": (device) =>
    run(device, { x: [MANY], y: [MANY] }, ({ x, y }) => ({
      loss: new nn.L1Loss({ reduction: "none" }).forward(x!, y!),
    })),
  "labels without an alignment": (device) =>
    run(
      device,
      { x: [8, 10, 8], y: [10, 2] },
      ({ x, y }) => {
        const lengths = { steps: Array(10).fill(8), labels: Array(10).fill(2) };
        const loss = new nn.CTCLoss().forward(x!.logSoftmax(-1), y!, lengths.steps, lengths.labels);
        return { loss, gradient: grad(loss, [x!])[0]! };
      },
      { given: { y: Array.from({ length: 20 }, (_, i) => 1 + (i % 7)) } },
    ),
  "cross-entropy": (device) =>
    run(
      device,
      { x: [300, 3], y: [300] },
      ({ x, y }) => {
        const loss = new nn.CrossEntropyLoss().forward(x!, y!);
        const [once] = grad(loss, [x!]);
        const [scaled] = grad(loss.mul(3), [x!]);
        return { loss, once: once!, scaled: scaled! };
      },
      { given: { y: classes.slice(0, 300) } },
    ),
  "weights of many rows": (device) =>
    run(
      device,
      { x: [1, 3, 900], y: [1, 900] },
      ({ x, y }) => ({ loss: new nn.CrossEntropyLoss({ ignoreIndex: 1 }).forward(x!, y!) }),
      { given: { y: classes.slice(0, 900) } },
    ),
  accuracy: (device) =>
    run(
      device,
      { x: [4500, 3], y: [4500] },
      ({ x, y }) => {
        const { total, count } = new metrics.Accuracy().sums(x!, y!);
        return { total, count };
      },
      { given: { y: classes.slice(0, 4500) } },
    ),
};

const optimizers = {
  adam: (model: nn.Module) => new optim.Adam(model.parameters(), { amsgrad: true, weightDecay: 0.1 }),
  nadam: (model: nn.Module) => new optim.NAdam(model.parameters()),
  radam: (model: nn.Module) => new optim.RAdam(model.parameters()),
  sgd: (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true }),
  rmsprop: (model: nn.Module) => new optim.RMSprop(model.parameters(), { centered: true, momentum: 0.5 }),
  adagrad: (model: nn.Module) => new optim.Adagrad(model.parameters()),
  adadelta: (model: nn.Module) => new optim.Adadelta(model.parameters(), { weightDecay: 0.1 }),
  adamax: (model: nn.Module) => new optim.Adamax(model.parameters()),
  asgd: (model: nn.Module) => new optim.ASGD(model.parameters(), { lr: 0.1, t0: 0 }),
  rprop: (model: nn.Module) => new optim.Rprop(model.parameters()),
  lbfgs: (model: nn.Module) => new optim.LBFGS(model.parameters()),
};

/** A model of three layers, each of which is updated or not. */
class Deep extends nn.Module {
  readonly first = new nn.Linear(9, 25);
  readonly second = new nn.Linear(25, 15);
  readonly third = new nn.Linear(15, 1);

  forward(x: Tensor): Tensor {
    return this.third.forward(this.second.forward(this.first.forward(x).tanh()).tanh());
  }
}

const updates: Record<string, LimitCase> = Object.fromEntries(
  Object.entries(optimizers).map(([name, make]): [string, LimitCase] => [
    name,
    (device) => {
      const model = seeded(new Deep());
      return run(
        device,
        { x: [6, 9], y: [6, 1] },
        ({ x, y }) => {
          const loss = new nn.MSELoss().forward(model.forward(x!), y!);
          nn.utils.clipGradValue_(model.parameters(), 0.5);
          const norm = nn.utils.clipGradNorm_(model.parameters(), 0.01);
          const part = nn.utils.clipGradNorm_(model.second.parameters(), 0.005);
          return { loss, norm, part };
        },
        { model, optimizer: make(model), ...(name === "sgd" && { accumulate: { runs: 2 } }) },
      );
    },
  ]),
);

export const limitCases: Readonly<Record<string, LimitCase>> = {
  ...elementwise,
  ...arithmetic,
  ...functions,
  ...products,
  ...layers,
  ...others,
  ...losses,
  ...updates,
};
