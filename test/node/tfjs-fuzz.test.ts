/**
 * The reader of TensorFlow.js models with well over 100,000 hostile inputs: any file either opens or throws an error of the library with the
 * reason. Nothing else is thrown, and parameters take no more than four times the files' bytes, and 16 MiB.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspect } from "webgpu-lstm/formats";
import { DataError, GraphError, OptionError } from "../../src/errors.ts";
import { openTfjs } from "../../src/formats/tfjs/open.ts";
import { sizeOf } from "../../src/shape.ts";
import { type LayerInit, recurrentWeights, tfjsFile, type WeightInit } from "../tfjs-file.ts";

interface Given {
  readonly model: unknown;
  readonly weights: unknown;
  readonly bytes: number;
}

/** Runs the readers over many inputs; says how many opened, and which kinds of messages there were. */
function tally(arbitrary: fc.Arbitrary<Given>, numRuns: number) {
  let opened = 0;
  const messages = new Set<string>();
  const attempt = (read: () => void): void => {
    try {
      read();
      opened++;
    } catch (error) {
      const isOurs =
        error instanceof DataError || error instanceof GraphError || error instanceof OptionError;
      if (!isOurs || error.message.length > 2500) throw error;
      messages.add(error.message.replace(/\d+|"[^"]*"/g, "_"));
    }
  };
  const check = ({ model, weights, bytes }: Given) => {
    if (model instanceof Uint8Array && model.length % 4 === 0) attempt(() => inspect(model));
    attempt(() => {
      const read = openTfjs(model, weights);
      const taken = [...read.parameters(), ...read.buffers()].reduce(
        (sum, { shape }) => sum + 4 * sizeOf(shape),
        0,
      );
      if (taken > 4 * bytes + 2 ** 24) throw new Error(`${taken} bytes of parameters`);
      read.dispose();
    });
  };
  fc.assert(fc.property(arbitrary, check), { numRuns, seed: 20261201 });
  return { opened, messages };
}

function expectKinds(messages: Set<string>, kinds: RegExp[]): void {
  for (const kind of kinds) {
    const seen = [...messages].some((message) => kind.test(message));
    expect(seen, `some input should have failed with ${kind}`).toBe(true);
  }
}

const small = tfjsFile(
  [
    { kind: "InputLayer" },
    { kind: "LSTM", config: { units: 1, activation: "tanh", return_sequences: false }, from: ["inputlayer"] },
    { kind: "Dense", config: { units: 2 }, from: ["lstm"] },
  ],
  [...recurrentWeights("lstm", 1, 1), ["dense/kernel", [1, 2]], ["dense/bias", [2]]],
);

describe("loadTfjs", () => {
  it("survives a model.json with bytes changed or cut off", () => {
    const good = new TextEncoder().encode(JSON.stringify(small.model));
    const value = fc.oneof(
      fc.nat(255),
      fc.constantFrom(...'0123456789-"[]{}:,ne'.split("").map((char) => char.charCodeAt(0))),
    );
    const change = fc.tuple(fc.nat(good.length - 1), value);
    const changed = fc.tuple(
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.nat(good.length),
      fc.nat(9),
    );
    const { opened, messages } = tally(
      changed.map(([changes, length, cut]) => {
        const model = good.slice(0, cut === 0 ? length : good.length);
        for (const [at, byte] of changes) if (at < model.length) model[at] = byte;
        return { model, weights: small.weights, bytes: model.length + small.weights.length };
      }),
      40_000,
    );
    expect(opened).toBeGreaterThan(1000);
    expectKinds(messages, [
      /must be JSON/,
      /has no weight/,
      /weights take _ bytes/,
      /not on the way/,
      /is of type/,
      /not computed here/,
    ]);
  });

  const anything = fc.oneof(
    fc.constantFrom(
      null,
      true,
      -1,
      0,
      1,
      2,
      0.5,
      2 ** 40,
      "relu",
      "__proto__",
      "same",
      "",
      [],
      {},
      [1],
      [-1, 2],
      [[1]],
    ),
    fc.jsonValue({ maxDepth: 2 }),
  );

  it("survives any options of any layers", () => {
    const kinds = [
      "LSTM",
      "GRU",
      "SimpleRNN",
      "Dense",
      "Embedding",
      "Conv1D",
      "LayerNormalization",
      "BatchNormalization",
    ];
    const plain = [
      "Dropout",
      "Activation",
      "ReLU",
      "Reshape",
      "Permute",
      "MaxPooling1D",
      "Flatten",
      "Softmax",
      "toString",
      "__proto__",
    ];
    const keys = [
      "activation",
      "recurrent_activation",
      "units",
      "filters",
      "kernel_size",
      "padding",
      "axis",
      "rate",
      "target_shape",
      "dims",
    ];
    const more = [
      "use_bias",
      "reset_after",
      "stateful",
      "go_backwards",
      "epsilon",
      "momentum",
      "__proto__",
      "trainable",
      "input_dim",
      "output_dim",
    ];
    const config = fc.dictionary(fc.constantFrom(...keys, ...more), anything, { maxKeys: 3 });
    const inner = fc.record({ class_name: fc.constantFrom(...kinds, "TimeDistributed"), config });
    const layer = fc.oneof(
      fc.record({ kind: fc.constantFrom(...kinds, ...plain), config }),
      fc.record({
        kind: fc.constantFrom("Bidirectional", "TimeDistributed"),
        config: inner.map((one) => ({ layer: one })),
      }),
    );
    const good: fc.Arbitrary<LayerInit> = fc.constantFrom<LayerInit>(
      { kind: "Dense", name: "a", config: { units: 2 } },
      { kind: "GRU", name: "g", config: { units: 1 } },
      { kind: "Flatten", name: "f" },
    );
    const weights: WeightInit[] = [
      ["a/kernel", [1, 2]],
      ["a/bias", [2]],
    ];
    const { opened, messages } = tally(
      fc
        .tuple(fc.array(fc.oneof(layer, good), { maxLength: 3 }), fc.boolean())
        .map(([layers, hasWeights]) => {
          const list = layers.map((one, i) => ({ ...one, name: (one as LayerInit).name ?? `l${i}` }));
          const file = tfjsFile(list, hasWeights ? weights : []);
          return { model: file.model, weights: file.weights, bytes: file.weights.length };
        }),
      50_000,
    );
    expect(opened).toBeGreaterThan(1000);
    expectKinds(messages, [
      /class is not computed/,
      /has no weight/,
      /must be an integer/,
      /must be a text/,
      /no layer takes/,
      /two layers with/,
    ]);
  });

  it("survives any graph, manifest and shards", () => {
    const name = fc.constantFrom("inputlayer", "a", "b", "__proto__", "");
    const layer = fc.record({
      kind: fc.constantFrom("ReLU", "Dense", "InputLayer"),
      name,
      from: fc.array(name, { maxLength: 2 }),
    });
    const size = fc.oneof(fc.nat(3), fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 53));
    const dtype = fc.oneof(
      { weight: 4, arbitrary: fc.constant("float32") },
      { weight: 1, arbitrary: fc.constantFrom("int32", "bool", "string", 1) },
    );
    const quantization = fc.record(
      { dtype: fc.constantFrom("uint8", "float16", "x"), scale: anything, min: fc.nat() },
      { requiredKeys: [] },
    );
    const weight = fc.record(
      {
        name: fc.constantFrom("a/kernel", "a/bias", "model/a/bias", "/", "a/".repeat(40)),
        shape: fc.array(size, { maxLength: 3 }),
        dtype,
        quantization,
      },
      { requiredKeys: ["name", "shape", "dtype"] },
    );
    const group = fc.record({
      paths: fc.array(fc.constantFrom("x.bin", "y.bin"), { maxLength: 2 }),
      weights: fc.array(weight, { maxLength: 2 }),
    });
    const shard = fc.uint8Array({ maxLength: 12 });
    const weights = fc.oneof(
      shard,
      fc.array(shard, { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("x.bin", "y.bin", "__proto__"), shard),
      anything,
    );
    const first: LayerInit = { kind: "InputLayer" };
    const { opened, messages } = tally(
      fc
        .record({
          layers: fc.array(layer, { maxLength: 3 }),
          groups: fc.oneof(fc.array(group, { maxLength: 2 }), anything),
          weights,
        })
        .map((given) => {
          const { model } = tfjsFile([first, ...given.layers]);
          return { model: { ...model, weightsManifest: given.groups }, weights: given.weights, bytes: 24 };
        }),
      30_000,
    );
    expect(opened).toBeGreaterThan(100);
    expectKinds(messages, [
      /must be a list/,
      /sizes of _ or more/,
      /weights take/,
      /both take the output/,
      /joins _ tensors/,
      /not on the way/,
      /is of type/,
    ]);
  });

  it("refuses more layers than four times the file may hold", () => {
    const text = `{"modelTopology":{"class_name":"Sequential","config":[${Array.from({ length: 100_000 }, (_, i) => `{"class_name":"ReLU","name":"${i}"}`).join(",")}]},"weightsManifest":[]}`;
    expect(() => openTfjs(text, [])).toThrow(/the list of layers takes more memory than four times/);
  });
});
