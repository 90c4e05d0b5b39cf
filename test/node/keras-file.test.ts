/** Keras' own files that are cut off, changed, or do not fit together: named errors, in little time. */
import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { DataError, Generator, GraphError, WebGpuLstmError } from "webgpu-lstm";
import { inspect, inspectKeras, loadKeras, saveTorch } from "webgpu-lstm/formats";
import { refuser } from "../../src/formats/refuse.ts";
import { writeZip } from "../../src/formats/write-zip.ts";
import { readZip } from "../../src/formats/zip.ts";

const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../goldens/keras_file_${name}`, import.meta.url)));
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const encode = (text: string) => new TextEncoder().encode(text);

/** An archive with some of its entries changed or, for `null`, left out. */
function changed(name: string, change: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array | null>>) {
  const entries = [...readZip(read(name), refuser("test", "the archive"))].flatMap(([own, { data }]) => {
    const made = change[own] ? change[own](data) : data;
    return made ? [{ name: own, bytes: made }] : [];
  });
  return writeZip("test", entries);
}

/** A change of config.json. */
const config = (from: string, to: string) => ({
  "config.json": (bytes: Uint8Array) => {
    const text = decode(bytes);
    expect(text).toContain(from);
    return encode(text.replace(from, to));
  },
});

/** A file whose tensors say that they are stored in chunks. */
function chunked(): Uint8Array {
  const bytes = read("signal.h5");
  const view = new DataView(bytes.buffer);
  let count = 0;
  // Version 3 of the layout message, class 1 for a whole tensor, its place, and its bytes.
  for (let at = 0; at + 18 <= bytes.length; at++) {
    if (bytes[at] !== 3 || bytes[at + 1] !== 1) continue;
    const [place, size] = [Number(view.getBigUint64(at + 2, true)), Number(view.getBigUint64(at + 10, true))];
    if (size === 0 || size % 4 !== 0 || place + size > bytes.length) continue;
    bytes.set([2, 3], at + 1);
    count++;
  }
  expect(count).toBeGreaterThan(3);
  return bytes;
}

describe("loadKeras", () => {
  test("has the layers' names and the input's shape", async () => {
    for (const kind of ["keras", "h5"]) {
      const model = await loadKeras(read(`text.${kind}`));
      expect(model.inputShape).toEqual([null, 6]);
      expect([...model.namedParameters()].map(([name]) => name)).toContain("dense_7.weight");
      model.dispose();
    }
  });

  test("refuses arguments that it does not have, and what is no bytes", async () => {
    await expect(loadKeras("model.keras" as never)).rejects.toThrow(/loadKeras: bytes must be a Uint8Array/);
    await expect(loadKeras(new Uint8Array(), {} as never)).rejects.toThrow(/loadKeras/);
  });

  test.each<[string, () => Uint8Array, typeof DataError | typeof GraphError, RegExp]>([
    ["an empty file", () => new Uint8Array(), DataError, /the \.h5 file: its HDF5 is damaged/],
    ["a file of PyTorch", () => saveTorch({ a: 1 }), DataError, /it has no config\.json/],
    [
      "no weights",
      () => changed("text.keras", { "model.weights.h5": () => null }),
      DataError,
      /no model\.weights\.h5/,
    ],
    [
      "no metadata",
      () => changed("text.keras", { "metadata.json": () => null }),
      DataError,
      /no metadata\.json/,
    ],
    [
      "a description that is no JSON",
      () => changed("text.keras", { "config.json": () => encode("{") }),
      DataError,
      /must be JSON/,
    ],
    [
      "weights cut off",
      () => changed("text.keras", { "model.weights.h5": (bytes) => bytes.slice(0, bytes.length / 2) }),
      DataError,
      /the \.keras file: its HDF5 is damaged/,
    ],
    [
      "the weights of another model",
      () =>
        changed("text.keras", {
          "model.weights.h5": () =>
            readZip(read("signal.keras"), refuser("test", "zip")).get("model.weights.h5")!.data,
        }),
      DataError,
      /it does not say of which layer the weight/,
    ],
    [
      "another size",
      () => changed("text.keras", config('"output_dim": 4', '"output_dim": 5')),
      GraphError,
      /"letters" \(Embedding\): .* must be \[9, 5\], got \[9, 4\]/,
    ],
    [
      "a layer that is not computed",
      () => changed("signal.keras", config('"class_name": "Conv1D"', '"class_name": "Conv9D"')),
      GraphError,
      /Conv9D/,
    ],
    [
      "a bias that is not there",
      () => changed("text.keras", config('"use_bias": false', '"use_bias": true')),
      GraphError,
      /the file has no weight "last\/bias"/,
    ],
    [
      "a mask",
      () => changed("text.keras", config('"mask_zero": false', '"mask_zero": true')),
      GraphError,
      /mask_zero/,
    ],
    ["a tensor in chunks, which may be a bomb", chunked, DataError, /the tensor "model_weights.* in chunks/],
    ["a whole file cut off", () => read("signal.h5").slice(0, 20_000), DataError, /the \.h5 file: /],
    ["an archive cut off", () => read("signal.keras").slice(0, 20_000), DataError, /the \.keras file: /],
  ])("refuses %s", async (_, make, kind, message) => {
    const bytes = make();
    const error = await loadKeras(bytes).then(
      () => null,
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toBeInstanceOf(kind);
    expect(error!.message).toMatch(message);
    expect(error!.message).toMatch(/^loadKeras: /);
  });

  test("gives a named error or a model for every file with some bytes changed or its end cut off", async () => {
    // jsfive reports there what it does not know.
    const silent = vi.spyOn(console, "warn").mockImplementation(() => {});
    const generator = new Generator(14);
    const below = (n: number) => generator.random() % n;
    let refused = 0;
    const count = 1500;
    for (let i = 0; i < count; i++) {
      const bytes = read("signal.h5");
      for (let k = 0; k < 1 + below(4); k++) bytes[below(bytes.length)] = below(256);
      // The structure lies at the beginning.
      if (i % 2 === 0) for (let k = 0; k < 4; k++) bytes[below(3000)] = below(256);
      const file = i % 5 === 0 ? bytes.slice(0, below(bytes.length)) : bytes;
      try {
        (await loadKeras(file)).dispose();
      } catch (error) {
        expect(error).toBeInstanceOf(WebGpuLstmError);
        refused++;
      }
    }
    silent.mockRestore();
    expect(refused).toBeGreaterThan(count / 4);
  });
});

describe("inspect", () => {
  test("lists the layers of an archive at once, and its tensors by inspectKeras, as of a whole file", async () => {
    const known = inspect(read("text.keras"));
    expect([known.format, known.opensWith, known.tensors.length]).toEqual(["keras", "loadKeras", 0]);
    expect(known.advice).toContain("inspectKeras");
    expect(inspect(read("text.h5"))).toMatchObject({ format: "hdf5", opensWith: null, tensors: [] });
    const [archive, whole] = [await inspectKeras(read("text.keras")), await inspectKeras(read("text.h5"))];
    expect([archive.format, whole.format]).toEqual(["keras", "hdf5"]);
    for (const { opensWith, tensors, operators, metadata } of [archive, whole]) {
      expect(opensWith).toBe("loadKeras");
      expect(operators).toEqual(known.operators);
      expect(metadata.get("layer letters")).toBe("Embedding");
      expect(metadata.get("keras_version")).toMatch(/^3\./);
      expect(tensors).toContainEqual({ name: expect.stringMatching(/letters/), dtype: "F32", shape: [9, 4] });
    }
    expect(archive.tensors).toHaveLength(whole.tensors.length);
    for (const kind of ["Bidirectional", "Embedding", "TimeDistributed"])
      expect(known.operators!.get(kind), kind).toBe(1);
  });

  test("lists what loadKeras refuses, and refuses what is no file of Keras", async () => {
    const file = changed("signal.keras", config('"class_name": "Conv1D"', '"class_name": "Conv9D"'));
    expect(inspect(file).operators!.get("Conv9D")).toBe(1);
    const cut = changed("text.keras", { "model.weights.h5": (bytes) => bytes.slice(0, 3000) });
    expect(inspect(cut).operators!.get("Embedding")).toBe(1);
    await expect(inspectKeras(cut)).rejects.toThrow(/^inspectKeras: the \.keras file: its HDF5 is damaged/);
    await expect(inspectKeras(saveTorch({ a: 1 }))).rejects.toThrow(
      /inspectKeras: expected a \.keras file .* torch/,
    );
    await expect(inspectKeras(read("text.h5"), {} as never)).rejects.toThrow(/inspectKeras/);
    const empty = changed("text.keras", { "config.json": () => null });
    expect(() => inspect(empty)).toThrow(/inspect: the \.keras file: it has no config\.json/);
  });
});
