/**
 * The readers of Keras' own files with well over 100,000 hostile inputs: the description, the weights' places, whole files and archives. HDF5
 * itself is read by jsfive, in some 20 ms a file, so it is read once here; keras-file.test.ts changes bytes of HDF5.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspect } from "webgpu-lstm/formats";
import { DataError, GraphError } from "../../src/errors.ts";
import { Budget } from "../../src/formats/budget.ts";
import { archiveOf, descriptionOf } from "../../src/formats/keras/description.ts";
import { type Hdf5File, type Hdf5Values, readHdf5 } from "../../src/formats/keras/hdf5.ts";
import { type KerasFile, modelOf, wholeFile, withWeights } from "../../src/formats/keras/open.ts";
import { refuser } from "../../src/formats/refuse.ts";
import { writeZip } from "../../src/formats/write-zip.ts";
import { sizeOf } from "../../src/shape.ts";

const refuse = refuser("loadKeras", "the file");
const encode = (text: string) => new TextEncoder().encode(text);
const metadata = encode('{"keras_version": "3.15.0"}');

/** A description without what Keras writes of initializers and the like, which nothing here reads. */
const config = JSON.stringify({
  class_name: "Sequential",
  config: {
    name: "sequential",
    layers: [
      { class_name: "InputLayer", config: { batch_shape: [null, 6], name: "input_layer" } },
      { class_name: "Embedding", config: { name: "letters", input_dim: 9, output_dim: 4, mask_zero: false } },
      {
        class_name: "Bidirectional",
        config: {
          name: "both",
          layer: { class_name: "GRU", config: { name: "g", units: 1, reset_after: true } },
        },
      },
      { class_name: "Dense", config: { name: "last", units: 2, activation: "softmax" } },
    ],
  },
});

const tensor = (path: string, shape: readonly number[]): Hdf5Values => ({
  path: path.split("/"),
  dtype: "F32",
  shape,
  values: new Float32Array(sizeOf(shape)),
});
const cell = (way: string) => [
  tensor(`layers/bidirectional/${way}_layer/cell/vars/0`, [4, 3]),
  tensor(`layers/bidirectional/${way}_layer/cell/vars/1`, [1, 3]),
  tensor(`layers/bidirectional/${way}_layer/cell/vars/2`, [2, 3]),
];
const small: Hdf5File<Hdf5Values> = {
  attributes: { model_config: config, keras_version: "3.15.0" },
  tensors: [
    tensor("layers/embedding/vars/0", [9, 4]),
    ...cell("forward"),
    ...cell("backward"),
    tensor("layers/dense/vars/0", [2, 2]),
    tensor("layers/dense/vars/1", [2]),
  ],
  names: new Map([
    ["layers/embedding/vars", "letters"],
    ["layers/bidirectional/vars", "both"],
    ["layers/dense/vars", "last"],
  ]),
};

