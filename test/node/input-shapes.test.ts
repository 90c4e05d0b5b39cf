/**
 * What `device.compile` loads for one set of input shapes is enough to plan the step for every other one: another batch, another
 * length, and sizes that broadcast.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { cat, nn, type Shape, type Tensor } from "webgpu-lstm";
import { ADAPTERS } from "../../bench/counters.ts";
import type { AdapterFacts } from "../../src/gpu/adapter-facts.ts";
import { differentiate } from "../../src/graph/differentiate.ts";
import { Graph } from "../../src/graph/graph.ts";
import { recording } from "../../src/graph/tensor.ts";
import { OnDemand } from "../../src/ondemand.ts";
import { baseTexts } from "../../src/ops/base-texts.ts";
import { Choices } from "../../src/ops/choice.ts";
import { productNeeds } from "../../src/ops/product/gemm.ts";
import { lower, needsOf } from "../../src/plan/lower.ts";
import { StepRandom } from "../../src/run/step-random.ts";
import { defaultLimits } from "../default-limits.ts";

type Inputs = Readonly<Record<string, Tensor>>;

interface Case {
  readonly model?: nn.Module;
  readonly loss: (inputs: Inputs) => Tensor;
  /** Input shapes for N batch rows and T steps. */
  readonly shapes: (N: number, T: number) => Readonly<Record<string, Shape>>;
}

type Size = readonly [N: number, T: number];
type Pass = "forward" | "backward";

const SIZES: readonly Size[] = [
  [1, 1],
  [1, 2],
  [1, 300],
  [2, 1],
  [64, 20],
  [5000, 1],
  [300, 40],
];

/** The modules that planning asks for, while it runs. */
let used = new Set<OnDemand<unknown>>();
const read = Object.getOwnPropertyDescriptor(OnDemand.prototype, "module")!.get!;
beforeAll(() => {
  vi.spyOn(OnDemand.prototype, "module", "get").mockImplementation(function (this: OnDemand<unknown>) {
    used.add(this);
    return read.call(this);
  });
});
afterAll(() => vi.restoreAllMocks());

/** Plans a case; gives what is loaded for it whatever the shapes, and what these shapes use. */
async function planned({ model, loss, shapes }: Case, size: Size, facts: AdapterFacts, pass: Pass) {
  const graph = new Graph(new StepRandom().trace());
  const given = Object.entries(shapes(...size)).map(([name, shape]) => [name, graph.input(shape)]);
  const results = recording.into(graph, () => {
    const inputs = Object.fromEntries(given);
    const value = loss(inputs);
    if (pass === "forward") return [value];
    const gradients = differentiate(graph, value, [...(model?.parameters() ?? []), inputs["x"]!]);
    return [value, ...gradients.filter((gradient) => gradient !== null)];
  });
  const settings = {
    facts,
    pins: {},
    proves: false,
    calibrate: false,
    ...defaultLimits,
    choices: new Choices(),
  };
  used = new Set();
  for (;;) {
    try {
      for (const { kernel } of lower(graph, results, settings)) used.add(kernel.declaration.texts);
      return { loaded: [baseTexts, ...productNeeds(settings), ...needsOf(graph, settings)], used };
    } catch (error) {
      if (!(error as Error).message.includes("ops that the step was not compiled with")) throw error;
      await [...used].at(-1)!.load();
    }
  }
}

async function check(one: Case, sizes = SIZES): Promise<void> {
  const problems = new Set<string>();
  for (const facts of Object.values(ADAPTERS)) {
    for (const pass of ["forward", "backward"] as const) {
      const plans = [];
      for (const size of sizes) plans.push(await planned(one, size, facts, pass));
      for (const [i, compiled] of plans.entries()) {
        // The kernels of the shapes that a step is compiled for are loaded too.
        const there = new Set([...compiled.loaded, ...compiled.used]);
        for (const [j, other] of plans.entries()) {
          for (const module of other.used) {
            if (there.has(module)) continue;
            await module.load();
            const name = Object.keys(read.call(module)).join(", ");
            problems.add(
              `${pass}, ${facts.subgroupSize} lanes, N and T ${sizes[i]} then ${sizes[j]}: lacks ${name}`,
            );
          }
        }
      }
    }
  }
  expect([...problems]).toEqual([]);
}

const I = 2;
const sequences = (N: number, T: number) => ({ x: [T, N, I], lengths: [N] });

const { packPaddedSequence, padPackedSequence } = nn.utils.rnn;

