/** Reading ONNX files: what is in them, what is refused by name, and that the field numbers are the official ones. */
import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { describe, expect, it, test } from "vitest";
import { inspect, loadOnnx } from "webgpu-lstm/formats";
import { writeModel } from "../../src/formats/onnx/message.ts";
import { type ModelProto, model, type Schema } from "../../src/formats/onnx/schema.ts";
import { Graph } from "../../src/graph/graph.ts";
import { recording } from "../../src/graph/tensor.ts";
import { goldenBytes } from "../goldens.ts";
import { floats, type GraphInit, ints, node, onnxFile, port, type TensorInit } from "../onnx-file.ts";

/** y = relu(x·wᵀ + b). */
const graph: GraphInit = {
  node: [node("Gemm", ["x", "w", "b"], ["h"], { transB: 1 }), node("Relu", ["h"], ["y"])],
  initializer: [floats("w", [2, 3], [1, 2, 3, 4, 5, 6]), floats("b", [2], [0.5, -0.5])],
  input: [port("x", ["batch", 3])],
  output: [port("y", ["batch", 2])],
};

const withNodes = (...nodes: ReturnType<typeof node>[]): Uint8Array => onnxFile({ ...graph, node: nodes });
const withTensor = (tensor: TensorInit): Uint8Array =>
  onnxFile({ ...graph, initializer: [tensor, floats("b", [2], [0, 0])] });

test("every field has the number and kind that the official descriptors give it", () => {
  const seen = new Set<string>();
  const compare = (schema: Schema, desc: DescMessage) => {
    if (seen.has(desc.typeName)) return;
    seen.add(desc.typeName);
    for (const [number, [name, kind, of]] of Object.entries(schema())) {
      const field = desc.fields.find((one) => one.number === Number(number));
      expect(field?.localName, `${desc.typeName}.${name}`).toBe(name);
      const isList = ["ints", "floats", "texts", "packed", "messages"].includes(kind);
      expect(field!.fieldKind === "list", `${desc.typeName}.${name}`).toBe(isList);
      if (of && Object.keys(of()).length > 0) compare(of, field!.message!);
    }
  };
  compare(model, ModelProtoSchema);
  expect(seen.size).toBe(13);
});