/** Runs a reader over many inputs; says how many opened, and which kinds of messages there were. */
function tally<T>(arbitrary: fc.Arbitrary<T>, numRuns: number, read: (given: T) => KerasFile | null) {
  let opened = 0;
  const messages = new Set<string>();
  const check = (given: T) => {
    try {
      const file = read(given);
      opened++;
      if (!file) return;
      const bytes = 4 * file.weights.reduce((sum, { values }) => sum + values.length, 0);
      const model = modelOf(file, new Budget(bytes, refuse), refuse);
      const taken = [...model.parameters(), ...model.buffers()].map(({ shape }) => 4 * sizeOf(shape));
      model.dispose();
      const all = taken.reduce((sum, own) => sum + own, 0);
      if (all > 4 * bytes + 2 ** 24) throw new Error(`${all} bytes of parameters`);
      messages.add("a model");
    } catch (error) {
      const isOurs = error instanceof DataError || error instanceof GraphError;
      if (!isOurs || error.message.length > 2500) throw error;
      messages.add(error.message.replace(/\d+|"[^"]*"/g, "_"));
    }
  };
  fc.assert(fc.property(arbitrary, check), { numRuns, seed: 20261201 });
  return { opened, messages };
}

function expectKinds({ opened, messages }: ReturnType<typeof tally>, kinds: RegExp[]): void {
  expect(opened).toBeGreaterThan(100);
  for (const kind of kinds) {
    const seen = [...messages].some((message) => kind.test(message));
    expect(seen, `some input should have given ${kind}`).toBe(true);
  }
}

/** Bytes with some changed, and perhaps the end cut off. */
function changed(good: Uint8Array, values: string): fc.Arbitrary<Uint8Array> {
  const value = fc.oneof(fc.nat(255), fc.constantFrom(...encode(values)));
  const changes = fc.array(fc.tuple(fc.nat(good.length - 1), value), { minLength: 1, maxLength: 3 });
  return fc.tuple(changes, fc.nat(good.length), fc.nat(9)).map(([list, length, cut]) => {
    const bytes = good.slice(0, cut === 0 ? length : good.length);
    for (const [at, byte] of list) if (at < bytes.length) bytes[at] = byte;
    return bytes;
  });
}

describe("loadKeras", () => {
  it("opens what is changed below", () => {
    const file = withWeights(descriptionOf(encode(config), metadata, refuse), small, refuse);
    const model = modelOf(file, new Budget(1000, refuse), refuse);
    expect([...model.namedParameters()]).toHaveLength(11);
    model.dispose();
  });

  it("lists a weight that no layer takes by its place, and refuses to load it", () => {
    const [first, ...others] = small.tensors;
    const strange = {
      ...small,
      tensors: [{ ...first!, path: [...first!.path.slice(0, -1), "7"] }, ...others],
    };
    const description = descriptionOf(encode(config), metadata, refuse);
    expect(() => withWeights(description, strange, refuse)).toThrow(/belongs to nothing/);
    expect(withWeights(description, strange, refuse, { strict: false }).weights[0]!.name).toMatch(
      /\/vars\/7$/,
    );
  });

  it("survives a config.json with bytes changed or cut off", () => {
    const found = tally(changed(encode(config), '0123456789-"[]{}:,ne'), 45_000, (bytes) =>
      withWeights(descriptionOf(bytes, metadata, refuse), small, refuse),
    );
    expectKinds(found, [
      /a model/,
      /must be JSON/,
      /of which layer/,
      /belongs to nothing/,
      /not computed here/,
    ]);
  });

  it("survives weights in any places, with any names and shapes", () => {
    const part = fc.constantFrom(
      ...["layers", "vars", "cell", "layer", "forward_layer", "backward_layer", "seed_generator"],
      ...["embedding", "bidirectional", "dense", "0", "1", "2", "-1", "1e9", "__proto__", "constructor", ""],
    );
    const known = fc.constantFrom(...small.tensors);
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
    const drawn = fc.oneof(
      { weight: 6, arbitrary: known },
      { weight: 1, arbitrary: known.chain((one) => shape.map((own) => tensor(one.path.join("/"), own))) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.array(part, { maxLength: 6 }), shape).map(([path, own]) => {
          return tensor(["layers", ...path].join("/"), own);
        }),
      },
    );
    const layer = fc.constantFrom("letters", "both", "last", "input_layer", "__proto__", "toString", "");
    const files = fc.record({
      attributes: fc.constant({}),
      tensors: fc.oneof(
        fc.array(drawn, { maxLength: 10 }),
        fc.tuple(fc.nat(8), drawn).map(([at, other]) => small.tensors.with(at, other)),
      ),
      names: fc.array(fc.tuple(part, layer), { maxLength: 2 }).map((pairs) => {
        return new Map([
          ...small.names,
          ...pairs.map(([own, name]) => [`layers/${own}/vars`, name] as const),
        ]);
      }),
    });
    const description = descriptionOf(encode(config), metadata, refuse);
    const found = tally(files, 45_000, (file) => withWeights(description, file, refuse));
    expectKinds(found, [
      /a model/,
      /of which layer/,
      /belongs to nothing/,
      /has no weight/,
      /must be \[/,
      /could all be/,
    ]);
  });

  it("survives whole files with any attributes", () => {
    const text = changed(encode(config), '0123456789-"[]{}:,ne').map((bytes) =>
      new TextDecoder().decode(bytes),
    );
    const attribute = fc.oneof(text, fc.jsonValue({ maxDepth: 1 }), fc.constant(config));
    const attributes = fc.record(
      {
        model_config: attribute,
        keras_version: fc.oneof(fc.constant("2.15.0"), fc.jsonValue({ maxDepth: 1 })),
      },
      { requiredKeys: [] },
    );
    const tensors = ["letters/letters/embeddings:0", "last/last/kernel:0", "last/last/bias:0"].map((name) =>
      tensor(`model_weights/${name}`, [2, 2]),
    );
    const found = tally(attributes, 12_000, (own) =>
      wholeFile({ attributes: own, tensors, names: new Map() }, refuse),
    );
    expectKinds(found, [/has no model_config/, /must be JSON/, /has no weight/, /must be \[/]);
  });

  it("survives archives with bytes changed or cut off, in inspect too", () => {
    const weights = encode("HDF5 that nothing reads");
    const entries = { "metadata.json": metadata, "config.json": encode(config), "model.weights.h5": weights };
    const good = writeZip(
      "test",
      Object.entries(entries).map(([name, bytes]) => ({ name, bytes })),
    );
    const found = tally(changed(good, "\0\x01PK/.\xff"), 8_000, (bytes) => {
      const read = archiveOf(bytes, refuse);
      descriptionOf(read("config.json"), read("metadata.json"), refuse);
      read("model.weights.h5");
      const { format, opensWith } = inspect(bytes);
      expect([format, opensWith]).toEqual(["keras", "loadKeras"]);
      return null;
    });
    expectKinds(found, [/checksum/, /no zip directory/, /its directory/]);
  });

  it("refuses more layers and deeper lists than a model has", () => {
    const deep = `{"class_name":"Sequential","config":${"[".repeat(2000)}${"]".repeat(2000)}}`;
    expect(() => descriptionOf(encode(deep), metadata, refuse)).toThrow(/more than 1000 levels/);
    const layers = Array.from({ length: 100_000 }, (_, i) => `{"class_name":"ReLU","name":"${i}"}`).join(",");
    const file = wholeFile(
      {
        attributes: { model_config: `{"class_name":"Sequential","config":[${layers}]}` },
        tensors: [],
        names: new Map(),
      },
      refuse,
    );
    expect(() => modelOf(file, new Budget(0, refuse), refuse)).toThrow(
      /the list of layers takes more memory/,
    );
  });

  it("reads the tensors of HDF5 with their types", async () => {
    const bytes = new Uint8Array(readFileSync(new URL("../goldens/keras_file_text.h5", import.meta.url)));
    const budget = new Budget(bytes.length, refuse);
    const { tensors } = await readHdf5("loadKeras", bytes, ["model_weights"], budget, refuse);
    expect(new Set(tensors.map(({ dtype }) => dtype))).toEqual(new Set(["F32"]));
    for (const { shape, values } of tensors) expect(values).toHaveLength(sizeOf(shape));
  });
});
