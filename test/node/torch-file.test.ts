/** Files of PyTorch against what PyTorch reads in them (tools/goldens/torch_files.py), and what saveTorch makes of values. */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { type NDArray, nn, optim, saveSafetensors } from "webgpu-lstm";
import { inspect, loadTorch, saveTorch, type TorchTensor } from "webgpu-lstm/formats";
import { DataError, OptionError } from "../../src/errors.ts";
import { interopSample } from "../../tools/interop/sample.ts";
import { goldenBytes, goldenJson } from "../goldens.ts";
import { wrong } from "../refusal.ts";
import { archive, unpack } from "../torch-pickle.ts";
import { typeErrors } from "../type-errors.ts";

/** A value as the goldens describe it. */
type Expected =
  | null
  | boolean
  | string
  | { readonly number: string }
  | { readonly tensor: string; readonly shape: number[]; readonly values: string[] }
  | { readonly dict: [string, Expected][] }
  | { readonly list: Expected[] }
  | { readonly tuple: Expected[] };

const expected = goldenJson<Record<string, Expected>>("torch_file_expected.json");
const file = (name: string) => goldenBytes(`torch_file_${name}.pt`);

/** The array that `keepTypes` gives for each type. */
const arrays: Record<string, unknown> = {
  float16: Float32Array,
  bfloat16: Float32Array,
  float32: Float32Array,
  float64: Float64Array,
  float8_e5m2: Float32Array,
  float8_e4m3fn: Float32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Compares a loaded value, bit for bit. */
function check(actual: unknown, wanted: Expected, keepTypes: boolean, path: string): void {
  if (typeof wanted !== "object" || wanted === null) {
    expect(actual, path).toBe(wanted);
  } else if ("number" in wanted) {
    const { number } = wanted;
    expect(actual, path).toBe(typeof actual === "bigint" ? BigInt(number) : Number(number));
  } else if ("tensor" in wanted) {
    const { data, shape } = actual as TorchTensor;
    expect(shape, path).toEqual(wanted.shape);
    expect(data, path).toBeInstanceOf(keepTypes ? arrays[wanted.tensor] : Float32Array);
    const value = (number: string) =>
      data instanceof Float32Array ? Math.fround(Number(number)) : Number(number);
    const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array;
    const values = wanted.values.map((number) => (isBig ? BigInt(number) : value(number)));
    expect(data.length, path).toBe(values.length);
    for (const [i, one] of values.entries()) expect(data[i], `${path} at ${i}`).toBe(one);
  } else if ("dict" in wanted) {
    expect(Object.getPrototypeOf(actual), path).toBe(null);
    const dict = actual as Record<string, unknown>;
    expect(Object.keys(dict).sort(), path).toEqual(wanted.dict.map(([key]) => key).sort());
    for (const [key, item] of wanted.dict) check(dict[key], item, keepTypes, `${path}.${key}`);
  } else {
    const items = "list" in wanted ? wanted.list : wanted.tuple;
    expect(Array.isArray(actual), path).toBe(true);
    expect(Object.isFrozen(actual), path).toBe("tuple" in wanted);
    expect((actual as unknown[]).length, path).toBe(items.length);
    for (const [i, item] of items.entries())
      check((actual as unknown[])[i], item, keepTypes, `${path}[${i}]`);
  }
}

describe("loadTorch gives what PyTorch reads", () => {
  const names = Object.keys(expected);

  it.each(names)("in the file %s, in types of its own", (name) => {
    check(loadTorch(file(name), { keepTypes: true }), expected[name]!, true, name);
  });

  it.each(names.filter((name) => name !== "large_integers"))("in the file %s, in float32", (name) => {
    check(loadTorch(file(name)), expected[name]!, false, name);
  });

  it("from an ArrayBuffer, and from a view into a larger one", () => {
    const bytes = file("views");
    const larger = new Uint8Array(bytes.length + 7);
    larger.set(bytes, 3);
    const wanted = loadTorch(bytes);
    expect(loadTorch(larger.subarray(3, 3 + bytes.length))).toEqual(wanted);
    expect(loadTorch(Uint8Array.from(bytes).buffer)).toEqual(wanted);
  });

  it("with tied weights as one array, and all else in arrays of its own", () => {
    const { base, slice, tied } = loadTorch<{ base: NDArray; slice: NDArray; tied: NDArray[] }>(
      file("views"),
    );
    expect(tied[0]).toBe(tied[1]);
    expect(tied[2]).not.toBe(tied[0]);
    slice.data[0] = 99;
    expect(base.data[2]).toBe(2);
    expect(slice.data.buffer.byteLength).toBe(12);
  });

  it("with the file as it was", () => {
    const bytes = Uint8Array.from(file("types"));
    loadTorch(bytes);
    expect(bytes).toEqual(Uint8Array.from(file("types")));
  });

  it("with a key __proto__ that is a key and nothing else", () => {
    const loaded = loadTorch<Record<string, unknown>>(file("checkpoint"));
    expect(Object.hasOwn(loaded, "__proto__")).toBe(true);
    expect((loaded as { polluted?: unknown }).polluted).toBe(undefined);
    expect(({} as { polluted?: unknown }).polluted).toBe(undefined);
  });
});

describe("a state dict loads into", () => {
  it("a model of this library", async () => {
    class Model extends nn.Module {
      readonly 0 = new nn.GRU(2, 3, { batchFirst: true });
    }
    const model = new Model();
    const state = loadTorch<Record<string, NDArray>>(file("gru"));
    model.loadStateDict(state);
    expect((await model.stateDict()).get("0.weight_hh_l0")).toEqual(state["0.weight_hh_l0"]);
    model.dispose();
    const lstm = new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true });
    lstm.loadStateDict(loadTorch<Record<string, NDArray>>(file("lstm")));
    lstm.dispose();
  });

  it("an optimizer, and back to a file", async () => {
    const model = new nn.Sequential(new nn.Linear(3, 2), new nn.LayerNorm(2));
    const optimizer = new optim.Adam(model.parameters());
    const saved = loadTorch<{ optimizer: optim.OptimizerStateDict }>(file("checkpoint"));
    optimizer.loadStateDict(saved.optimizer);
    const state = await optimizer.stateDict();
    expect(state.param_groups[0]!["lr"]).toBe(0.01);
    expect(state.state[0]!["exp_avg"]).toEqual(saved.optimizer.state[0]!["exp_avg"]);
    expect(loadTorch(saveTorch(state))).toEqual(state);
    model.dispose();
  });
});

