import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nn, optim } from "webgpu-lstm";
import { DataError, OptionError } from "../../src/errors.ts";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "../../src/io/checkpoint.ts";
import type { CheckpointOptimizer } from "../../src/io/checkpoint-optimizer.ts";
import { loadSafetensors, saveSafetensors } from "../../src/io/safetensors.ts";
import type { NDArray } from "../../src/shape.ts";
import { goldenBytes } from "../goldens.ts";
import { wrong } from "../refusal.ts";

const array = (shape: number[], ...data: number[]): NDArray => ({ data: Float32Array.from(data), shape });

const model = new Map([
  ["lstm.weight_ih_l0", array([4, 1], 1, 2, 3, 4)],
  ["fc.bias", array([1], 5)],
]);
const optimizer: CheckpointOptimizer = {
  state: {
    0: { step: 10, exp_avg: array([4, 1], 6, 7, 8, 9), exp_avg_sq: array([4, 1], 0, 1, 2, 3) },
    1: { step: 10, exp_avg: array([1], -1), momentum_buffer: null },
  },
  param_groups: [
    { lr: 0.01, betas: [0.9, 0.999], amsgrad: false, foreach: null, params: [0] },
    { lr: 0.1, betas: [0.5, 0.7], amsgrad: true, foreach: null, params: [1] },
  ],
};

