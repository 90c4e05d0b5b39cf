/** The Inspect view's reading of other formats, without a GPU. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { manualSeed, nn, type Tensor } from "webgpu-lstm";
import { inspect, saveOnnx, saveTorch } from "webgpu-lstm/formats";
import { FileError } from "../../demo/inspect/file/file.ts";
import { embeddingOf, type Layer, layersOf } from "../../demo/inspect/file/layers.ts";
import {
  dynamicSizes,
  fill,
  firstSizes,
  type ModelInput,
  onnxInputs,
  parseSizes,
} from "../../demo/inspect/file/model-inputs.ts";
import { onnxLayersOf } from "../../demo/inspect/file/onnx-layers.ts";
import { FORMATS, type NamedFile, openFiles } from "../../demo/inspect/file/opening.ts";
import { textSignal } from "../../demo/inspect/layer-run/signals.ts";

const file = (path: string): NamedFile => ({
  name: path.slice(path.lastIndexOf("/") + 1),
  bytes: new Uint8Array(readFileSync(new URL(`../../${path}`, import.meta.url))),
});
const EXAMPLES = "demo/inspect/examples";
const original = () => openFiles([file("demo/inspect/examples/example.safetensors")]);

describe("files of other formats", () => {
  test("a .pt file has the tensors of the safetensors file, by the keys that lead to them", async () => {
    const { tensors } = await original();
    const opened = await openFiles([file(`${EXAMPLES}/example.pt`)]);
    expect(opened.info.format).toBe("torch");
    expect(
      opened.tensors.map(({ name, dtype, shape, data, bytes }) => ({ name, dtype, shape, data, bytes })),
    ).toEqual(tensors.map(({ name, ...rest }) => ({ name: `model.${name}`, ...rest })));
    expect(
      layersOf(opened.tensors)
        .map(({ name, kind }) => `${name} ${kind}`)
        .sort(),
    ).toEqual(["model.fc Linear", "model.lstm LSTM"]);
  });

  test("every type of a .pt file becomes numbers", async () => {
    const { tensors } = await openFiles([file("test/goldens/torch_file_types.pt")]);
    expect(new Set(tensors.map(({ dtype }) => dtype)).size).toBeGreaterThan(5);
    for (const { shape, data, bytes, dtype } of tensors) {
      expect(data.length).toBe(shape.reduce((size, n) => size * n, 1));
      const size = { F64: 8, I64: 8, F32: 4, I32: 4, F16: 2, BF16: 2, I16: 2, I8: 1, U8: 1, BOOL: 1 }[dtype];
      expect(bytes, dtype).toBe(size! * data.length);
    }
  });

  test("keys with dots lead to their tensors too", async () => {
    const data = Float32Array.of(1, 2);
    const nested = {
      "a.b": { c: { data, shape: [2] } },
      a: { b: { d: { data: Float32Array.of(3), shape: [1] } } },
    };
    const { tensors } = await openFiles([{ name: "x.pt", bytes: saveTorch(nested) }]);
    expect(tensors.map(({ name, data }) => [name, ...data])).toEqual([
      ["a.b.c", 1, 2],
      ["a.b.d", 3],
    ]);
  });

  test("an ONNX file's recurrent layers have PyTorch's gate order", async () => {
    const { tensors } = await original();
    const wanted = new Map(tensors.map(({ name, data }) => [name, data]));
    const opened = await openFiles([file(`${EXAMPLES}/example.onnx`)]);
    const layers = onnxLayersOf(opened.tensors).filter(({ stack }) => stack);
    expect(layers.map(({ name, sizes }) => `${name}: ${sizes}`)).toEqual([
      "LSTM 1: input 1, hidden 12, 1 layer",
      "LSTM 2: input 12, hidden 12, 1 layer",
    ]);
    for (const [l, { stack }] of layers.entries()) {
      for (const [key, { data }] of stack!.parameters) {
        expect(data, key).toEqual(wanted.get(`lstm.${key.replace("_l0", `_l${l}`)}`));
      }
    }
    expect(opened.model!.inputs).toEqual([
      { name: "x", whole: false, shape: ["batch", "time", 1], entries: undefined },
    ]);
  });

  test.each([
    ["GRU", () => new nn.GRU(3, 4)],
    ["LSTM", () => new nn.LSTM(4, 4)],
    ["RNN", () => new nn.RNN(3, 4)],
  ])("a %s that is saved here comes back as it was", async (kind, make) => {
    manualSeed(3);
    const layer = make();
    const bytes = await saveOnnx(layer, {
      inputs: { x: [5, 2, layer.inputSize] },
      forward: ({ x }) => ({ output: layer.forward(x as Tensor).output }),
    });
    const { tensors } = await openFiles([{ name: "x.onnx", bytes: new Uint8Array(bytes) }]);
    const [found] = onnxLayersOf(tensors).filter(({ stack }) => stack);
    expect(found!.kind).toBe(kind);
    const wanted = await layer.stateDict();
    expect(found!.stack!.parameters.size).toBe(wanted.size);
    for (const [key, { data }] of found!.stack!.parameters) expect(data, key).toEqual(wanted.get(key)!.data);
  });

  test("a layer of both directions has each direction's weights", () => {
    /** Row r of direction d has the value 100 d + r, and in the second bias 50 more. */
    const rows = (shape: number[], value: (d: number, row: number) => number) => {
      const [, count, width = 1] = shape as [number, number, number?];
      const data = Float32Array.from({ length: shape.reduce((size, n) => size * n, 1) }, (_, i) => {
        const row = Math.floor(i / width);
        return value(Math.floor(row / count), row % count);
      });
      return { name: "t", dtype: "F32", shape, data, bytes: data.byteLength };
    };
    const plain = (d: number, row: number) => 100 * d + row;
    const w = rows([2, 12, 5], plain);
    const r = rows([2, 12, 3], plain);
    const b = rows([2, 24], (d, row) => 100 * d + (row < 12 ? row : row + 38));
    const [{ stack, sizes }] = onnxLayersOf([b, w, r]) as [Layer];
    expect(sizes).toBe("input 5, hidden 3, 1 layer, both directions");
    const column = (key: string) => {
      const { data, shape } = stack!.parameters.get(key)!;
      return Array.from({ length: 12 }, (_, row) => data[row * (shape[1] ?? 1)]!);
    };
    // ONNX has the gates i, o, f, c; PyTorch i, f, g, o.
    const order = [0, 1, 2, 6, 7, 8, 9, 10, 11, 3, 4, 5];
    expect(column("weight_ih_l0")).toEqual(order);
    expect(column("weight_hh_l0_reverse")).toEqual(order.map((row) => 100 + row));
    expect(column("bias_ih_l0_reverse")).toEqual(order.map((row) => 100 + row));
    expect(column("bias_hh_l0")).toEqual(order.map((row) => 50 + row));
  });

  test("a model.json wants its shards, and says which", async () => {
    const [json, shard] = [file(`${EXAMPLES}/model.json`), file(`${EXAMPLES}/group1-shard1of1.bin`)];
    const alone = await openFiles([json]);
    expect(alone.refusal).toContain("choose or drop group1-shard1of1.bin together with the model.json");
    expect([...alone.info.operators!.keys()]).toContain("LSTM");
    const opened = await openFiles([shard, json]);
    expect(opened.refusal).toBeUndefined();
    const layers = layersOf(opened.tensors);
    expect(layers.map(({ kind }) => kind)).toEqual(["Embedding", "LSTM", "Linear"]);
    expect(opened.model!.inputs).toEqual([{ name: "x", whole: true, shape: ["batch", "time"], entries: 64 }]);
    expect(embeddingOf(layers, layers[1]!)!.shape).toEqual([64, 8]);
    const cut = await openFiles([json, { ...shard, bytes: shard.bytes.slice(0, 99) }]);
    expect(cut.refusal).toContain("got 99; a shard is cut off");
  });

  test("an ONNX model that is not computed here is described, with the reason", async () => {
    const bytes = file(`${EXAMPLES}/example.onnx`).bytes;
    const at = Buffer.from(bytes).indexOf("LSTM", Buffer.from(bytes).indexOf("LSTM"));
    // The operator's name in a node.
    const changed = Uint8Array.from(bytes);
    for (let i = at; i < changed.length - 4; i++) {
      if (Buffer.from(changed.subarray(i, i + 6)).toString("latin1") === '"\u0004LSTM')
        changed.set([0x51], i + 2);
    }
    const opened = await openFiles([{ name: "x.onnx", bytes: changed }]);
    expect([...opened.info.operators!.keys()]).toContain("QSTM");
    expect(opened.refusal).toContain("QSTM");
    expect(opened.tensors).toEqual([]);
  });

  test.each([
    ["hdf5", "\x89HDF\r\n\x1a\n and more", "an HDF5 file, as Keras writes"],
    ["numpy", "\x93NUMPY and more", "a NumPy array"],
    ["gguf", "GGUF and more", "a GGUF file"],
    ["tflite", "    TFL3 and more", "a TensorFlow Lite file"],
    ["pickle", "\x80\x02 and more", "a Python pickle"],
  ])("%s is refused by name, with what to do", async (_, text, name) => {
    const opening = openFiles([{ name: "file", bytes: new Uint8Array(Buffer.from(text, "latin1")) }]);
    await expect(opening).rejects.toThrow(FileError);
    await expect(opening).rejects.toThrow(new RegExp(`${name}: .*(convert|load it)`));
  });

  test.each(["keras", "h5"])(
    "a model that Keras saved as .%s is opened with its tensors and its input",
    async (kind) => {
      const name = `keras_file_text.${kind}`;
      const { tensors, model, refusal, info } = await openFiles([file(`test/goldens/${name}`)]);
      expect(refusal).toBeUndefined();
      expect(FORMATS[info.format]).toContain("Keras");
      expect(tensors.map((tensor) => tensor.name)).toContain("dense_7.weight");
      expect(model!.inputs).toEqual([
        { name: "x", whole: true, shape: ["batch", 6], entries: expect.any(Number) },
      ]);
    },
  );

  test("files that do not belong together are refused", async () => {
    const two = ["torch_file_gru.pt", "torch_file_lstm.pt"].map((name) => file(`test/goldens/${name}`));
    await expect(openFiles(two)).rejects.toThrow("2 files were given");
  });
});

