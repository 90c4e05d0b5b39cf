/** What `loadTfjs` reads of a model.json and its shards, and every kind of file that it refuses. */
import { describe, expect, it } from "vitest";
import { inspect, loadTfjs, type TfjsWeights } from "webgpu-lstm/formats";
import goldens from "../goldens/tfjs.json";
import { wrong } from "../refusal.ts";
import { type LayerInit, recurrentWeights, tfjsFile, type WeightInit } from "../tfjs-file.ts";

const lstm: LayerInit = { kind: "LSTM", config: { units: 2, recurrent_activation: "sigmoid" } };
const dense: LayerInit = { kind: "Dense", config: { units: 3 } };
const denseWeights: WeightInit[] = [
  ["dense/kernel", [2, 3]],
  ["dense/bias", [3]],
];

const open = (layers: readonly LayerInit[], weights: readonly WeightInit[] = []) => {
  const file = tfjsFile(layers, weights);
  return loadTfjs(file.model, [file.weights]);
};

describe("loadTfjs", () => {
  it("turns Keras' kernels and gates into PyTorch's", async () => {
    const file = tfjsFile(
      [{ kind: "GRU", config: { units: 2, reset_after: true, recurrent_activation: "sigmoid" } }, dense],
      [
        ["gru/gru_cell/kernel:0", [1, 6]],
        ["gru/gru_cell/recurrent_kernel:0", [2, 6]],
        ["gru/gru_cell/bias:0", [2, 6]],
        ...denseWeights,
      ],
    );
    const numbers = Float32Array.from({ length: file.weights.length / 4 }, (_, i) => i);
    const model = await loadTfjs(file.model, new Uint8Array(numbers.buffer));
    const state = await model.stateDict();
    const shown = Object.fromEntries(
      [...state].map(([name, { data, shape }]) => [name, { shape, data: [...data] }]),
    );
    expect(shown).toEqual({
      // z, r, h in the file; r, z, n here.
      "gru.weight_ih_l0": { shape: [6, 1], data: [2, 3, 0, 1, 4, 5] },
      "gru.weight_hh_l0": { shape: [6, 2], data: [8, 14, 9, 15, 6, 12, 7, 13, 10, 16, 11, 17] },
      "gru.bias_ih_l0": { shape: [6], data: [20, 21, 18, 19, 22, 23] },
      "gru.bias_hh_l0": { shape: [6], data: [26, 27, 24, 25, 28, 29] },
      "dense.weight": { shape: [3, 2], data: [30, 33, 31, 34, 32, 35] },
      "dense.bias": { shape: [3], data: [36, 37, 38] },
    });
    expect(model.training).toBe(false);
  });

  it("takes the file as bytes, text and object, and shards in every form", async () => {
    const { model, weights } = tfjsFile([dense], denseWeights);
    model.weightsManifest[0]!.paths = ["a.bin", "b.bin"];
    const numbers = new Uint8Array(Float32Array.from({ length: weights.length / 4 }, (_, i) => i).buffer);
    const [a, b] = [numbers.slice(0, 7), numbers.slice(7)];
    const text = JSON.stringify(model);
    const bytes = new TextEncoder().encode(text);
    const forms: [string | object, TfjsWeights][] = [
      [text, [a, b]],
      [bytes, { "b.bin": b, "a.bin": a }],
      [
        bytes.buffer,
        new Map([
          ["a.bin", a.buffer],
          ["b.bin", b.buffer],
        ]),
      ],
      [Buffer.from(bytes), Buffer.from(numbers)],
      [model, numbers.buffer],
    ];
    for (const [json, shards] of forms) {
      const state = await (await loadTfjs(json, shards)).stateDict();
      expect([...state.get("dense.bias")!.data]).toEqual([6, 7, 8]);
    }
  });

  it("reads two groups, Keras' nesting, and leaves an optimizer's weights alone", async () => {
    const { model } = tfjsFile([dense], denseWeights);
    const [kernel, bias] = model.weightsManifest[0]!.weights as [object, object];
    const nested = {
      ...model,
      modelTopology: { keras_version: "2.15.0", backend: "tensorflow", model_config: model.modelTopology },
      weightsManifest: [
        { paths: ["k.bin"], weights: [kernel] },
        {
          paths: ["b.bin"],
          weights: [bias, { name: "iter", shape: [], dtype: "int32", group: "optimizer" }],
        },
      ],
    };
    const opened = await loadTfjs(nested, [new Uint8Array(24), new Uint8Array(16)]);
    expect([...(await opened.stateDict()).keys()]).toEqual(["dense.weight", "dense.bias"]);
  });

  it("freezes what Keras does not train", async () => {
    const layers: LayerInit[] = [
      { kind: "Dense", config: { units: 3, trainable: false } },
      { kind: "BatchNormalization", name: "norm", config: { scale: false } },
      { ...lstm },
    ];
    const norm: WeightInit[] = ["beta", "moving_mean", "moving_variance"].map((name) => [
      `norm/${name}`,
      [3],
    ]);
    const model = await open(layers, [...denseWeights, ...norm, ...recurrentWeights("lstm", 3, 2)]);
    const learned = [...model.namedParameters()]
      .filter(([, { requiresGrad }]) => requiresGrad)
      .map(([name]) => name);
    expect(learned).toEqual(["norm.bias", "lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0"]);
  });

  it("lists everything that is not computed at once", async () => {
    const layers: LayerInit[] = [
      { kind: "Masking" },
      { kind: "Embedding", config: { input_dim: 5, output_dim: 2, mask_zero: true } },
      { kind: "LSTM", config: { units: 2, stateful: true } },
      { kind: "Dense", config: { units: 3, activation: "toString" } },
    ];
    await expect(open(layers)).rejects.toThrow(
      'loadTfjs: 4 things in this model cannot be computed here: "masking" (Masking): its class is not computed here; "embedding" (Embedding): ' +
        "mask_zero is not computed here; the layers behind it would skip steps that are 0; leave it out, or pack sequences by lengths here; " +
        '"lstm" (LSTM): stateful is not computed here; states that go on from batch to batch are not kept; call the model on whole sequences; ' +
        '"dense" (Dense): activation "toString" is not computed here, only linear, relu,',
    );
  });

  const wrap = (kind: string, config: object): LayerInit => ({
    kind: "Bidirectional",
    config: { layer: { class_name: kind, config: { units: 2, ...config } }, merge_mode: "concat" },
  });
  it.each<[string, LayerInit, RegExp]>([
    ["an unknown class", { kind: "Conv2D" }, /"conv2d" \(Conv2D\): its class is not computed here/],
    ["a class that every object has", { kind: "constructor" }, /its class is not computed here/],
    ["the class __proto__", { kind: "__proto__", name: "x" }, /its class is not computed here/],
    ["units that are none", { kind: "Dense", config: { units: -1 } }, /units must be an integer from 1/],
    ["no units", { kind: "Dense" }, /units must be an integer from 1 to 2\^31, got undefined/],
    ["another unit", { kind: "LSTM", config: { units: 2, return_state: true } }, /return_state/],
    ["a layer of one's own in both directions", wrap("MyCell", {}), /MyCell in both directions/],
    [
      "two outputs of two directions",
      { kind: "Bidirectional", config: { ...wrap("LSTM", {}).config, merge_mode: null } },
      /merge_mode null/,
    ],
    [
      "an unknown way to merge",
      { kind: "Bidirectional", config: { ...wrap("LSTM", {}).config, merge_mode: "max" } },
      /merge_mode "max"/,
    ],
    ["forward that is backward", wrap("LSTM", { go_backwards: true }), /go_backwards/],
    [
      "another backward layer",
      {
        kind: "Bidirectional",
        config: { ...wrap("LSTM", {}).config, backward_layer: { class_name: "LSTM", config: { units: 3 } } },
      },
      /other options/,
    ],
    [
      "time steps of an unknown layer",
      { kind: "TimeDistributed", config: { layer: { class_name: "X", config: {} } } },
      /a layer of X at every step/,
    ],
    ["time steps of nothing", { kind: "TimeDistributed", config: { layer: 5 } }, /layer must be a layer/],
    ["a rate beyond 1", { kind: "Dropout", config: { rate: 1.5 } }, /rate must be a probability/],
    ["a noise shape", { kind: "Dropout", config: { rate: 0.5, noise_shape: [1] } }, /noise_shape/],
    [
      "two axes of a kernel",
      { kind: "Conv1D", config: { filters: 1, kernel_size: [3, 3] } },
      /kernel_size \[3, 3\] has 2 axes/,
    ],
    [
      "channels before time",
      { kind: "MaxPooling1D", config: { data_format: "channels_first" } },
      /data_format "channels_first"/,
    ],
    ["an order that is none", { kind: "Permute", config: { dims: [1, 1] } }, /dims must be an order/],
    ["two sizes to infer", { kind: "Reshape", config: { target_shape: [-1, null] } }, /target_shape/],
    ["a threshold", { kind: "ReLU", config: { threshold: 1 } }, /threshold 1/],
    ["two axes of a batch", { kind: "BatchNormalization", config: { axis: [1, 2] } }, /has 2 axes/],
    [
      "an activation of one's own",
      { kind: "Activation", config: { activation: { class_name: "function", config: "f" } } },
      /activation of the class "function" is not computed here, only functions by their names, and ReLU, LeakyReLU, ELU, Softmax/,
    ],
    [
      "an activation of a class that is no text",
      { kind: "Activation", config: { activation: { class_name: { toString: 1 }, config: {} } } },
      /activation of the class \{ toString \} is not computed here/,
    ],
    [
      "an activation layer that is damaged",
      { kind: "Activation", config: { activation: { class_name: "ReLU", config: 5 } } },
      /activation must be a layer with a class_name and a config/,
    ],
    ["two axes of a softmax", { kind: "Softmax", config: { axis: [1, 2] } }, /axis \[1, 2\] has 2 axes/],
    [
      "another normalization",
      { kind: "BatchNormalization", config: { renorm: true } },
      /renorm is not computed/,
    ],
    ["no weights", dense, /the file has no weight "dense\/kernel"/],
  ])("refuses %s by name", (_, layer, message) => expect(open([layer])).rejects.toThrow(message));

  it.each<[string, WeightInit[], RegExp]>([
    [
      "a weight of another shape",
      [
        ["dense/kernel", [2, 4]],
        ["dense/bias", [3]],
      ],
      /its kernel must be \[\*, 3\], got \[2, 4\]/,
    ],
    [
      "a weight that nobody takes",
      [...denseWeights, ["other/kernel", [1]]],
      /no layer takes the weights "other\/kernel"/,
    ],
    ["two weights for one place", [...denseWeights, ["dense/cell/bias", [3]]], /could all be its bias/],
    ["text", [["dense/kernel", [2, 3], { dtype: "string" }]], /"dense\/kernel" is of type "string"/],
    ["complex numbers", [["dense/kernel", [2, 3], { dtype: "complex64" }]], /is of type "complex64"/],
    [
      "an unknown quantization",
      [["dense/kernel", [2, 3], { quantization: { dtype: "int4" } }]],
      /is of type "int4"/,
    ],
    [
      "a quantization without a scale",
      [["dense/kernel", [2, 3], { quantization: { dtype: "uint8" } }]],
      /without a scale and a min/,
    ],
    ["a size of 0", [["dense/kernel", [0, 3]]], /sizes of 1 or more/],
    ["a size that is none", [["dense/kernel", [1.5, 3]]], /sizes of 1 or more/],
    ["many dimensions", [["dense/kernel", [1, 1, 1, 1, 1, 1, 1, 1, 1]]], /at most 8 sizes/],
  ])("refuses %s", async (_, weights, message) => {
    const { model } = tfjsFile([dense], weights);
    const bytes = weights.reduce((sum, [, shape, more]) => {
      const size = (more as { quantization?: object } | undefined)?.quantization ? 1 : 4;
      return sum + size * shape.reduce((product, n) => product * n, 1);
    }, 0);
    await expect(loadTfjs(model, new Uint8Array(Math.ceil(bytes)))).rejects.toThrow(message);
  });

  it("names the weight whose numbers are none, or are beyond float32", async () => {
    const of = (dtype: string, bytes: Uint8Array) =>
      loadTfjs(tfjsFile([dense], [["dense/kernel", [2, 3], { dtype }], denseWeights[1]!]).model, bytes);
    const bools = new Uint8Array(18).fill(2, 3, 4);
    await expect(of("bool", bools)).rejects.toThrow(
      'loadTfjs: the weight "dense/kernel" of [2, 3]: a bool must be 0 or 1, got 2; the shard is damaged',
    );
    const integers = new Int32Array(9).fill(2 ** 24 + 1, 0, 1);
    await expect(of("int32", new Uint8Array(integers.buffer))).rejects.toThrow(
      'the weight "dense/kernel" of [2, 3]: it holds 16777217, which float32 does not hold exactly',
    );
  });

  it("refuses shards that do not fit", async () => {
    const { model, weights } = tfjsFile([dense], denseWeights);
    const of = (shards: unknown) => loadTfjs(model, wrong(shards));
    await expect(of([weights.slice(1)])).rejects.toThrow(
      "its weights take 36 bytes in 1 shards, got 35; a shard is cut off",
    );
    await expect(of([weights, weights])).rejects.toThrow('the model has 1 shards, "weights.bin", got 2');
    await expect(of([])).rejects.toThrow("got 0");
    await expect(of({ "other.bin": weights })).rejects.toThrow(
      'missing "weights.bin"; not of this model "other.bin"',
    );
    await expect(of({ __proto__: { "weights.bin": weights } })).rejects.toThrow('missing "weights.bin"');
    await expect(of(["weights.bin"])).rejects.toThrow(
      'shard 0 must be a Uint8Array or an ArrayBuffer, got "weights.bin"',
    );
    await expect(of(undefined)).rejects.toThrow("weights must be the bytes of the model's shards");
    await expect(loadTfjs(model, weights, ...(wrong([{}]) as never[]))).rejects.toThrow(
      "loadTfjs: unknown argument",
    );
  });

  it("refuses huge sizes before anything is allocated", async () => {
    const huge: WeightInit[] = [["dense/kernel", [2 ** 30, 2 ** 30]]];
    const model = {
      ...tfjsFile([dense]).model,
      weightsManifest: [
        { paths: ["a"], weights: [{ name: huge[0]![0], shape: huge[0]![1], dtype: "float32" }] },
      ],
    };
    await expect(loadTfjs(model, new Uint8Array(8))).rejects.toThrow(/more than 2\^53 bytes/);
    model.weightsManifest[0]!.weights[0]!.shape = [2 ** 20, 3];
    await expect(loadTfjs(model, new Uint8Array(8))).rejects.toThrow(
      /its weights take 12582912 bytes in 1 shards, got 8/,
    );
  });

  it.each<[string, LayerInit[], RegExp]>([
    [
      "a branch",
      [
        { kind: "InputLayer" },
        { ...dense, from: ["inputlayer"] },
        { ...dense, name: "b", from: ["inputlayer"] },
      ],
      /"b" \(Dense\): it and "dense" \(Dense\) both take the output of "inputlayer"/,
    ],
    [
      "a join",
      [
        { kind: "InputLayer" },
        { ...dense, from: ["inputlayer"] },
        { kind: "Add", from: ["inputlayer", "dense"] },
      ],
      /"add" \(Add\): it joins 2 tensors/,
    ],
    [
      "a cycle",
      [{ kind: "InputLayer" }, { ...dense, from: ["b"] }, { ...dense, name: "b", from: ["dense"] }],
      /"dense" \(Dense\): it is not on the way from the model's input/,
    ],
    ["itself", [{ kind: "InputLayer" }, { ...dense, from: ["dense"] }], /it takes its own output/],
    ["a layer that is not there", [{ kind: "InputLayer" }, { ...dense, from: ["x"] }], /not on the way/],
  ])("refuses a graph with %s", (_, layers, message) =>
    expect(open(layers, denseWeights)).rejects.toThrow(message),
  );

  it("opens a functional model whose layers are in any order", async () => {
    const file = tfjsFile(
      [
        { kind: "InputLayer", config: { batch_input_shape: [null, 2] } },
        { kind: "ReLU", from: ["dense"] },
        { ...dense, from: ["inputlayer"] },
      ],
      denseWeights,
    );
    const config = file.model.modelTopology.config as { output_layers?: unknown };
    config.output_layers = ["relu", 0, 0];
    const model = await loadTfjs(file.model, file.weights);
    expect([...model.namedChildren()].map(([name]) => name)).toEqual(["inputlayer", "dense", "relu"]);
    expect(model.inputShape).toEqual([null, 2]);
  });

  it.each<[string, unknown, RegExp]>([
    ["no JSON", "{", /must be JSON, got "\{"/],
    ["bytes that are no text", Uint8Array.of(0xff, 0xfe), /must be JSON, got 2 bytes/],
    ["a list", "[]", /must be the bytes, the text or the object/],
    ["nothing", null, /must be the bytes, the text or the object/],
    ["a path", "model.json", /must be JSON, got "model.json"/],
    ["a key twice", '{"modelTopology":{},"modelTopology":{}}', /has the key "modelTopology" twice/],
    ["deep nesting", `${'{"a":'.repeat(1001)}1${"}".repeat(1001)}`, /nested more than 1000 levels/],
    ["no topology", {}, /has no modelTopology, got undefined/],
    ["a graph model", { format: "graph-model", modelTopology: { node: [] } }, /it is a graph model/],
    ["no layers", { modelTopology: { class_name: "Sequential", config: {} } }, /no class_name and layers/],
    ["inherited keys", Object.create({ modelTopology: {} }), /has no modelTopology/],
    [
      "another class of model",
      { modelTopology: { class_name: "MyModel", config: { layers: [] } } },
      /of the class "MyModel"/,
    ],
    [
      "a layer that is none",
      { modelTopology: { class_name: "Sequential", config: [5] } },
      /its layer 0 must be an object/,
    ],
    [
      "a layer without a name",
      { modelTopology: { class_name: "Sequential", config: [{ class_name: "ReLU", config: {} }] } },
      /its layer 0 must have a class_name, a name/,
    ],
    [
      "a name twice",
      {
        modelTopology: {
          class_name: "Sequential",
          config: [1, 2].map(() => ({ class_name: "ReLU", config: { name: "a" } })),
        },
      },
      /two layers with the name "a"/,
    ],
    [
      "no manifest",
      { modelTopology: { class_name: "Sequential", config: [] } },
      /weightsManifest must be a list/,
    ],
    [
      "no layer at all",
      { modelTopology: { class_name: "Sequential", config: [] }, weightsManifest: [] },
      /the model has no layers/,
    ],
  ])("refuses %s", (_, model, message) => expect(loadTfjs(wrong(model), [])).rejects.toThrow(message));

  it("keeps names such as __proto__ as names", async () => {
    const model = await open(
      [{ ...dense, name: "__proto__" }],
      [
        ["__proto__/kernel", [2, 3]],
        ["__proto__/bias", [3]],
      ],
    );
    expect([...(await model.stateDict()).keys()]).toEqual(["__proto__.weight", "__proto__.bias"]);
  });
});

describe("inspect", () => {
  it("lists layers and weights of a model.json", () => {
    const { model } = goldens.lstm_uint8;
    const info = inspect(new TextEncoder().encode(JSON.stringify(model)));
    expect(info).toMatchObject({ format: "tfjs", opensWith: "loadTfjs" });
    expect(info.operators).toEqual(
      new Map([
        ["InputLayer", 1],
        ["LSTM", 2],
      ]),
    );
    expect(info.tensors.map(({ dtype, shape }) => `${dtype} ${shape.join()}`)).toEqual([
      "U8 3,16",
      "U8 4,16",
      "U8 16",
      "U8 4,12",
      "U8 3,12",
    ]);
    expect(info.metadata.get("generatedBy")).toBe("TensorFlow.js tfjs-layers v4.22.0");
    expect([...info.metadata.values()].filter((kind) => kind === "LSTM")).toHaveLength(2);
  });
});
