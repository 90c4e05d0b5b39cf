import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError, OptionError } from "../../src/errors.ts";
import { loadSafetensors, saveSafetensors } from "../../src/io/safetensors.ts";
import type { NDArray } from "../../src/shape.ts";
import { goldenBytes } from "../goldens.ts";
import { recordParity } from "../parity.ts";
import { readHeader } from "../safetensors-header.ts";

const array = (shape: number[], ...data: number[]): NDArray => ({ data: Float32Array.from(data), shape });

/** A file from a header (an object, or its text) and the bytes of its data. */
function file(header: unknown, data: ArrayLike<number> = []): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const tensor = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("saveSafetensors", () => {
  it("writes every byte as the format specifies", () => {
    const saved = saveSafetensors(
      new Map([
        ["b", array([], 1)],
        ["a", array([2, 1], 2, -0.5)],
      ]),
      { note: "hi" },
    );
    const header =
      '{"__metadata__":{"note":"hi"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},' +
      '"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, " ");
    const data = [0, 0, 0, 0x40, 0, 0, 0, 0xbf, 0, 0, 0x80, 0x3f];
    expect(saved).toEqual(file(padded, data));
    expect((8 + padded.length) % 8).toBe(0);
  });

  it("sorts names by their UTF-8 bytes, even those that look like numbers", () => {
    const names = ["\u{1f600}", "\uffee", "10", "9", "a.b", "a", "A"];
    const saved = saveSafetensors(new Map(names.map((name, i) => [name, array([1], i)])));
    const text = new TextDecoder().decode(saved.subarray(8));
    const order = ["10", "9", "A", "a", "a.b", "\uffee", "\u{1f600}"];
    const places = order.map((name) => text.indexOf(`${JSON.stringify(name)}:`));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    const { tensors } = loadSafetensors(saved);
    for (const [i, name] of names.entries()) expect([...tensors.get(name)!.data]).toEqual([i]);
  });

  it("saves only the view of a larger array", () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const { tensors } = loadSafetensors(saveSafetensors(new Map([["x", { data, shape: [2] }]])));
    expect([...tensors.get("x")!.data]).toEqual([2, 3]);
  });

  it("keeps every bit, special values included", () => {
    const words = Uint32Array.of(0x7f800000, 0xff800000, 0x80000000, 1, 0x7fc00001, 0x3f800000);
    const x = { data: new Float32Array(words.buffer), shape: [2, 3] };
    const loaded = loadSafetensors(saveSafetensors(new Map([["x", x]]))).tensors.get("x")!;
    expect(new Uint32Array(loaded.data.buffer)).toEqual(words);
    expect(loaded.shape).toEqual([2, 3]);
  });

  it("round-trips files", () => {
    const name = fc.string({ unit: "grapheme" }).filter((text) => text !== "__metadata__");
    const value = fc
      .array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
      .chain((shape) =>
        fc
          .array(fc.float(), { minLength: product(shape), maxLength: product(shape) })
          .map((data): NDArray => ({ data: Float32Array.from(data), shape })),
      );
    const metadata = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), metadata, (entries, strings) => {
        const tensors = new Map(entries);
        const saved = saveSafetensors(tensors, strings);
        const loaded = loadSafetensors(saved);
        expect(new Map([...loaded.tensors].sort())).toEqual(new Map([...tensors].sort()));
        expect(loaded.metadata).toEqual(strings);
        expect(saveSafetensors(loaded.tensors, loaded.metadata)).toEqual(saved);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses data that does not fit its shape, the reserved name, and metadata that is not text", () => {
    const save = (value: unknown, name = "x") => saveSafetensors(new Map([[name, value as NDArray]]));
    expect(() => save(array([2], 1))).toThrow(DataError);
    expect(() => save(array([2], 1))).toThrow(
      /saveSafetensors: tensor "x" .* Float32Array\(1\) with shape \[2\]/,
    );
    expect(() => save(array([-1, -1], 1))).toThrow(DataError);
    expect(() => save({ data: [1], shape: [1] })).toThrow(DataError);
    expect(() => save(null)).toThrow(DataError);
    expect(() => save(array([1], 1), "__metadata__")).toThrow(/reserved/);
    expect(() => saveSafetensors(new Map(), { a: 1 } as never)).toThrow(OptionError);
  });
});

