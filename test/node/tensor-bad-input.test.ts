/** Input that tensor functions and modules refuse, with the errors' text. Tracing needs no GPU. */
import { describe, expect, test } from "vitest";
import { cat, GraphError, nn, OptionError, ShapeError, stack, type Tensor } from "webgpu-lstm";
import { Graph } from "../../src/graph/graph.ts";
import { recording } from "../../src/graph/tensor.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { expectRefusal, wrong } from "../refusal.ts";

type ErrorClass = new (...args: never[]) => Error;

/** A refused call on x [2, 3, 4] and y [4, 5]. */
type Case = [name: string, call: (x: Tensor, y: Tensor) => unknown, type: ErrorClass, ...parts: string[]];

async function refuses([, call, type, ...parts]: Case): Promise<void> {
  const graph = new Graph({ next: () => ({ seed: 0, stream: 0, run: () => 0 }) });
  const [x, y] = [graph.input([2, 3, 4]), graph.input([4, 5])];
  await expectRefusal(() => recording.into(graph, () => call(x, y)), type, ...parts);
  expect(graph.nodes.filter(({ kind }) => kind === "backward")).toEqual([]);
}

const data = new Float32Array(24);
const views: Case[] = [
  ["select beyond the end", (x) => x.select(1, 3), ShapeError, "Tensor.select", "-3 to 2", "dim 1", "got 3"],
  ["select with a fraction", (x) => x.select(0, 0.5), ShapeError, "Tensor.select", "got 0.5"],
  ["select of a missing dim", (x) => x.select(3, 0), ShapeError, "Tensor.select", "rank 3", "got 3"],
  ["an empty slice", (x) => x.slice(1, 2, 2), ShapeError, "Tensor.slice", "the 3 of dim 1", "got 2, 2 and 1"],
  ["a slice backward", (x) => x.slice(1, 0, 3, -1), ShapeError, "Tensor.slice", "step at least 1", "and -1"],
  ["a slice without integers", (x) => x.slice(0, wrong("1")), ShapeError, "Tensor.slice", 'got "1"'],
  [
    "permute with a dim twice",
    (x) => x.permute([0, 1, 1]),
    ShapeError,
    "Tensor.permute",
    "once",
    "[0, 1, 1]",
  ],
  ["permute of too few", (x) => x.permute([1, 0]), ShapeError, "Tensor.permute", "all 3", "got [1, 0]"],
  ["permute without an array", (x) => x.permute(wrong(1)), ShapeError, "Tensor.permute", "got 1"],
  ["transpose of a missing dim", (x) => x.transpose(0, 3), ShapeError, "Tensor.transpose", "got 3"],
  ["reshape to another size", (x) => x.reshape([5, -1]), ShapeError, "Tensor.reshape", "positive integers"],
  ["reshape to more", (x) => x.reshape([5, 5]), ShapeError, "Tensor.reshape", "24 elements", "[5, 5]"],
  [
    "reshape with two -1",
    (x) => x.reshape([-1, -1]),
    ShapeError,
    "Tensor.reshape",
    "at most one",
    "[-1, -1]",
  ],
  ["flatten backward", (x) => x.flatten(2, 0), ShapeError, "Tensor.flatten", "got 2 and 0"],
  ["expand of a size that is not 1", (x) => x.expand([2, 3, 8]), ShapeError, "Tensor.expand", "[2, 3, 8]"],
  ["expand to fewer dimensions", (x) => x.expand([4]), ShapeError, "Tensor.expand", "got [4]"],
  ["expand of a new size of -1", (x) => x.expand([-1, 2, 3, 4]), ShapeError, "Tensor.expand", "got [-1,"],
  ["cat of nothing", () => cat([]), ShapeError, "cat", "at least one tensor"],
  ["cat of non-tensors", (x) => cat([x, wrong(data)]), GraphError, "cat", "Float32Array(24)"],
  ["cat of ranks", (x, y) => cat([x, y]), ShapeError, "cat", "sizes but in dim 0", "[2, 3, 4] and [4, 5]"],
  ["cat of scalars", (x) => cat([x.sum(), x.sum()]), ShapeError, "cat", "rank 0"],
  ["stack of shapes", (x) => stack([x, x.select(0, 0)]), ShapeError, "stack", "same shape", "and [3, 4]"],
  [
    "stack of a tensor instead of an array",
    (x) => stack(wrong(x)),
    ShapeError,
    "stack",
    "an array",
    "a Tensor",
  ],
];
const arithmetic: Case[] = [
  [
    "sizes that do not broadcast",
    (x, y) => x.add(y),
    ShapeError,
    "Tensor.add",
    "[2, 3, 4] and [4, 5]",
    "3 and 4",
  ],
  ["a typed array", (x) => x.mul(wrong(data)), GraphError, "Tensor.mul", "Float32Array(24)", "step's inputs"],
  [
    "an array with a shape",
    (x) => x.sub(wrong({ data, shape: [2, 3, 4] })),
    GraphError,
    "sub",
    "{ data, shape }",
  ],
  ["a NaN as a number", (x) => x.div(Number.NaN), OptionError, "Tensor.div", "finite", "got NaN"],
  [
    "nothing",
    (x) => x.add(wrong(undefined)),
    GraphError,
    "Tensor.add",
    "a finite number or a tensor",
    "undefined",
  ],
  [
    "matmul of sizes",
    (x, y) => y.matmul(x),
    ShapeError,
    "Tensor.matmul",
    "last but one",
    "[4, 5] and [2, 3, 4]",
  ],
  [
    "matmul of batches",
    (x) => x.matmul(x.expand([3, 2, 3, 4]).permute([0, 1, 3, 2]).slice(1, 0, 1).expand([3, 5, 4, 3])),
    ShapeError,
    "Tensor.matmul",
    "cannot be broadcast",
  ],
  ["matmul with a number", (x) => x.matmul(wrong(2)), GraphError, "Tensor.matmul", "a tensor", "got 2"],
  ["matmul with a scalar", (x) => x.matmul(x.sum()), ShapeError, "Tensor.matmul", "[2, 3, 4] and []"],
  ["a sum over a dim twice", (x) => x.sum([1, -2]), ShapeError, "Tensor.sum", "once", "[1, -2]"],
  ["a mean over no dim", (x) => x.mean(3), ShapeError, "Tensor.mean", "got 3"],
  ["a sum over a name", (x) => x.sum(wrong("rows")), ShapeError, "Tensor.sum", 'got "rows"'],
  ["softmax without a dim", (x) => x.softmax(wrong(undefined)), ShapeError, "Tensor.softmax", "undefined"],
];
const modules: Case[] = [
  ["dropout above 1", (x) => dropout(x, 1.5), OptionError, "dropout", "from 0 to 1", "got 1.5"],
  ["Dropout below 0", () => new nn.Dropout(-0.1), OptionError, "Dropout", "from 0 to 1", "got -0.1"],
  ["Dropout with options", () => new nn.Dropout(wrong({ p: 0.5 })), OptionError, "Dropout", "{ p }"],
  ["an empty table", () => new nn.Embedding(0, 3), OptionError, "Embedding: numEmbeddings", "got 0"],
  ["a table beyond float32's integers", () => new nn.Embedding(2 ** 24 + 1, 1), OptionError, "at most 2^24"],
  [
    "padding outside",
    () => new nn.Embedding(3, 2, { paddingIdx: 3 }),
    OptionError,
    "paddingIdx",
    "-3 to 2",
    "got 3",
  ],
  [
    "an unknown option",
    () => new nn.Embedding(3, 2, wrong({ maxNorm: 1 })),
    OptionError,
    '"maxNorm"',
    "paddingIdx",
  ],
  [
    "an embedding of an array",
    () => new nn.Embedding(3, 2).forward(wrong([0, 1])),
    ShapeError,
    "Embedding.forward",
    "[0, 1]",
  ],
  [
    "a vector as a table",
    () => nn.Embedding.fromPretrained({ data, shape: [24] }),
    ShapeError,
    "fromPretrained",
    "[24]",
  ],
  [
    "a table that lacks values",
    () => nn.Embedding.fromPretrained({ data, shape: [5, 5] }),
    ShapeError,
    "[5, 5]",
  ],
  [
    "no table",
    () => nn.Embedding.fromPretrained(wrong(undefined)),
    ShapeError,
    "fromPretrained",
    "undefined",
  ],
  [
    "freeze as a string",
    () => nn.Embedding.fromPretrained({ data, shape: [6, 4] }, { freeze: wrong("no") }),
    OptionError,
    "freeze",
    '"no"',
  ],
  ["a norm of nothing", () => new nn.LayerNorm([]), ShapeError, "LayerNorm", "at least one"],
  ["a norm of size 0", () => new nn.LayerNorm(0), ShapeError, "LayerNorm", "[0]"],
  [
    "a norm with a negative eps",
    () => new nn.LayerNorm(4, { eps: -1 }),
    OptionError,
    "LayerNorm: eps",
    "got -1",
  ],
  [
    "a norm of other sizes",
    (x) => new nn.LayerNorm([3, 5]).forward(x),
    ShapeError,
    "LayerNorm.forward",
    "[3, 5]",
    "got [2, 3, 4]",
  ],
  [
    "a norm of more dimensions",
    (x) => new nn.LayerNorm([7, 2, 3, 4]).forward(x),
    ShapeError,
    "LayerNorm.forward",
    "got [2, 3, 4]",
  ],
  ["Softmax without a dim", () => new nn.Softmax(wrong(undefined)), OptionError, "Softmax: dim", "undefined"],
  ["LogSoftmax of half a dim", () => new nn.LogSoftmax(0.5), OptionError, "LogSoftmax: dim", "0.5"],
  ["Flatten of options", () => new nn.Flatten(wrong({})), OptionError, "Flatten: startDim"],
  [
    "Sequential of a function",
    () => new nn.Sequential(wrong((x: Tensor) => x)),
    OptionError,
    "Sequential: expected modules",
  ],
  [
    "Sequential of a list",
    () => new nn.Sequential(wrong(new nn.ModuleList())),
    OptionError,
    "Sequential: module 0",
    "no forward()",
  ],
  [
    "an LSTM in a Sequential",
    (x) => new nn.Sequential(wrong(new nn.LSTM(4, 2))).forward(x),
    GraphError,
    "module 0, a LSTM",
    "must return a tensor",
  ],
  [
    "ModuleList of a module",
    () => new nn.ModuleList(wrong(new nn.ReLU())),
    OptionError,
    "ModuleList",
    "a ReLU",
  ],
  ["ModuleList of numbers", () => new nn.ModuleList(wrong([1])), OptionError, "ModuleList", "got 1"],
  [
    "a missing module",
    () => new nn.ModuleList([new nn.ReLU()]).at(1),
    OptionError,
    "ModuleList.at",
    "-1 to 0",
    "got 1",
  ],
];

describe("views", () => test.each(views)("%s", (...refused) => refuses(refused)));
describe("arithmetic", () => test.each(arithmetic)("%s", (...refused) => refuses(refused)));
describe("modules", () => test.each(modules)("%s", (...refused) => refuses(refused)));

test("refuses tensors outside a trace", async () => {
  const weight = new nn.Linear(2, 2).weight;
  const calls: [() => unknown, string][] = [
    [() => weight.mul(2), "Tensor.mul"],
    [() => weight.matmul(weight), "Tensor.matmul"],
    [() => weight.detach(), "Tensor.detach"],
    [() => weight.softmax(0), "Tensor.softmax"],
    [() => cat([weight, weight]), "cat"],
    [() => dropout(weight), "dropout"],
  ];
  for (const [call, name] of calls) {
    await expectRefusal(call, GraphError, `${name}: `, "only while a function is traced");
  }
});