describe("float32 without keepTypes", () => {
  it("refuses integers that it does not hold", () => {
    expect(() => loadTorch(file("large_integers"))).toThrow(DataError);
    expect(() => loadTorch(file("large_integers"))).toThrow(
      /^loadTorch: .*the I64 tensor of storage "0" at index 0: no float holds the integer 9007199254740993 exactly; load with \{ keepTypes: true \}$/,
    );
  });

  it("refuses float64 that overflows, and rounds the rest", () => {
    const one = (value: number) => saveTorch({ data: Float64Array.of(value), shape: [] });
    expect(loadTorch(one(1 / 3))).toEqual({ data: Float32Array.of(1 / 3), shape: [] });
    expect(() => loadTorch(one(1e300))).toThrow(/the F64 tensor .* float32 does not hold 1e\+300; load with/);
  });
});

describe("saveTorch", () => {
  const sample = interopSample();

  it("writes the file that PyTorch has read", () => {
    expect(Buffer.from(saveTorch(sample)).equals(Buffer.from(file("saved")))).toBe(true);
  });

  it("writes what loadTorch reads again", () => {
    const { numbers, state } = sample;
    const again = loadTorch<typeof sample>(saveTorch(sample), { keepTypes: true });
    expect(again.numbers).toEqual(numbers);
    expect(again.types).toEqual(sample.types);
    expect(again.pair).toEqual(sample.pair);
    expect(Object.isFrozen(again.pair)).toBe(true);
    expect(Object.entries(again.state)).toEqual([...state]);
    expect(Object.keys(again)).toEqual(Object.keys(sample));
  });

  it("writes a shared array once", () => {
    const data = new Float32Array(1000);
    const bytes = saveTorch([
      { data, shape: [1000] },
      { data, shape: [10, 100] },
    ]);
    expect(bytes.length).toBeLessThan(5000);
    expect(loadTorch<NDArray[]>(bytes).map(({ shape }) => shape)).toEqual([[1000], [10, 100]]);
  });

  it("begins each storage at a multiple of 64 bytes", () => {
    const bytes = saveTorch(sample);
    for (const [name, data] of Object.entries(unpack(bytes))) {
      expect((data.byteOffset - bytes.byteOffset) % 64, name).toBe(0);
    }
  });

  it("takes its own files apart and together, bit for bit", () => {
    for (const name of ["lstm", "types", "untyped"]) {
      const loaded = loadTorch(file(name), { keepTypes: true });
      expect(loadTorch(saveTorch(loaded), { keepTypes: true })).toEqual(loaded);
    }
  });

  const cyclic: unknown[] = [];
  cyclic.push({ cyclic });
  it.each<[string, unknown, RegExp]>([
    ["undefined", undefined, /^saveTorch: value must be a tensor .* got undefined$/],
    ["a function", { a: [1, () => 1] }, /^saveTorch: value\["a"\]\[1\] must be a tensor/],
    ["an object of a class", { a: new Date() }, /value\["a"\] must be a tensor .* got a Date/],
    ["a model", new nn.ReLU(), /value must be a tensor .* got a ReLU/],
    ["an array without a shape", new Float32Array(2), /must be a tensor .* got Float32Array\(2\)/],
    [
      "data of another type",
      { data: new Uint8ClampedArray(2), shape: [2] },
      /data of Float32Array, .*got Uint8ClampedArray/,
    ],
    [
      "a shape that does not fit",
      { data: new Float32Array(2), shape: [3] },
      /a shape of 2 elements, got \[3\]/,
    ],
    ["a shape of fractions", { data: new Float32Array(1), shape: [0.5, 2] }, /a shape of 1 elements/],
    ["a Map with other keys", new Map([[true, 1]]), /keys that are text or integers, got true/],
    ["half a surrogate pair", ["\ud83d"], /value\[0\] must be text without half a surrogate/],
    ["an integer without end", 2n ** 2040n, /an integer of at most 255 bytes/],
    [
      "an object that contains itself",
      cyclic,
      /nested too deeply, or contains itself: more than 1000 levels/,
    ],
  ])("refuses %s", (_, value, message) => {
    expect(() => saveTorch(value)).toThrow(DataError);
    expect(() => saveTorch(value)).toThrow(message);
  });
});