describe("a step that was compiled for one shape can be planned for another:", () => {
  for (const Layer of [nn.LSTM, nn.GRU, nn.RNN]) {
    for (const options of [
      {},
      { bias: false },
      { bidirectional: true, numLayers: 2, dropout: 0.5 },
      { recompute: 7, bias: false },
      { recompute: true },
      ...(Layer === nn.LSTM ? [{ projSize: 2, bias: false }] : []),
    ]) {
      test(`${Layer.name}, ${JSON.stringify(options)}`, async () => {
        for (const H of [4, 64, 300]) {
          const model = new Layer(I, H, options);
          await check({ model, shapes: sequences, loss: ({ x }) => model.forward(x!).output.sum() });
          await check({
            model,
            shapes: sequences,
            loss: ({ x, lengths }) => {
              const packed = packPaddedSequence(x!, lengths!, { enforceSorted: false });
              return padPackedSequence(model.forward(packed).output).output.sum();
            },
          });
        }
      });
    }
  }

  const loss = new nn.CrossEntropyLoss();
  const linear = new nn.Linear(I, 3, { bias: false });
  const deep = new nn.Sequential(
    new nn.Linear(I, 3),
    new nn.LayerNorm(3),
    new nn.Dropout(0.5),
    new nn.Linear(3, 3, { bias: false }),
  );
  const embedding = new nn.Embedding(5, 3);
  const cell = new nn.GRUCell(I, 3, { bias: false });
  const others: Record<string, Case> = {
    "Linear without bias": { model: linear, shapes: sequences, loss: ({ x }) => linear.forward(x!).sum() },
    "LayerNorm and Dropout": { model: deep, shapes: sequences, loss: ({ x }) => deep.forward(x!).mean() },
    Embedding: {
      model: embedding,
      shapes: (N, T) => ({ ids: [N, T], x: [N, T, 3] }),
      loss: ({ ids, x }) => embedding.forward(ids!).mul(x!).sum(),
    },
    GRUCell: { model: cell, shapes: (N) => ({ x: [N, I] }), loss: ({ x }) => cell.forward(x!).sum() },
    CrossEntropyLoss: {
      model: linear,
      shapes: (N, T) => ({ x: [N * T, I], y: [N * T] }),
      loss: ({ x, y }) => loss.forward(linear.forward(x!), y!),
    },
    "losses of every kind": {
      shapes: (N, T) => ({ x: [N, T], y: [N, T] }),
      loss: ({ x, y }) => {
        const kinds = [
          new nn.MSELoss({ reduction: "none" }).forward(x!, y!).mean(),
          new nn.L1Loss().forward(x!, y!),
          new nn.HuberLoss({ reduction: "sum" }).forward(x!, y!),
          new nn.BCEWithLogitsLoss().forward(x!, y!),
        ];
        return kinds.reduce((sum, kind) => sum.add(kind));
      },
    },
    "attention over a sequence": {
      shapes: (N, T) => ({ x: [N, T, I] }),
      loss: ({ x }) => x!.matmul(x!.transpose(1, 2)).softmax(-1).matmul(x!).sum(),
    },
    "products of batches": {
      shapes: (N) => ({ x: [N, 3, I], y: [1, I, 2] }),
      loss: ({ x, y }) => x!.matmul(y!).sum(),
    },
    "products with a vector": {
      shapes: (N, T) => ({ x: [N, T, I], y: [I] }),
      loss: ({ x, y }) => x!.matmul(y!).sum(),
    },
    broadcasts: {
      shapes: (N, T) => ({ x: [N, 1, I], y: [1, T, 1] }),
      loss: ({ x, y }) => x!.mul(y!).sub(y!).div(x!.add(y!)).add(1).sum(0).mean(),
    },
    "scores that are normalized": {
      shapes: (N, T) => ({ x: [N, T, I] }),
      loss: ({ x }) => {
        const c = x!.sub(x!.mean(1, true));
        return c
          .div(c.mul(c).mean([1, 2], true).add(1))
          .logSoftmax(0)
          .mean();
      },
    },
    "slices, parts and views": {
      shapes: (N, T) => ({ x: [N, T, I] }),
      loss: ({ x }) =>
        cat([x!.slice(1, -2), x!.select(1, -1).unsqueeze(1), x!.slice(1, 0, 3)], 1)
          .squeeze()
          .sum(),
    },
    "a sum over one size alone": {
      shapes: (N, T) => ({ x: [N, T] }),
      loss: ({ x }) => x!.sum(1).mul(x!.sum(0).sum()).tanh().sum(),
    },
  };
  for (const [name, one] of Object.entries(others)) test(name, () => check(one, [...SIZES, [1, 5000]]));
});
