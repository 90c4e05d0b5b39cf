/** The table of docs/formats.md of what `saveOnnx` writes: made here from files that it writes, for every op that it knows. */
import { readFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { expect, test } from "vitest";
import { cat, GraphError, nn, type Tensor, tensor, where } from "webgpu-lstm";
import { inspect, saveOnnx } from "webgpu-lstm/formats";
import { dtypeName } from "../../src/formats/onnx/dtype.ts";
import { entries } from "../../src/formats/onnx/export/export-table.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { apply, recording } from "../../src/graph/tensor.ts";
import { elementwise } from "../../src/ops/tensor/pointwise.ts";
import { ELEMENTWISE } from "../../src/ops/tensor/pointwise-passes.ts";

type Fn = (x: Tensor) => Tensor | object;

/** Modules that are functions of one tensor. */
type Layer = nn.Module & { forward(x: Tensor): Tensor | object };

const layers = {
  linear: new nn.Linear(6, 3),
  conv: new nn.Conv1d(4, 2, 3),
  up: new nn.ConvTranspose1d(4, 2, 3),
  embedding: new nn.Embedding(9, 4),
  norm: new nn.LayerNorm(6),
  groupNorm: new nn.GroupNorm(2, 4),
  batchNorm: new nn.BatchNorm1d(4),
  lstm: new nn.LSTM(6, 2),
  gru: new nn.GRU(6, 2),
  rnn: new nn.RNN(6, 2),
} satisfies Record<string, Layer>;

const packed = (x: Tensor) =>
  nn.utils.rnn.padPackedSequence(
    layers.gru.forward(nn.utils.rnn.packPaddedSequence(x, tensor([4, 3]))).output,
  ).output;

/** What stands in the table, and functions of an input [2, 4, 6] that are written so. */
const rows: readonly (readonly [label: string, ...functions: Fn[]])[] = [
  ["`add`, `sub`, `mul`, `div`", (x) => x.add(x), (x) => x.sub(x), (x) => x.mul(x), (x) => x.div(x)],
  ["the same with a number, `neg`, `mean`", (x) => x.add(1), (x) => x.mul(2), (x) => x.mean(1)],
  [
    "`relu`, `tanh`, `sigmoid`, `exp`, `log`",
    (x) => x.relu(),
    (x) => x.tanh(),
    (x) => x.sigmoid(),
    (x) => x.exp(),
    (x) => x.log(),
  ],
  ["`softmax`, `logSoftmax`", (x) => x.softmax(1), (x) => x.logSoftmax(-1)],
  ["`matmul`", (x) => x.matmul(x.transpose(1, 2)), (x) => x.matmul(x.select(0, 0).transpose(0, 1))],
  [
    "`sum`, `amax`, `amin`, `prod`, `cumsum`",
    (x) => x.sum(1),
    (x) => x.amax(1),
    (x) => x.amin(1),
    (x) => x.prod(1),
    (x) => x.cumsum(1),
  ],
  ["`argmax`, `argmin`, `topk`", (x) => x.argmax(1), (x) => x.argmin(1), (x) => x.topk(2).values],
  [
    "`maximum`, `minimum`, `pow` of two tensors",
    (x) => x.maximum(x.neg()),
    (x) => x.minimum(x.neg()),
    (x) => x.pow(x),
  ],
  [
    "`eq`, `ne`, `lt`, `le`, `gt`, `ge`",
    (x) => x.eq(0),
    (x) => x.ne(0),
    (x) => x.lt(0),
    (x) => x.le(0),
    (x) => x.gt(0),
    (x) => x.ge(0),
  ],
  ["`where`, `maskedFill`", (x) => where(x, x, 0)],
  [
    "`gather`, `indexSelect`, `oneHot`",
    (x) => x.gather(1, x.argmax(1, true)),
    (x) => x.indexSelect(1, tensor([0, 2])),
    (x) => x.argmax(1).oneHot(4),
  ],
  ["`reshape`, `view`, `flatten`, `squeeze`, `unsqueeze`", (x) => x.flatten()],
  ["`permute`, `transpose`", (x) => x.transpose(0, 1)],
  ["`slice`, `select`, `split`, `chunk`, `unbind`", (x) => x.slice(1, 1, 3)],
  ["`cat`, `stack`", (x) => cat([x, x])],
  ["`expand`", (x) => x.select(0, 0).expand([3, -1, -1])],
  ["`detach`", (x) => x.detach().add(x)],
  ["`pad`, and padding modes of `Conv1d`", (x) => x.pad([1, 1], "reflect")],
  ["`Linear`", (x) => layers.linear.forward(x), (x) => layers.linear.forward(x.select(0, 0))],
  ["`Embedding`", (x) => layers.embedding.forward(x)],
  ["`LayerNorm`", (x) => layers.norm.forward(x)],
  ["`GroupNorm`", (x) => layers.groupNorm.forward(x)],
  ["`BatchNorm1d`", (x) => layers.batchNorm.forward(x)],
  ["`Conv1d`", (x) => layers.conv.forward(x)],
  ["`ConvTranspose1d`", (x) => layers.up.forward(x)],
  ["`MaxPool1d`", (x) => new nn.MaxPool1d(2).forward(x)],
  ["`Upsample`", (x) => new nn.Upsample({ scaleFactor: 2 }).forward(x)],
  [
    "`AvgPool1d`; `AdaptiveAvgPool1d` to one element",
    (x) => new nn.AvgPool1d(2).forward(x),
    (x) => new nn.AdaptiveAvgPool1d(1).forward(x),
  ],
  [
    "`LSTM`, `GRU`, `RNN`, each direction of each layer",
    (x) => layers.lstm.forward(x),
    (x) => layers.gru.forward(x),
    (x) => layers.rnn.forward(x),
  ],
  [
    "a recurrent layer's parameter in another op too",
    (x) => ({
      own: layers.lstm.forward(x).output,
      other: x.matmul(layers.lstm.weight_ih_l0!.transpose(0, 1)),
    }),
  ],
  ["packed sequences", (x) => packed(x.transpose(0, 1))],
];

/** What a function's file has beside what carries sizes, constants and results. */
const carries = new Set(["Constant", "Identity", "Shape"]);

const model = new nn.ModuleList(Object.values(layers));

/** Types of all files' parameters, constants, inputs and results. */
const types = new Map<string, Set<string>>();

function noteTypes({ graph }: ModelProto): void {
  const all: [string, number][] = [
    ...graph!.initializer.map(({ dataType }): [string, number] => ["parameters", dataType]),
    ...graph!.node.flatMap(({ attribute }) =>
      attribute.flatMap(({ t }): [string, number][] => (t ? [["constants", t.dataType]] : [])),
    ),
    ...(["input", "output"] as const).flatMap((kind) =>
      graph![kind].map(({ type }): [string, number] => {
        const { value } = type!.value as { readonly value: { readonly elemType: number } };
        return [kind === "input" ? "inputs" : "results", value.elemType];
      }),
    ),
  ];
  for (const [what, code] of all)
    types.set(what, (types.get(what) ?? new Set<string>()).add(dtypeName(code)));
}

async function operatorsOf(fn: Fn, seen: Set<string>): Promise<readonly string[]> {
  const forward = ({ x }: Readonly<Record<string, Tensor>>) => {
    const graph = recording.current("test") as Graph;
    const made = { y: fn(x!) };
    for (const node of graph.nodes) if (node.kind === "forward") seen.add(node.op.name);
    return made as unknown as Record<string, Tensor>;
  };
  const bytes = await saveOnnx(model, { inputs: { x: [2, 4, 6] }, forward });
  noteTypes(fromBinary(ModelProtoSchema, bytes));
  const { operators } = inspect(bytes);
  return [...operators!.keys()].filter((name) => !carries.has(name));
}

test("docs/formats.md lists the operators that saveOnnx writes, for every op that it knows", async () => {
  const seen = new Set<string>();
  const lines: string[] = [];
  for (const [label, ...functions] of rows) {
    const all = new Set<string>();
    for (const fn of functions) for (const name of await operatorsOf(fn, seen)) all.add(name);
    lines.push(`| ${label} | ${[...all].sort().join(", ") || "nothing"} |`);
  }
  const functions: string[] = [];
  const refused: string[] = [];
  for (const kind of ELEMENTWISE) {
    const fn: Fn = (x) =>
      apply(kind, elementwise, [x], { kind, p: kind === "softplus" ? 1 : 0.5, q: 20 })[0]!;
    const found = await operatorsOf(fn, seen).catch((error: unknown) => {
      if (!(error instanceof GraphError)) throw error;
      return null;
    });
    if (found) functions.push(`\`${kind}\` ${found.join(", ")}`);
    else refused.push(kind);
  }
  lines.push(`| functions of one element | ${functions.join("; ")} |`);
  expect(refused).toEqual([]);
  const missing = [...entries.keys()].filter((name) => !seen.has(name));
  expect(missing, "no row of the table is made of these ops").toEqual([]);
  const docs = readFileSync(new URL("../../docs/formats.md", import.meta.url), "utf8");
  const [, table] = /\| of the library \| operators of ONNX \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(docs) ?? [];
  expect(table?.trimEnd().split("\n")).toEqual(lines);
  const listed = [...types].map(([what, names]) => `${what} ${[...names].sort().join(" or ")}`);
  expect(docs.replaceAll("\n", " ")).toContain(`Types in the file: ${listed.join(", ")}.`);
});

/** The nodes of a saved function of x [2, 4, 6]. */
async function nodesOf(fn: Fn, inside: nn.Module = model) {
  const forward = ({ x }: Readonly<Record<string, Tensor>>) => ({ y: fn(x!) }) as Record<string, Tensor>;
  const bytes = await saveOnnx(inside, { inputs: { x: [2, 4, 6] }, forward });
  return fromBinary(ModelProtoSchema, bytes).graph!.node;
}

test("a mean over a window that reaches beyond the padding does not count what is there", async () => {
  const attributes = async (options: nn.AvgPool1dOptions) => {
    const nodes = await nodesOf((x) => new nn.AvgPool1d(3, options).forward(x));
    const { attribute } = nodes.find(({ opType }) => opType === "AveragePool")!;
    return Object.fromEntries(
      attribute.map(({ name, i, ints }) => [name, ints.length > 0 ? ints.map(Number) : Number(i)]),
    );
  };
  const shared = { kernel_shape: [3], strides: [2] };
  // The last of 4 windows begins at place 5 of the 6 and reaches 1 further than the padding.
  expect(await attributes({ stride: 2, padding: 1, ceilMode: true })).toEqual({
    ...shared,
    pads: [1, 1],
    count_include_pad: 1,
    ceil_mode: 1,
  });
  expect(await attributes({ stride: 2, padding: 1, ceilMode: true, countIncludePad: false })).toEqual({
    ...shared,
    pads: [1, 2],
    count_include_pad: 0,
  });
});

test("0 and -0 are two constants", async () => {
  const nodes = await nodesOf((x) => x.where(x.gt(0), 0).add(x.where(x.lt(0), -0)));
  const values = nodes.flatMap(({ opType, attribute }) =>
    opType === "Constant" ? [...new Uint8Array(attribute[0]!.t!.rawData)].join() : [],
  );
  expect(values.filter((value) => value === "0,0,0,128").length).toEqual(1);
});