test("a state dict of 20,000 tensors with one element each loads, for all its names", () => {
  const state = new Map(
    Array.from({ length: 20_000 }, (_, i) => [`layer.${i}.weight`, { data: Float32Array.of(i), shape: [1] }]),
  );
  const loaded = loadTorch<Record<string, NDArray>>(saveTorch(state));
  expect(Object.keys(loaded)).toEqual([...state.keys()]);
  expect(loaded["layer.19999.weight"]).toEqual({ data: Float32Array.of(19_999), shape: [1] });
});

describe("inspect", () => {
  it("knows safetensors whatever the length of their header looks like", () => {
    const lengths = new Set<number>();
    for (let note = ""; note.length < 2000; note += "eight by") {
      const bytes = saveSafetensors(new Map([["w", { data: new Float32Array(1), shape: [1] }]]), { note });
      lengths.add(new DataView(bytes.buffer).getUint16(0, true));
      expect(inspect(bytes).format).toBe("safetensors");
    }
    // As the first two bytes of a pickle of protocol 2 and 4.
    expect([...lengths]).toEqual(expect.arrayContaining([0x0280, 0x0480]));
  });

  it("lists a .pt file's tensors and values by their keys, in types of the file", () => {
    const { format, opensWith, tensors, metadata } = inspect(file("checkpoint"));
    expect([format, opensWith]).toEqual(["torch", "loadTorch"]);
    expect(tensors.slice(0, 2)).toEqual([
      { name: "model.0.weight", dtype: "F32", shape: [2, 3] },
      { name: "model.0.bias", dtype: "F32", shape: [2] },
    ]);
    expect(tensors).toContainEqual({ name: "model.1.num_batches_tracked", dtype: "I64", shape: [] });
    expect(tensors).toContainEqual({ name: "optimizer.state.0.exp_avg", dtype: "F32", shape: [2, 3] });
    expect(metadata.get("epoch")).toBe("3");
    expect(metadata.get("optimizer.param_groups.0.betas.1")).toBe("0.999");
  });

  it("lists a safetensors file's", () => {
    const { format, opensWith, tensors, metadata } = inspect(goldenBytes("file_types.safetensors"));
    expect([format, opensWith]).toEqual(["safetensors", "loadSafetensors"]);
    expect(tensors).toContainEqual({ name: "bf16", dtype: "BF16", shape: [72] });
    expect(metadata.get("umlaut")).toBe("Größe");
  });

  it("knows a .pt file that was packed again, with its entries in another order", () => {
    const entries = Object.entries(unpack(file("types"))).reverse();
    const packed = archive({ "archive/": new Uint8Array(0), ...Object.fromEntries(entries) });
    expect(inspect(packed).tensors).toEqual(inspect(file("types")).tensors);
    expect(loadTorch(packed)).toEqual(loadTorch(file("types")));
  });

  it("loads no tensor: one that would take 4 TB is only described", () => {
    const { tensors } = inspect(file("refused_expanded"));
    expect(tensors).toEqual([{ name: "", dtype: "F32", shape: [1_000_000, 1_000_000] }]);
  });

  const bytesOf = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
  it.each<[string, Uint8Array]>([
    ["torch-legacy", file("refused_legacy")],
    ["pickle", bytesOf("\x80\x04\x95\x00")],
    ["onnx", bytesOf("\x08\x08\x12\x07pytorch")],
    ["tfjs", bytesOf('{"format":"layers-model","modelTopology":{}}')],
    ["hdf5", bytesOf("\x89HDF\r\n\x1a\n\x00")],
    ["tflite", bytesOf("\x1c\x00\x00\x00TFL3")],
    ["numpy", bytesOf("\x93NUMPY\x01\x00")],
    ["gguf", bytesOf("GGUF\x03\x00\x00\x00")],
    ["zip", archive({ "model.json": bytesOf("{}") })],
  ])("knows %s by name, and says what to do", (format, bytes) => {
    expect(inspect(bytes)).toEqual({
      format,
      opensWith: null,
      tensors: [],
      metadata: new Map(),
      advice: expect.stringMatching(/.{10}/) as string,
    });
  });

  it.each([
    ["nothing", ""],
    ["text", "hello"],
    ["JSON", "{}"],
  ])("does not know %s", (_, text) => {
    expect(inspect(bytesOf(text))).toEqual({
      format: "unknown",
      opensWith: null,
      tensors: [],
      metadata: new Map(),
    });
  });
});

test("the program of docs/formats.md type-checks", () => {
  const guide = readFileSync(new URL("../../docs/formats.md", import.meta.url), "utf8");
  const [, program] = /^```ts\n(.*?)^```/ms.exec(guide)!;
  const given = `
import { type NDArray, nn, optim } from "webgpu-lstm";
declare const bytes: ArrayBuffer;
declare const model: nn.Module;
declare const optimizer: optim.Adam;
`;
  expect(typeErrors([given + program, given + program!.replace("loadTorch<", "loadPickle<")])).toEqual([
    expect.stringMatching(/loadPickle/),
  ]);
});

test("arguments of another kind are refused", () => {
  for (const call of [loadTorch, inspect]) {
    expect(() => call(wrong("checkpoint.pt"))).toThrow(
      `${call.name}: bytes must be a Uint8Array or an ArrayBuffer, got "checkpoint.pt"`,
    );
  }
  expect(() => loadTorch(file("gru"), wrong({ dtype: "f32" }))).toThrow(OptionError);
  expect(() => loadTorch(file("gru"), wrong({ keepTypes: 1 }))).toThrow(
    "loadTorch: keepTypes must be true or false, got 1",
  );
});