describe("loadOnnx", () => {
  it("has the float initializers as parameters, by name and with their values", async () => {
    const opened = await loadOnnx(
      onnxFile({ ...graph, initializer: [...graph.initializer!, ints("n", [1], [7])] }),
    );
    expect(opened.inputNames).toEqual(["x"]);
    expect(opened.outputNames).toEqual(["y"]);
    const state = await opened.stateDict();
    expect([...state.keys()]).toEqual(["w", "b"]);
    expect(state.get("w")).toEqual({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
    opened.dispose();
  });

  it("reads every type and field of tensors", async () => {
    const half = (bits: number[]) => new Uint8Array(Uint16Array.from(bits).buffer);
    const stored: [string, TensorInit, number[]][] = [
      ["float_data", { dataType: 1, floatData: [1.5, -2] }, [1.5, -2]],
      ["double_data", { dataType: 11, doubleData: [0.1, 1e-300] }, [Math.fround(0.1), 0]],
      ["raw double", { dataType: 11, rawData: new Uint8Array(Float64Array.of(3, 4).buffer) }, [3, 4]],
      ["raw float16", { dataType: 10, rawData: half([0x3c00, 0xc000]) }, [1, -2]],
      ["int32_data float16", { dataType: 10, int32Data: [0x3c00, 0xc000] }, [1, -2]],
      ["raw bfloat16", { dataType: 16, rawData: half([0x3f80, 0xc000]) }, [1, -2]],
    ];
    for (const [what, tensor, wanted] of stored) {
      const opened = await loadOnnx(withTensor({ ...tensor, name: "w", dims: [1n, 2n] }));
      expect(Array.from((await opened.stateDict()).get("w")!.data), what).toEqual(wanted);
      opened.dispose();
    }
  });

  it("refuses global pooling of an input without an axis to pool over", async () => {
    for (const operator of ["GlobalAveragePool", "GlobalMaxPool"]) {
      const opened = await loadOnnx(
        onnxFile({
          node: [node(operator, ["x"], ["y"])],
          input: [port("x", [2, 3])],
          output: [port("y", [2, 3])],
        }),
      );
      const trace = new Graph({ next: () => 0 } as never);
      const run = () => recording.into(trace, () => opened.forward({ x: trace.input([2, 3]) }));
      expect(run).toThrow(`node 0 (${operator}): its input must be [batch, channels, *], got [2, 3]`);
    }
  });

  it("takes names such as __proto__ and constructor as names", async () => {
    const odd = onnxFile({
      node: [node("Add", ["__proto__", "constructor"], ["toString"])],
      initializer: [floats("constructor", [1], [1])],
      input: [port("__proto__", [2])],
      output: [port("toString", [2])],
    });
    const opened = await loadOnnx(odd);
    expect(opened.inputNames).toEqual(["__proto__"]);
    expect([...(await opened.stateDict()).keys()]).toEqual(["constructor"]);
    opened.dispose();
    await expect(loadOnnx(withNodes(node("__proto__", ["x"], ["y"])))).rejects.toThrow(/__proto__: node 0/);
  });

  it("lists all operators that are missing, each with its node", async () => {
    const file = withNodes(
      node("NoSuchThing", ["x"], ["a"], {}, { name: "first" }),
      node("Attention", ["a"], ["c"], {}, { domain: "com.microsoft" }),
      node("NoSuchThing", ["c"], ["y"]),
      node("NeitherThis", ["x"], ["unused"]),
    );
    await expect(loadOnnx(file)).rejects.toThrow(
      'loadOnnx: 2 of the model\'s operators are not computed here: NoSuchThing: node "first" (NoSuchThing); ' +
        "com.microsoft.Attention: node 1 (Attention); NoSuchThing: node 2 (NoSuchThing); docs/formats.md",
    );
  });

  const raw = (length: number) => ({ name: "w", dataType: 1, rawData: new Uint8Array(length) });
  const deep = (levels: number): GraphInit => ({
    node: [node("If", ["c"], ["y"], levels > 0 ? { then_branch: { g: deep(levels - 1) } } : {})],
    output: [port("y", [])],
  });
  it.each<[string, Uint8Array, RegExp]>([
    ["bytes that are cut off", onnxFile(graph).slice(0, -5), /its protobuf is damaged .*cut off/],
    ["a length that lies", Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f), /its protobuf is damaged/],
    ["no graph", Uint8Array.of(0x08, 0x08), /it has no graph/],
    ["an old version", onnxFile(graph, 6), /version 6 of ONNX's operators, and versions 7 to 28/],
    ["a future version", onnxFile(graph, 99), /version 99/],
    ["no version", onnxFile(graph, 17, { opsetImport: [] }), /0 versions/],
    ["functions", onnxFile(graph, 17, { functions: [{ name: "f" }] }), /functions of its own \("f"\)/],
    [
      "too few bytes",
      withTensor({ ...raw(20), dims: [2n, 3n] }),
      /"w" .*\[2, 3\] must have 6 values, and its data has 5/,
    ],
    ["too many bytes", withTensor({ ...raw(28), dims: [2n, 3n] }), /has 7/],
    ["a half value", withTensor({ ...raw(23), dims: [2n, 3n] }), /has 5.75/],
    ["no data", withTensor({ name: "w", dataType: 1, dims: [2n, 3n] }), /has 0/],
    [
      "huge sizes",
      withTensor({ ...raw(24), dims: [2n ** 31n, 2n ** 31n] }),
      /must have 4611686018427388000 values/,
    ],
    ["sizes beyond 2^53", withTensor({ ...raw(24), dims: [2n ** 60n] }), /every size must be an integer/],
    ["negative sizes", withTensor({ ...raw(24), dims: [-2n, -3n] }), /every size must be an integer/],
    [
      "many dims",
      withTensor({ ...raw(4), dims: Array(40).fill(1n) as bigint[] }),
      /40 dimensions, more than 32/,
    ],
    ["strings", withTensor({ name: "w", dataType: 8, dims: [0n] }), /is of type string/],
    ["an unknown type", withTensor({ name: "w", dataType: 99, dims: [0n] }), /is of type type 99/],
    [
      "external data",
      withTensor({
        ...raw(0),
        dims: [2n, 3n],
        externalData: [{ key: "location", value: "../../etc/passwd" }],
      }),
      /data in another file \("\.\.\/\.\.\/etc\/passwd"\)/,
    ],
    ["a segment", withTensor({ ...raw(24), dims: [2n, 3n], segment: { begin: 0n } }), /segments/],
    [
      "float64 beyond float32",
      withTensor({ name: "w", dataType: 11, dims: [1n], doubleData: [1e300] }),
      /float32 does not hold the 1e\+300 of the initializer "w"/,
    ],
    [
      "a name twice",
      onnxFile({ ...graph, initializer: [floats("w", [1], [1]), floats("w", [1], [1])] }),
      /"w" of an initializer is given twice/,
    ],
    [
      "two nodes with one result",
      withNodes(node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"])),
      /"y" of node 1 \(Tanh\) is given twice/,
    ],
    [
      "a cycle",
      withNodes(node("Add", ["x", "b2"], ["a"]), node("Relu", ["a"], ["b2"]), node("Relu", ["b2"], ["y"])),
      /node 0 \(Add\) reads "b2".*cyclic/,
    ],
    [
      "a node that reads itself",
      withNodes(node("Add", ["x", "y"], ["y"])),
      /node 0 \(Add\) reads "y".*cyclic/,
    ],
    ["an unknown name", withNodes(node("Relu", ["nothing"], ["y"])), /reads "nothing"/],
    ["an output that nothing gives", withNodes(node("Relu", ["x"], ["z"])), /nothing gives the output "y"/],
    [
      "an attribute twice",
      withNodes(node("Relu", ["x"], ["y"], {}, { attribute: [{ name: "a" }, { name: "a" }] })),
      /the attribute "a" twice/,
    ],
    [
      "a reference outside of a function",
      withNodes(node("Relu", ["x"], ["y"], {}, { attribute: [{ name: "a", refAttrName: "b" }] })),
      /refers to an attribute/,
    ],
    ["sparse initializers", onnxFile({ ...graph, sparseInitializer: [{}] }), /sparse initializers/],
    ["100 graphs within graphs", onnxFile(deep(60)), /nested more than 100 levels/],
    ["a .pt file", Uint8Array.from(goldenBytes("torch_file_lstm.pt")), /its protobuf is damaged/],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(loadOnnx(bytes)).rejects.toThrow(message);
    await expect(loadOnnx(bytes)).rejects.toThrow(/^loadOnnx: not an ONNX model that can be read: /);
  });

  it("refuses options and constants that do not fit", async () => {
    const file = onnxFile({ ...graph, input: [...graph.input!, port("sr", [], 7)] });
    const load = (constants: unknown) => loadOnnx(file, { constants } as Parameters<typeof loadOnnx>[1]);
    await expect(load({ rate: 1 })).rejects.toThrow(/no input "rate"; it has "x", "sr"/);
    await expect(load({ sr: 1.5 })).rejects.toThrow(
      /input "sr" must be a number, a bigint or .* of int64, got 1.5/,
    );
    await expect(load({ sr: "16000" })).rejects.toThrow(/got "16000"/);
    await expect(load({ sr: { data: [1, 2], shape: [3] } })).rejects.toThrow(/must have 3 values, got 2/);
    await expect(load(7)).rejects.toThrow(/constants must be an object/);
    await expect(loadOnnx(file, { constant: {} } as object)).rejects.toThrow(/unknown option "constant"/);
    await expect(loadOnnx("file" as unknown as Uint8Array)).rejects.toThrow(/bytes must be a Uint8Array/);
    const opened = await load({ sr: 16000n });
    expect(opened.inputNames).toEqual(["x"]);
    opened.dispose();
  });
});

test("numbers that PyTorch's exporter has computed are no parameters", async () => {
  const zeros = (name: string, ...dims: number[]) => floats(name, dims, Array(size(dims)).fill(0));
  const ones = (name: string, ...dims: number[]) => floats(name, dims, Array(size(dims)).fill(1));
  const some = (name: string, ...dims: number[]) =>
    floats(
      name,
      dims,
      Array.from({ length: size(dims) }, (_, i) => i),
    );
  const size = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);
  const bytes = onnxFile({
    node: [
      node("LSTM", ["x", "val_1", "val_2", "val_3", "", "val_4", "val_4"], ["a"], { hidden_size: 2 }),
      node("GRU", ["x", "gru.w", "gru.r", "", "", "val_5"], ["b"], {
        hidden_size: 2,
        linear_before_reset: 1,
      }),
      node("GRU", ["x", "gru.w", "gru.r", "", "", "h0"], ["c"], { hidden_size: 2, linear_before_reset: 1 }),
      node("Mul", ["x", "val_6"], ["d"]),
      node("Add", ["d", "val_7"], ["e"]),
      node("Mul", ["e", "tau"], ["f"]),
      node("LayerNormalization", ["f", "val_8", "val_9"], ["g"]),
      node("LayerNormalization", ["g", "norm.weight", "norm.bias"], ["h"]),
      node("MatMul", ["h", "val_10"], ["i"]),
      node("PRelu", ["i", "val_11"], ["j"]),
      node("Mul", ["j", "val_12"], ["k"]),
      node("MatMul", ["k", "val_12"], ["l"]),
    ],
    input: [port("x", [4, 1, 2])],
    output: ["a", "b", "c", "l"].map((name) => port(name, [])),
    initializer: [
      ...[zeros("val_1", 1, 8, 2), zeros("val_2", 1, 8, 2), zeros("val_3", 1, 16), zeros("val_4", 1, 1, 2)],
      ...[some("gru.w", 1, 6, 2), some("gru.r", 1, 6, 2), some("val_5", 1, 1, 2), zeros("h0", 1, 1, 2)],
      ...[ones("val_6", 1), zeros("val_7", 2), ones("tau", 1), ones("val_8", 2), zeros("val_9", 2)],
      ...[ones("norm.weight", 2), zeros("norm.bias", 2), ones("val_10", 2, 1), ones("val_11", 1, 1)],
      ones("val_12", 1, 1),
    ],
  });
  const learned = [...(await loadOnnx(bytes)).namedParameters()].map(([name]) => name);
  expect(learned.sort()).toEqual(
    [
      ...["gru.r", "gru.w", "h0", "norm.bias", "norm.weight", "tau"],
      ...["val_1", "val_10", "val_11", "val_12", "val_2", "val_3", "val_5", "val_7"],
    ].sort(),
  );
});

test("the official reader reads what is written", () => {
  const written: ModelProto = {
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      name: "g",
      node: [
        {
          opType: "Squeeze",
          input: ["x"],
          output: ["y"],
          attribute: [
            { name: "axes", type: 7, ints: [0, -1] },
            { name: "alpha", type: 1, f: 0.5 },
            { name: "direction", type: 3, s: new TextEncoder().encode("forward") },
          ],
        },
      ],
      initializer: [
        { name: "w", dims: [2], dataType: 1, rawData: Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 64) },
      ],
      input: [
        {
          name: "x",
          type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: "batch" }, { dimValue: 3 }] } } },
        },
      ],
    },
  };
  const read = fromBinary(ModelProtoSchema, writeModel(written));
  expect(read.irVersion).toBe(8n);
  expect(read.opsetImport[0]).toMatchObject({ domain: "", version: 17n });
  expect(read.graph!.node[0]).toMatchObject({ opType: "Squeeze", input: ["x"], output: ["y"] });
  expect(read.graph!.node[0]!.attribute[0]).toMatchObject({ name: "axes", type: 7, ints: [0n, -1n] });
  expect(read.graph!.node[0]!.attribute[1]).toMatchObject({ name: "alpha", f: 0.5 });
  expect(read.graph!.initializer[0]).toMatchObject({ name: "w", dims: [2n], dataType: 1 });
  expect(Array.from(read.graph!.initializer[0]!.rawData)).toEqual([0, 0, 128, 63, 0, 0, 0, 64]);
  const { value } = read.graph!.input[0]!.type!.value as { value: { shape: { dim: { value: unknown }[] } } };
  expect(value.shape.dim.map((dim) => dim.value)).toEqual([
    { case: "dimParam", value: "batch" },
    { case: "dimValue", value: 3n },
  ]);
});