function product(shape: number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

describe("loadSafetensors", () => {
  const bytesOf = (view: ArrayBufferView) => [
    ...new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
  ];
  const load = (dtype: string, data: number[], count: number) => [
    ...loadSafetensors(file({ x: tensor(dtype, [count], 0, data.length) }, data)).tensors.get("x")!.data,
  ];

  it("reads every floating-point type", () => {
    expect(load("F32", bytesOf(Float32Array.of(1.5, -0.1)), 2)).toEqual([1.5, Math.fround(-0.1)]);
    expect(load("F64", bytesOf(Float64Array.of(0.1, 1e-300)), 2)).toEqual([Math.fround(0.1), 0]);
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0xfc00, 0x8000, 0x3555);
    expect(load("F16", bytesOf(halves), 8)).toEqual([
      1,
      -2,
      2 ** -24,
      65504,
      Infinity,
      -Infinity,
      -0,
      0.333251953125,
    ]);
    expect(load("F16", bytesOf(Uint16Array.of(0x7e00)), 1)).toEqual([Number.NaN]);
    const brains = Uint16Array.of(0x3f80, 0xc040, 0x7f80, 0x0001);
    expect(load("BF16", bytesOf(brains), 4)).toEqual([1, -3, Infinity, 2 ** -133]);
  });

  it("reads every integer type if float32 can represent the value", () => {
    expect(load("I64", bytesOf(BigInt64Array.of(-5n, 2n ** 40n)), 2)).toEqual([-5, 2 ** 40]);
    expect(load("U64", bytesOf(BigUint64Array.of(2n ** 63n)), 1)).toEqual([2 ** 63]);
    expect(load("I32", bytesOf(Int32Array.of(-7, 1 << 24)), 2)).toEqual([-7, 1 << 24]);
    expect(load("U32", bytesOf(Uint32Array.of(0x80000000)), 1)).toEqual([0x80000000]);
    expect(load("I16", bytesOf(Int16Array.of(-300)), 1)).toEqual([-300]);
    expect(load("U16", bytesOf(Uint16Array.of(65535)), 1)).toEqual([65535]);
    expect(load("I8", [0xff], 1)).toEqual([-1]);
    expect(load("U8", [0xff], 1)).toEqual([255]);
    expect(load("BOOL", [1, 0], 2)).toEqual([1, 0]);
  });

  it("refuses values that float32 cannot represent", () => {
    expect(() => load("I32", bytesOf(Int32Array.of(0, (1 << 24) + 1)), 2)).toThrow(/16777217 at index 1/);
    expect(() => load("I64", bytesOf(BigInt64Array.of(2n ** 62n + 1n)), 1)).toThrow(DataError);
    expect(() => load("F64", bytesOf(Float64Array.of(1e39)), 1)).toThrow(/1e\+39 at index 0/);
    expect(load("F64", bytesOf(Float64Array.of(Infinity)), 1)).toEqual([Infinity]);
  });

  it("keeps the header's order, which may differ from the data's", () => {
    const header = { z: tensor("U8", [1], 1, 2), a: tensor("U8", [1], 0, 1) };
    const { tensors } = loadSafetensors(file(header, [5, 6]));
    expect([...tensors].map(([name, { data }]) => [name, data[0]])).toEqual([
      ["z", 6],
      ["a", 5],
    ]);
  });

  it("reads at any alignment, from a Node buffer, and copies", () => {
    const saved = saveSafetensors(new Map([["x", array([2], 1, 2)]]));
    const shifted = Buffer.alloc(saved.length + 3);
    shifted.set(saved, 3);
    const { data } = loadSafetensors(shifted.subarray(3)).tensors.get("x")!;
    shifted.fill(0);
    expect([...data]).toEqual([1, 2]);
    expect(data.buffer.byteLength).toBe(8);
    expect([...loadSafetensors(saved.buffer).tensors.get("x")!.data]).toEqual([1, 2]);
  });

  it("reads files from the Python writer", () => {
    const bytes = goldenBytes("lstm_saturated.safetensors");
    const { tensors, metadata } = loadSafetensors(bytes);
    expect(metadata["op"]).toBe("lstm");
    expect(readHeader(bytes).entries.get("out.output")!.dtype).toBe("F64");
    expect(tensors.get("loss")!.data.length).toBe(1);
    expect(tensors.get("param.weight_ih_l0")!.shape).toEqual([28, 3]);
  });

  it("reads every number type from the Python writer as PyTorch converts it", ({ task }) => {
    const bytes = goldenBytes("file_types.safetensors");
    const { entries } = readHeader(bytes);
    const { tensors, metadata } = loadSafetensors(bytes);
    expect(metadata["umlaut"]).toBe("Größe");
    const names = [...tensors.keys()].filter((name) => !name.includes("."));
    expect(names.map((name) => entries.get(name)!.dtype).sort()).toEqual([
      "BF16",
      "BOOL",
      "F16",
      "F16",
      "F32",
      "F64",
      "I16",
      "I32",
      "I32",
      "I64",
      "I8",
      "U8",
    ]);
    for (const name of names) {
      expect(tensors.get(name), name).toEqual(tensors.get(`${name}.float`));
      const row = `reading ${entries.get(name)!.dtype}`;
      recordParity(task, { section: "Checkpoints", row, budget: "bit for bit", used: 0 });
    }
  });

  it("reads every float8 as PyTorch does", ({ task }) => {
    const bytes = goldenBytes("float8_types.safetensors");
    const { entries } = readHeader(bytes);
    const { tensors } = loadSafetensors(bytes);
    for (const name of ["e4m3", "e5m2"]) {
      const { data } = tensors.get(name)!;
      expect(data).toEqual(tensors.get(`${name}.float`)!.data);
      expect(new Set(data).size).toBeGreaterThan(240);
      const row = `reading ${entries.get(name)!.dtype}`;
      recordParity(task, { section: "Checkpoints", row, budget: "bit for bit", used: 0 });
    }
  });

  it.each<[string, Uint8Array | string, RegExp]>([
    ["nothing", new Uint8Array(0), /8-byte header length, got 0 bytes/],
    ["a string instead of bytes", "text", /must be a Uint8Array/],
    ["a header longer than allowed", Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255), /longer than/],
    ["a header longer than the file", Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d), /cut off/],
    ["an empty header", file(""), /begins with \{/],
    ["a header that begins with a space", file(" {}"), /begins with \{/],
    ["a list", file("[]"), /begins with \{/],
    ["broken JSON", file('{"a":'), /must be JSON/],
    ["broken UTF-8", Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff), /must be JSON in UTF-8/],
    ["metadata that is not an object", file({ __metadata__: [] }), /__metadata__/],
    ["metadata that is not text", file({ __metadata__: { a: 1 } }), /__metadata__/],
    ["a tensor that is null", file({ a: null }), /tensor "a": expected/],
    ["no dtype", file({ a: { shape: [], data_offsets: [0, 0] } }), /dtype must be one of/],
    ["an unknown dtype", file({ a: tensor("F8_E8M0", [], 0, 1) }, [0]), /got "F8_E8M0"/],
    ["a dtype from Object.prototype", file({ a: tensor("toString", [], 0, 1) }, [0]), /dtype must be one of/],
    ["a hostile dtype", file('{"a":{"dtype":{"constructor":{"name":{"toString":1}}}}}'), /got an object/],
    ["no shape", file({ a: tensor("U8", null, 0, 0) }), /shape must be/],
    ["a negative size", file({ a: tensor("U8", [-1, -1], 0, 1) }, [0]), /shape must be/],
    ["a size that is not an integer", file({ a: tensor("U8", [0.5, 2], 0, 1) }, [0]), /shape must be/],
    ["a size beyond 2^53", file({ a: tensor("U8", [2 ** 60], 0, 1) }, [0]), /shape must be/],
    ["a product beyond 2^64", file({ a: tensor("F32", [2 ** 50, 2 ** 50], 0, 4) }, [0, 0, 0, 0]), /takes/],
    [
      "offsets that are not a pair",
      file({ a: { dtype: "U8", shape: [1], data_offsets: [0] } }, [0]),
      /two integers/,
    ],
    ["offsets backwards", file({ a: tensor("U8", [1], 1, 0) }, [0]), /ascending/],
    ["offsets beyond the data", file({ a: tensor("F32", [1000], 0, 4000) }, [0]), /within the 1 bytes/],
    [
      "offsets that do not fit the shape",
      file({ a: tensor("F32", [2], 0, 4) }, [0, 0, 0, 0]),
      /takes 8 bytes/,
    ],
    ["a hole", file({ a: tensor("U8", [1], 0, 1), b: tensor("U8", [1], 2, 3) }, [0, 0, 0]), /hole/],
    ["an overlap", file({ a: tensor("U8", [2], 0, 2), b: tensor("U8", [2], 1, 3) }, [0, 0, 0]), /overlaps/],
    ["bytes after the last tensor", file({ a: tensor("U8", [1], 0, 1) }, [0, 0]), /the file has 2/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => loadSafetensors(bytes as Uint8Array)).toThrow(DataError);
    expect(() => loadSafetensors(bytes as Uint8Array)).toThrow(message);
    expect(() => loadSafetensors(bytes as Uint8Array)).toThrow(/^loadSafetensors: /);
  });

  it("names the call and keeps the message short, even for deep or long header values", () => {
    const deep = `{"a":{"dtype":"U8","shape":${"[".repeat(50_000)}${"]".repeat(50_000)},"data_offsets":[0,0]}}`;
    const long = { a: tensor("x".repeat(100_000), [], 0, 0) };
    for (const bytes of [file(deep), file(long)]) {
      const error = fails(bytes);
      expect(error?.message).toMatch(/^loadSafetensors: /);
      expect(error!.message.length).toBeLessThan(400);
    }
  });

  it("does not trust sizes: a small file that claims terabytes allocates nothing", () => {
    // Allocating it would throw a RangeError, which fails() lets through.
    expect(fails(file({ a: tensor("F32", [2 ** 40], 0, 2 ** 42) }))?.message).toMatch(/within the 0 bytes/);
  });
});

/** Loads; returns the DataError, or undefined if loading works. Rethrows anything else. */
function fails(bytes: Uint8Array): DataError | undefined {
  try {
    loadSafetensors(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
}