describe("saveCheckpoint and loadCheckpoint", () => {
  it("return a model, an optimizer's state dict and a config", async () => {
    const config = { hiddenSize: 50, scaler: { mean: [0.1, -0] }, name: "é\u{1f600}", none: null, on: true };
    const bytes = await saveCheckpoint({ model, optimizer, config });
    expect(loadCheckpoint(bytes)).toEqual({
      model,
      optimizer,
      config: { ...config, scaler: { mean: [0.1, 0] } },
    });
  });

  it("omit the parts that were not given", async () => {
    expect(loadCheckpoint(await saveCheckpoint({ model }))).toStrictEqual({ model });
    expect(loadCheckpoint(await saveCheckpoint({ model, config: null }))).toStrictEqual({
      model,
      config: null,
    });
    const fresh = { state: {}, param_groups: [{ lr: 1, params: [0, 1] }] };
    expect(loadCheckpoint(await saveCheckpoint({ model, optimizer: fresh }))).toStrictEqual({
      model,
      optimizer: fresh,
    });
    const stateless = { state: { 0: {}, 1: { momentum_buffer: null } }, param_groups: [{ params: [0, 1] }] };
    expect(loadCheckpoint(await saveCheckpoint({ model, optimizer: stateless }))).toStrictEqual({
      model,
      optimizer: stateless,
    });
  });

  it("keep PyTorch's names in a file that any safetensors reader can read", async () => {
    const { tensors, metadata } = loadSafetensors(await saveCheckpoint({ model, optimizer, config: [1] }));
    expect([...tensors.keys()]).toEqual([
      "fc.bias",
      "lstm.weight_ih_l0",
      "optimizer.state.0.exp_avg",
      "optimizer.state.0.exp_avg_sq",
      "optimizer.state.1.exp_avg",
    ]);
    expect(metadata["format"]).toBe("pt");
    expect(JSON.parse(metadata["optimizer"]!)).toEqual({
      state: { 0: { step: 10 }, 1: { step: 10, momentum_buffer: null } },
      param_groups: optimizer.param_groups,
    });
    expect(metadata["config"]).toBe("[1]");
  });

  it("read a plain safetensors file as a model, whatever its tensors' names", () => {
    const tensors = new Map([["optimizer.state.0.exp_avg", array([1], 1)]]);
    expect(loadCheckpoint(saveSafetensors(tensors, { format: "pt" }))).toStrictEqual({ model: tensors });
  });

  it("treat names that are special in JavaScript as plain names", async () => {
    const odd = new Map([
      ["__proto__", array([1], 1)],
      ["constructor", array([1], 2)],
      ["0", array([1], 3)],
    ]);
    const slots = JSON.parse('{"__proto__": 1}') as Record<string, number>;
    const state = { 0: { ...slots, toString: array([1], 4) } };
    Object.defineProperty(state[0], "__proto__", { value: array([1], 5), enumerable: true });
    const saved = await saveCheckpoint({ model: odd, optimizer: { state, param_groups: [{ params: [0] }] } });
    const loaded = loadCheckpoint(saved);
    expect(loaded.model).toEqual(new Map([...odd].sort()));
    const [own] = Object.values(loaded.optimizer!.state);
    expect(Object.getPrototypeOf(own)).toBe(Object.prototype);
    expect(Object.entries(own!).sort()).toEqual([
      ["__proto__", array([1], 5)],
      ["toString", array([1], 4)],
    ]);
  });

  it("read a file by PyTorch and the Python writer, and save it again", async () => {
    const loaded = loadCheckpoint(goldenBytes("interchange_checkpoint.safetensors"));
    expect(loaded.config).toEqual({ inputSize: 3, hiddenSize: 7, outputSize: 2, steps: 10 });
    expect([...loaded.model.keys()].sort()).toEqual([
      "fc.bias",
      "fc.weight",
      "lstm.bias_hh_l0",
      "lstm.bias_ih_l0",
      "lstm.weight_hh_l0",
      "lstm.weight_ih_l0",
    ]);
    const { state, param_groups } = loaded.optimizer!;
    expect(param_groups).toMatchObject([
      {
        lr: 0.01,
        betas: [0.9, 0.99],
        weight_decay: 1e-3,
        amsgrad: true,
        foreach: null,
        params: [0, 1, 2, 3],
      },
      { lr: 0.02, betas: [0.8, 0.9], weight_decay: 0, amsgrad: true, foreach: null, params: [4, 5] },
    ]);
    expect(Object.keys(state)).toEqual(["0", "1", "2", "3", "4", "5"]);
    for (const slots of Object.values(state)) {
      expect(Object.keys(slots).sort()).toEqual(["exp_avg", "exp_avg_sq", "max_exp_avg_sq", "step"]);
      expect(slots["step"]).toBe(10);
    }
    expect((state[0]!["exp_avg"] as NDArray).shape).toEqual([28, 3]);
    expect(loadCheckpoint(await saveCheckpoint(loaded))).toEqual(loaded);
  });

  it("return anything that can be saved", async () => {
    const tensor = fc
      .array(fc.float(), { maxLength: 4 })
      .map((data): NDArray => ({ data: Float32Array.from(data), shape: [data.length] }));
    const name = fc
      .string({ unit: "grapheme" })
      .filter((text) => !/^(__metadata__$|optimizer\.state\.)/.test(text));
    const json = fc
      .jsonValue({ noUnicodeString: false } as never)
      .map((value) => JSON.parse(JSON.stringify(value)));
    const number = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((value) => !Object.is(value, -0));
    const slots = fc.dictionary(fc.string(), fc.oneof(tensor, number, fc.boolean(), fc.constant(null)), {
      noNullPrototype: true,
    });
    const groups = fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 5 }).chain((params) =>
      fc.record({
        state: fc
          .constant(params)
          .chain((all) =>
            fc
              .tuple(...all.map(() => fc.option(slots)))
              .map((own) =>
                Object.fromEntries(all.map((n, i) => [n, own[i]]).filter(([, slot]) => slot !== null)),
              ),
          ),
        param_groups: fc
          .tuple(fc.dictionary(fc.string(), json, { noNullPrototype: true }), fc.nat(params.length))
          .map(([settings, cut]) => [
            { ...settings, params: params.slice(0, cut) },
            { params: params.slice(cut) },
          ]),
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, tensor), { maxLength: 4 }),
        fc.option(groups, { nil: undefined }),
        fc.option(json, { nil: undefined }),
        async (entries, optimizer, config) => {
          const given: Checkpoint = {
            model: new Map(entries),
            ...(optimizer && { optimizer: optimizer as CheckpointOptimizer }),
            ...(config !== undefined && { config }),
          };
          const bytes = await saveCheckpoint(given);
          const loaded = loadCheckpoint(bytes);
          expect(sorted(loaded)).toEqual(sorted(given));
          expect(await saveCheckpoint(loaded)).toEqual(bytes);
        },
      ),
      { numRuns: 500, seed: 20260102 },
    );
  });
});