describe("inspect", () => {
  it("says what an ONNX model has and takes", () => {
    const inner = {
      node: [node("Tanh", ["y"], ["z"])],
      initializer: [floats("deep", [1], [1])],
      output: [port("z", [])],
    };
    const file = onnxFile(
      { ...graph, node: [...graph.node!, node("If", ["c"], ["z"], { then_branch: { g: inner } })] },
      17,
      { metadataProps: [{ key: "author", value: "me" }] },
    );
    const found = inspect(file);
    expect(found).toMatchObject({ format: "onnx", opensWith: "loadOnnx" });
    expect(found.tensors).toEqual([
      { name: "w", dtype: "F32", shape: [2, 3] },
      { name: "b", dtype: "F32", shape: [2] },
      { name: "deep", dtype: "F32", shape: [1] },
    ]);
    expect(Object.fromEntries(found.operators!)).toEqual({ Gemm: 1, If: 1, Relu: 1, Tanh: 1 });
    expect(Object.fromEntries(found.metadata)).toEqual({
      producer: "test",
      ir_version: "8",
      "opset ai.onnx": "17",
      "input x": "float [batch, 3]",
      "output y": "float [batch, 2]",
      author: "me",
    });
  });

  it("refuses a damaged one", () => {
    expect(() => inspect(onnxFile(graph).slice(0, -5))).toThrow(/^inspect: not an ONNX model .*damaged/);
  });
});
