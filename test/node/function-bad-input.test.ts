/** Input that functions of tensors refuse, with the errors' text. Tracing needs no GPU. */
import { describe, test } from "vitest";
import { GraphError, nn, OptionError, ShapeError, type Tensor, where } from "webgpu-lstm";
import { Graph } from "../../src/graph/graph.ts";
import { recording } from "../../src/graph/tensor.ts";
import { expectRefusal, wrong } from "../refusal.ts";

type ErrorClass = new (...args: never[]) => Error;

/** A refused call on x [2, 3, 4] and y [4, 5]. */
type Case = [name: string, call: (x: Tensor, y: Tensor) => unknown, type: ErrorClass, ...parts: string[]];

const elementwise: Case[] = [
  ["an argument too many", (x) => wrong(x).abs(1), OptionError, "Tensor.abs", "unknown argument 1"],
  ["clamp without bounds", (x) => x.clamp(), OptionError, "Tensor.clamp", "at least one", "undefined"],
  ["clamp to NaN", (x) => x.clamp(0, Number.NaN), OptionError, "Tensor.clamp", "got 0 and NaN"],
  ["clamp to a text", (x) => x.clamp(wrong("0")), OptionError, "Tensor.clamp", 'got "0"'],
  ["pow of NaN", (x) => x.pow(Number.NaN), OptionError, "Tensor.pow", "exponent", "got NaN"],
  ["pow of nothing", (x) => x.pow(wrong(undefined)), GraphError, "Tensor.pow", "a number or a tensor"],
  ["maximum with a number", (x) => x.maximum(wrong(2)), GraphError, "Tensor.maximum", "a tensor", "got 2"],
  ["sizes that do not broadcast", (x, y) => x.lt(y), ShapeError, "Tensor.lt", "[2, 3, 4] and [4, 5]"],
  ["where of data", (x) => where(x, wrong([1]), 2), GraphError, "where", "a number or a tensor", "[1]"],
  ["where without a condition", (x) => where(wrong(true), x, x), GraphError, "where", "got true"],
  ["where of sizes", (x, y) => x.where(y, 0), ShapeError, "Tensor.where", "[4, 5]"],
  [
    "maskedFill with a tensor",
    (x) => x.maskedFill(x, wrong(x)),
    OptionError,
    "Tensor.maskedFill",
    "a number",
    "a Tensor",
  ],
];

const reductions: Case[] = [
  ["amax of a missing dim", (x) => x.amax(3), ShapeError, "Tensor.amax", "got 3"],
  ["amin over a dim twice", (x) => x.amin([1, -2]), ShapeError, "Tensor.amin", "once"],
  ["max with options", (x) => x.max(1, wrong({ keepdim: true })), OptionError, "Tensor.max", "keepdim"],
  ["argmin with an array", (x) => x.argmin(wrong("1")), ShapeError, "Tensor.argmin", 'got "1"'],
  ["topk of too many", (x) => x.topk(5), ShapeError, "Tensor.topk", "at most the 4 of dim 2", "got 5"],
  ["topk of none", (x) => x.topk(0), OptionError, "Tensor.topk", "k", "got 0"],
  ["topk as in PyTorch", (x) => x.topk(1, 0, wrong(false)), OptionError, "Tensor.topk", "options"],
  ["cumsum without a dim", (x) => x.cumsum(wrong(undefined)), ShapeError, "Tensor.cumsum", "undefined"],
  ["var as in PyTorch 1", (x) => x.var(0, wrong(false)), OptionError, "Tensor.var", "options"],
  ["std unbiased", (x) => x.std(0, wrong({ unbiased: false })), OptionError, "Tensor.std", "unbiased"],
];