describe("a model's inputs", () => {
  const input = (changes: Partial<ModelInput>): ModelInput => ({
    name: "x",
    whole: false,
    shape: ["batch", "time", 3],
    entries: undefined,
    ...changes,
  });

  test("are read from the file, with the embedding's entries", () => {
    const info = inspect(file("test/goldens/onnx_export_lstm_packed_script.onnx").bytes);
    expect(onnxInputs(info)).toEqual([
      { name: "tokens", whole: true, shape: ["batch", "time"], entries: 11 },
      { name: "lengths", whole: true, shape: ["batch"], entries: 11 },
    ]);
  });

  test("begin with sizes that fit, and have names for those that change", () => {
    expect(firstSizes(input({}))).toEqual([1, 24, 3]);
    expect(firstSizes(input({ name: "state", shape: [2, "N", 128] }))).toEqual([2, 1, 128]);
    expect(dynamicSizes(input({ shape: ["batch", "a b", 3, "?", "-1"] }))).toEqual({
      0: "batch",
      1: "a_b",
      3: "x_3",
      4: "x_4",
    });
  });

  test("take sizes that fit, and say what does not", () => {
    expect(parseSizes("2, 7, 3", input({}))).toEqual([2, 7, 3]);
    expect(() => parseSizes("2, 7", input({}))).toThrow("x has 3 sizes, [batch, time, 3]; 2 are given");
    expect(() => parseSizes("2", input({}))).toThrow("; 1 is given");
    expect(() => parseSizes("2, 7", input({ shape: ["n"] }))).toThrow("x has 1 size, [n]; 2 are given");
    expect(() => parseSizes("2, 7, 4", input({}))).toThrow(
      "x must be [batch, time, 3]; “2, 7, 4” does not fit in place 3",
    );
    expect(() => parseSizes("2, 0, 3", input({}))).toThrow("in place 2");
    expect(() => parseSizes("2000, 1000, 3", input({}))).toThrow("at most 1000000");
  });

  test("are filled along their steps, whatever their rank", () => {
    const sizes = [2, 8, 3];
    const sine = fill(input({}), sizes, "sine", "");
    expect(sine).toHaveLength(48);
    expect(sine.slice(0, 24)).toEqual(sine.slice(24));
    expect(sine[0]).toBe(0);
    expect(sine[3]).toBeCloseTo(Math.sin((2 * Math.PI) / 24), 6);
    expect([...fill(input({ shape: ["n"] }), [8], "step", "")]).toEqual([0, 0, 1, 1, 1, 1, 1, 1]);
    expect(fill(input({}), [2, 2, 1], "zeros", "")).toEqual(new Float32Array(4));
    expect(fill(input({}), sizes, "noise", "").every((value) => value !== 0 && Math.abs(value) < 1)).toBe(
      true,
    );
    expect([...fill(input({ whole: true, entries: 64 }), [1, 5], "text", "ab")]).toEqual([
      33, 34, 33, 34, 33,
    ]);
    expect(() => fill(input({ whole: true }), [1, 5], "text", "")).toThrow("Write some text first.");
    expect([...fill(input({}), [1, 2], "numbers", "0.5 -1e3")]).toEqual([0.5, -1000]);
    expect(() => fill(input({}), [1, 2], "numbers", "1")).toThrow("x has 2 values, [1, 2]; 1 is given");
    expect(() => fill(input({ whole: true }), [1], "numbers", "1.5")).toThrow("“1.5” is no whole number");
    expect(() => fill(input({}), [1], "numbers", "half")).toThrow("“half” is no number");
  });

  test("of a layer after an embedding are its rows", () => {
    const embedding = { data: Float32Array.from({ length: 8 }, (_, i) => i), shape: [4, 2] };
    // The codes of a, b, c are 97, 98, 99.
    expect(textSignal("abc", embedding)).toEqual({ data: Float32Array.of(2, 3, 4, 5, 6, 7), steps: 3 });
    expect(() => textSignal("x".repeat(300), embedding)).toThrow("That is 300 characters; at most 256");
  });
});