describe("a model and an optimizer themselves", () => {
  class Forecaster extends nn.Module {
    readonly lstm = new nn.LSTM(2, 3);
    readonly fc: nn.Linear;

    constructor(outputs = 1) {
      super();
      this.fc = new nn.Linear(3, outputs);
    }
  }

  /** A model with an optimizer that has done two steps. */
  const make = () => {
    const own = new Forecaster();
    const adagrad = new optim.Adagrad(own.parameters(), { lr: 0.5, initialAccumulatorValue: 0.25 });
    for (let i = 0; i < 2; i++) adagrad.beginStep(own.parameters());
    return { model: own, optimizer: adagrad };
  };
  const dicts = async ({ model, optimizer }: ReturnType<typeof make>) => ({
    model: await model.stateDict(),
    optimizer: await optimizer.stateDict(),
  });

  it("are saved as their state dicts are", async () => {
    const own = make();
    const config = { epoch: 1 };
    const saving = saveCheckpoint({ ...own, config });
    // What is saved is what was there at the call.
    own.model.fc.bias!.write(Float32Array.of(99));
    config.epoch = 2;
    const { model, optimizer, config: saved } = loadCheckpoint(await saving);
    expect(saved).toEqual({ epoch: 1 });
    expect(model.get("fc.bias")!.data[0]).not.toBe(99);
    own.model.loadStateDict(model);
    expect({ model: await own.model.stateDict(), optimizer }).toEqual(await dicts(own));
    expect(await saveCheckpoint({ ...own, config: { epoch: 1 } })).toEqual(await saving);
  });

  it("are loaded from a file, one or both, and the file's content is given", async () => {
    const own = make();
    const bytes = await saveCheckpoint({ ...own, config: { epoch: 1 } });
    const both = make();
    both.optimizer.lr = 9;
    both.optimizer.beginStep(both.model.parameters());
    expect(await dicts(both)).not.toEqual(await dicts(own));
    expect(await loadCheckpoint(bytes, both)).toEqual(loadCheckpoint(bytes));
    expect(await dicts(both)).toEqual(await dicts(own));
    const one = make();
    const before = await dicts(one);
    await loadCheckpoint(bytes, { model: one.model });
    expect(await dicts(one)).toEqual({ ...(await dicts(own)), optimizer: before.optimizer });
    const other = make();
    other.optimizer.lr = 9;
    const weights = await other.model.stateDict();
    await loadCheckpoint(bytes, { optimizer: other.optimizer });
    expect(await dicts(other)).toEqual({ ...(await dicts(own)), model: weights });
  });

  it.each<[string, (own: ReturnType<typeof make>) => Promise<Uint8Array>, RegExp]>([
    [
      "another optimizer's state",
      ({ model }) =>
        saveCheckpoint({ model, optimizer: new optim.SGD(model.parameters(), { momentum: 0.9 }) }),
      /Adagrad.loadStateDict: the state dict does not fit/,
    ],
    [
      "another model's weights",
      ({ optimizer }) => saveCheckpoint({ model: new Forecaster(2), optimizer }),
      /fc.weight must have shape \[1, 3\]/,
    ],
    ["no optimizer", ({ model }) => saveCheckpoint({ model }), /loadCheckpoint: the file has no optimizer's/],
    ["nothing that can be read", async () => new Uint8Array(4), /not a safetensors file/],
  ])("are left as they were by a file with %s", async (_, save, message) => {
    const own = make();
    const before = await dicts(own);
    const bytes = await save(make());
    await expect(loadCheckpoint(bytes, own)).rejects.toThrow(message);
    expect(await dicts(own)).toEqual(before);
  });

  it("are refused where they are something else", async () => {
    const own = make();
    const bytes = await saveCheckpoint(own);
    for (const [into, message] of [
      [{}, /give the model or the optimizer/],
      [{ model: new Map() }, /model must have stateDict\(\) and loadStateDict\(\), got a Map/],
      [{ model: own.model, optimizer: null }, /optimizer must have stateDict/],
      [{ ...own, trainer: 1 }, /unknown option "trainer"/],
    ] as const) {
      await expect(loadCheckpoint(bytes, wrong(into))).rejects.toThrow(OptionError);
      await expect(loadCheckpoint(bytes, wrong(into))).rejects.toThrow(message);
    }
  });
});

describe("a trainer's tensors", () => {
  const trainer = new Map([["trainer/carried/h", array([1], 7)]]);
  const config = { trainer: { version: 2 } };

  it("are apart from the model's", async () => {
    const bytes = await saveCheckpoint({ model, optimizer, trainer, config });
    expect(loadCheckpoint(bytes)).toEqual({ model, optimizer, trainer, config });
    expect(await saveCheckpoint(loadCheckpoint(bytes))).toEqual(bytes);
  });

  it("are a model's in a file without a trainer's state", () => {
    const bytes = saveSafetensors(trainer, { config: "{}" });
    expect(loadCheckpoint(bytes)).toEqual({ model: trainer, config: {} });
  });
});

function sorted(checkpoint: Checkpoint): Checkpoint {
  return { ...checkpoint, model: new Map([...checkpoint.model].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

describe("saveCheckpoint refuses", () => {
  const state = { 0: { step: 1 } };
  const param_groups = [{ params: [0] }];
  const loop: unknown[] = [];
  loop.push(loop);
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];

  it.each<[string, unknown, RegExp]>([
    ["no model", {}, /model must be a Map.*got undefined/],
    ["a model that is an object", { model: { a: array([1], 1) } }, /model must be a Map.*got \{ a \}/],
    [
      "a tensor that is not as its shape says",
      { model: new Map([["a", array([2], 1)]]) },
      /tensor "a" must be/,
    ],
    ["the reserved name", { model: new Map([["__metadata__", array([1], 1)]]) }, /reserved/],
    [
      "an optimizer's name",
      { model: new Map([["optimizer.state.0.x", array([1], 1)]]) },
      /rename the model's field/,
    ],
    ["a trainer's name", { model: new Map([["trainer/x", array([1], 1)]]) }, /rename the model's field/],
    [
      "a trainer's tensors under other names",
      { model, trainer: new Map([["x", array([1], 1)]]), config: { trainer: 1 } },
      /trainer must be a Map of tensors by names that begin with "trainer\/"/,
    ],
    ["a trainer's tensors without its state", { model, trainer: new Map(), config: {} }, /trainer goes with/],
    ["a name that is not text", { model: new Map([[1, array([1], 1)]]) }, /must be text.*got 1/],
    [
      "an invalid optimizer",
      { model, optimizer: null },
      /optimizer must be \{ state, param_groups \}.*got null/,
    ],
    [
      "a state that is a list",
      { model, optimizer: { state: [], param_groups } },
      /optimizer must be \{ state/,
    ],
    ["no groups", { model, optimizer: { state } }, /optimizer must be \{ state/],
    [
      "a group without params",
      { model, optimizer: { state, param_groups: [{}] } },
      /param_groups\[0\]\.params must/,
    ],
    [
      "a parameter in two groups",
      { model, optimizer: { state, param_groups: [{ params: [0] }, { params: [1, 0] }] } },
      /param_groups\[1\]\.params must be .* got \[1, 0\]/,
    ],
    [
      "state of no parameter",
      { model, optimizer: { state: { 1: {} }, param_groups } },
      /state\["1"\] is for a param/,
    ],
    [
      "state of no number",
      { model, optimizer: { state: { "00": {} }, param_groups } },
      /state\["00"\] is for/,
    ],
    [
      "state that is a number",
      { model, optimizer: { state: { 0: 1 }, param_groups } },
      /state\[0\] must be \{ step/,
    ],
    [
      "NaN",
      { model, optimizer: { state: { 0: { step: Number.NaN } }, param_groups } },
      /\["step"\] must be .* got NaN/,
    ],
    [
      "plain lists",
      { model, optimizer: { state: { 0: { exp_avg: [1] } }, param_groups } },
      /\["exp_avg"\] must be/,
    ],
    [
      "an optimizer's tensor that is not as its shape says",
      { model, optimizer: { state: { 0: { exp_avg: array([2], 1) } }, param_groups } },
      /tensor "optimizer\.state\.0\.exp_avg" must be/,
    ],
    [
      "a setting that JSON cannot hold",
      { model, optimizer: { state, param_groups: [{ params: [0], lr: Infinity }] } },
      /optimizer\.param_groups\[0\]\.lr must be plain JSON .* got Infinity/,
    ],
    [
      "a config that JSON would change",
      { model, config: { a: [1, undefined] } },
      /config\.a\[1\] must be plain JSON/,
    ],
    ["a config with a Map", { model, config: new Map() }, /config must be plain JSON .* got a Map/],
    [
      "a config with numbers in a typed array",
      { model, config: { a: new Float32Array(2) } },
      /Float32Array\(2\)/,
    ],
    [
      "a config that contains itself",
      { model, config: loop },
      /config is nested too deeply, or contains itself/,
    ],
    ["a config that is too deep", { model, config: deep }, /config is nested too deeply/],
  ])("%s", async (_, checkpoint, message) => {
    await expect(saveCheckpoint(wrong(checkpoint))).rejects.toThrow(DataError);
    await expect(saveCheckpoint(wrong(checkpoint))).rejects.toThrow(/^saveCheckpoint: /);
    await expect(saveCheckpoint(wrong(checkpoint))).rejects.toThrow(message);
  });

  it("an unknown option", async () => {
    await expect(saveCheckpoint(wrong({ model, scheduler: {} }))).rejects.toThrow(OptionError);
    await expect(saveCheckpoint(wrong(null))).rejects.toThrow(/saveCheckpoint: options must be an object/);
  });
});

const whole = await saveCheckpoint({ model });

describe("loadCheckpoint refuses", () => {
  const one = new Map([["optimizer.state.0.exp_avg", array([1], 1)]]);
  const groups = '"param_groups":[{"params":[0]}]';

  it.each<[string, Uint8Array, RegExp]>([
    ["a file that is cut off", whole.slice(0, 20), /not a safetensors file/],
    ["a config that is not JSON", saveSafetensors(model, { config: "{" }), /entry "config" must be JSON/],
    [
      "an optimizer that is not JSON",
      saveSafetensors(model, { optimizer: "" }),
      /entry "optimizer" must be JSON/,
    ],
    ["an invalid optimizer", saveSafetensors(model, { optimizer: "[]" }), /optimizer must be \{ state/],
    [
      "tensors for no parameter",
      saveSafetensors(one, { optimizer: `{"state":{},${groups}}` }),
      /a number that is in/,
    ],
    [
      "a tensor that is also a number",
      saveSafetensors(one, { optimizer: `{"state":{"0":{"exp_avg":1}},${groups}}` }),
      /tensor "optimizer\.state\.0\.exp_avg" must be/,
    ],
    [
      "a tensor without a slot's name",
      saveSafetensors(new Map([["optimizer.state.0", array([1], 1)]]), {
        optimizer: `{"state":{"0":{}},${groups}}`,
      }),
      /tensor "optimizer\.state\.0" must be/,
    ],
    [
      "JSON where a tensor belongs",
      saveSafetensors(model, { optimizer: `{"state":{"0":{"exp_avg":{"data":[1],"shape":[1]}}},${groups}}` }),
      /\["exp_avg"\] must be .* got an object/,
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => loadCheckpoint(bytes)).toThrow(DataError);
    expect(() => loadCheckpoint(bytes)).toThrow(/^loadCheckpoint: /);
    expect(() => loadCheckpoint(bytes)).toThrow(message);
  });

  it("with a short message even for long names in the file", () => {
    const long = "x".repeat(100_000);
    for (const optimizer of [
      `{"state":{"${long}":{}},${groups}}`,
      `{"state":{"0":{"${long}":"${long}"}},${groups}}`,
      `{"state":{},"param_groups":["${long}"]}`,
      `"${long}"`,
    ]) {
      const call = () => loadCheckpoint(saveSafetensors(model, { optimizer }));
      expect(call).toThrow(DataError);
      expect(call).toThrow(/^.{1,400}$/s);
    }
  });
});