const indexing: Case[] = [
  ["view of sizes", (x) => wrong(x).view(4, 6), ShapeError, "view", "reshape([…])", "4, 6"],
  ["view of another size", (x) => x.view([5, 5]), ShapeError, "24 elements", "[5, 5]"],
  [
    "split of sizes that do not add up",
    (x) => x.split([1, 2], 2),
    ShapeError,
    "Tensor.split",
    "the 4 of dim 2",
  ],
  ["split of nothing", (x) => x.split(0), ShapeError, "Tensor.split", "got 0"],
  ["split of a fraction", (x) => x.split(1.5, 1), ShapeError, "Tensor.split", "got 1.5"],
  ["chunk into none", (x) => x.chunk(0), OptionError, "Tensor.chunk", "got 0"],
  ["unbind of a missing dim", (x) => x.unbind(-4), ShapeError, "Tensor.unbind", "got -4"],
  ["gather by data", (x) => x.gather(0, wrong([0])), GraphError, "Tensor.gather", "got [0]"],
  ["gather of ranks", (x, y) => x.gather(0, y), ShapeError, "Tensor.gather", "[2, 3, 4]", "[4, 5]"],
  [
    "gather of sizes",
    (x) => x.gather(0, x.reshape([2, 4, 3])),
    ShapeError,
    "none but dim 0 larger",
    "[2, 4, 3]",
  ],
  ["indexSelect by a matrix", (x, y) => x.indexSelect(0, y), ShapeError, "one dimension", "[4, 5]"],
  ["oneHot of no classes", (x) => x.oneHot(0), OptionError, "Tensor.oneHot", "numClasses", "got 0"],
];

const modules: Case[] = [
  ["GELU of a name", () => new nn.GELU({ approximate: wrong("erf") }), OptionError, "GELU", '"erf"'],
  ["ELU with options", () => new nn.ELU(wrong({ alpha: 1 })), OptionError, "ELU", "alpha", "{ alpha }"],
  ["Softplus of NaN", () => new nn.Softplus(Number.NaN), OptionError, "Softplus", "beta", "got NaN"],
  ["Hardtanh upside down", () => new nn.Hardtanh(1, -1), OptionError, "Hardtanh", "got -1 and 1"],
  [
    "KLDivLoss of a name",
    () => new nn.KLDivLoss({ reduction: wrong("batch") }),
    OptionError,
    "KLDivLoss",
    '"batch"',
  ],
  [
    "KLDivLoss of shapes",
    (x) => new nn.KLDivLoss().forward(x, x.sum(0)),
    ShapeError,
    "KLDivLoss.forward",
    "[3, 4]",
  ],
  [
    "a variance of another shape",
    (x) => new nn.GaussianNLLLoss().forward(x, x, x.sum(0)),
    ShapeError,
    "variance",
    "[3, 4]",
  ],
  [
    "no variance",
    (x) => new nn.GaussianNLLLoss().forward(x, x, wrong(1)),
    GraphError,
    "GaussianNLLLoss.forward",
    "got 1",
  ],
  [
    "GaussianNLLLoss without a floor",
    () => new nn.GaussianNLLLoss({ eps: 0 }),
    OptionError,
    "eps",
    "more than 0",
  ],
  [
    "vectors that do not broadcast",
    (x, y) => nn.cosineSimilarity(x, y),
    ShapeError,
    "cosineSimilarity",
    "[4, 5]",
  ],
  [
    "CosineSimilarity of a dim",
    () => new nn.CosineSimilarity(wrong(1)),
    OptionError,
    "CosineSimilarity",
    "options",
  ],
  ["SiLU in place", () => new (wrong(nn.SiLU))(true), OptionError, "SiLU", "unknown argument true"],
];

describe.each(Object.entries({ elementwise, reductions, indexing, modules }))("%s", (_, cases) => {
  test.each(cases)("%s", async (...[, call, type, ...parts]) => {
    const graph = new Graph({ next: () => ({ seed: 0, stream: 0, run: () => 0 }) });
    const [x, y] = [graph.input([2, 3, 4]), graph.input([4, 5])];
    await expectRefusal(() => recording.into(graph, () => call(x, y)), type, ...parts);
  });
});
