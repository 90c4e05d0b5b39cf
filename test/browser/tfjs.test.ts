/** Layers models that TensorFlow.js and Keras 3 made: the same numbers as theirs, and training that goes on here. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manualSeed, nn, optim, type Tensor } from "webgpu-lstm";
import { loadTfjs } from "webgpu-lstm/formats";
import keras from "../goldens/keras.json";
import goldens from "../goldens/tfjs.json";
import { type LayerInit, recurrentWeights, tfjsFile, type WeightInit } from "../tfjs-file.ts";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

interface Values {
  readonly shape: number[];
  readonly data: number[];
}

interface Golden {
  readonly model: { readonly weightsManifest: readonly { readonly paths: readonly string[] }[] };
  /** Base64. */
  readonly weights: string;
  readonly input: Values;
  readonly output: Values;
  /** Of models that TensorFlow.js has trained, with plain gradient descent. */
  readonly target?: number[];
  readonly losses?: number[];
}

const tfjs = goldens as unknown as Record<string, Golden>;
const cases = [
  ...Object.entries(tfjs),
  ...Object.entries(keras as unknown as Record<string, Golden>).map(
    ([name, one]) => [`keras_${name}`, one] as const,
  ),
];

const bytesOf = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const floats = ({ data, shape }: Values) => ({ data: Float32Array.from(data), shape });

/** The weights as the shards that the model names, by path; where they are cut lies within a number. */
function shards({ model, weights }: Golden): Record<string, Uint8Array> {
  const bytes = bytesOf(weights);
  const paths = model.weightsManifest.flatMap((group) => group.paths);
  const size = Math.ceil(bytes.length / paths.length / 2) * 2 - 1;
  return Object.fromEntries(
    paths.map((path, i) => [
      path,
      bytes.slice(i * size, i === paths.length - 1 ? bytes.length : (i + 1) * size),
    ]),
  );
}

/** The largest difference, in parts of 1 and of the value. */
function difference(got: Float32Array, wanted: readonly number[]): number {
  return Math.max(...wanted.map((value, i) => Math.abs(got[i]! - value) / Math.max(1, Math.abs(value))));
}

describe("loadTfjs", () => {
  test.each(cases)("%s", (_, golden) =>
    frame.run(async (device) => {
      const model = await loadTfjs(JSON.stringify(golden.model), shards(golden));
      const step = await device.compile(({ x }: { x: Tensor }) => ({ y: model.forward(x) }), {
        inputs: { x: golden.input.shape },
      });
      const output = await step.run({ x: floats(golden.input) }).y.read();
      expect(output.shape).toEqual(golden.output.shape);
      expect(difference(output.data, golden.output.data)).toBeLessThan(1e-5);
      step.dispose();
      model.dispose();
    }),
  );

  test.each(cases.filter(([, { losses }]) => losses))("trains %s as TensorFlow.js does", (_, golden) =>
    frame.run(async (device) => {
      const model = await loadTfjs(golden.model, shards(golden));
      model.train();
      const criterion = new nn.MSELoss();
      const data = {
        x: floats(golden.input),
        y: floats({ shape: golden.output.shape, data: golden.target! }),
      };
      const step = await device.compile(
        ({ x, y }: Record<"x" | "y", Tensor>) => ({ loss: criterion.forward(model.forward(x), y) }),
        { inputs: data, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }) },
      );
      const losses: number[] = [];
      for (const _ of golden.losses!) losses.push(await step.run(data).loss.item());
      expect(difference(Float32Array.from(losses), golden.losses!)).toBeLessThan(1e-5);
      // Far more than the budget, so that gradients show.
      expect(losses[0]! - losses.at(-1)!).toBeGreaterThan(1e-3);
      step.dispose();
      model.dispose();
    }),
  );

  test.each(["gru_text", "bidirectional_merged", "convolutions", "normalizations"])(
    "trains %s, and saves what it learned",
    (name) =>
      frame.run(async (device) => {
        const golden = tfjs[name]!;
        const model = await loadTfjs(golden.model, bytesOf(golden.weights));
        model.train();
        const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
        const criterion = new nn.MSELoss();
        const data = {
          x: floats(golden.input),
          y: {
            shape: golden.output.shape,
            data: floats(golden.output).data.map((value, i) => value + (i % 3) - 1),
          },
        };
        const step = await device.compile(
          ({ x, y }: Record<"x" | "y", Tensor>) => ({ loss: criterion.forward(model.forward(x), y) }),
          { inputs: data, optimizer },
        );
        const losses: number[] = [];
        for (let i = 0; i < 15; i++) losses.push(await step.run(data).loss.item());
        expect(losses.at(-1)!).toBeLessThan(0.9 * losses[0]!);
        const state = await model.stateDict();
        const other = await loadTfjs(golden.model, [bytesOf(golden.weights)]);
        other.loadStateDict(state);
        model.eval();
        const predict = (of: typeof model) =>
          device.compile(({ x }: { x: Tensor }) => ({ y: of.forward(x) }), { inputs: { x: data.x.shape } });
        const [one, two] = [await predict(model), await predict(other)];
        const trained = await one.run({ x: data.x }).y.read();
        expect(await two.run({ x: data.x }).y.read()).toEqual(trained);
        expect(difference(trained.data, golden.output.data)).toBeGreaterThan(1e-3);
        step.dispose();
        one.dispose();
        two.dispose();
        model.dispose();
        other.dispose();
      }),
  );

  test("loads recurrent weights into nn.LSTM, which gives the same numbers", () =>
    frame.run(async (device) => {
      const golden = tfjs["lstm_functional"]!;
      const model = await loadTfjs(golden.model, shards(golden));
      const state = await model.stateDict();
      const names = [...state.keys()].filter((name) => name.includes("_l0"));
      const lstm = new nn.LSTM(2, 5, { batchFirst: true });
      lstm.loadStateDict(
        new Map(names.map((name) => [name.slice(name.lastIndexOf(".") + 1), state.get(name)!])),
      );
      const weight = state.get([...state.keys()].at(-1)!)!;
      const step = await device.compile(
        ({ x, w }: Record<"x" | "w", Tensor>) => ({
          y: lstm.forward(x).output.select(1, -1).matmul(w.transpose(0, 1)),
        }),
        { inputs: { x: golden.input.shape, w: weight.shape } },
      );
      const output = await step.run({ x: floats(golden.input), w: weight }).y.read();
      expect(difference(output.data, golden.output.data)).toBeLessThan(1e-5);
      step.dispose();
      model.dispose();
      lstm.dispose();
    }));

  /** Runs a model on ones of a shape, in evaluation and then in training mode of one step. */
  const inBothModes = (layer: LayerInit, weights: readonly WeightInit[], fill: number, shape: number[]) =>
    frame.run(async (device) => {
      manualSeed(5);
      const file = tfjsFile([layer], weights);
      const numbers = new Float32Array(file.weights.length / 4).fill(fill);
      const model = await loadTfjs(file.model, new Uint8Array(numbers.buffer));
      const step = await device.compile(({ x }: { x: Tensor }) => ({ y: model.forward(x) }), {
        inputs: { x: shape },
      });
      const x = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1);
      const before = await step.run({ x }).y.read();
      model.train();
      const after = await step.run({ x }).y.read();
      step.dispose();
      model.dispose();
      return { before: before.data, after: after.data };
    });

  test("drops whole channels in training mode", async () => {
    const [N, T, C] = [4, 5, 16] as const;
    const { before, after } = await inBothModes({ kind: "SpatialDropout1D", config: { rate: 0.5 } }, [], 0, [
      N,
      T,
      C,
    ]);
    expect(new Set(before)).toEqual(new Set([1]));
    expect(new Set(after)).toEqual(new Set([0, 2]));
    for (const [i, value] of after.entries())
      expect(value).toBe(after[Math.floor(i / (T * C)) * T * C + (i % C)]);
  });

  test("drops a recurrent layer's inputs once for all steps, and its states", async () => {
    const weights = recurrentWeights("simplernn", 16, 1, 1);
    const config = { units: 1, activation: "linear", return_sequences: true };
    const shape = [6, 3, 16];
    const dropped = await inBothModes(
      { kind: "SimpleRNN", config: { ...config, dropout: 0.5 } },
      weights,
      1,
      shape,
    );
    // h' = Σ x + h + 1: with ones 17 a step.
    expect([...dropped.before.slice(0, 3)]).toEqual([17, 34, 51]);
    const steps = Array.from({ length: 6 }, (_, n) => [...dropped.after.slice(3 * n, 3 * n + 3)]);
    for (const [a, b, c] of steps) expect([b, c]).toEqual([2 * a!, 3 * a!]);
    expect(new Set(steps.map(([a]) => a)).size).toBeGreaterThan(1);
    const states = await inBothModes(
      { kind: "SimpleRNN", config: { ...config, recurrent_dropout: 0.5 } },
      weights,
      1,
      shape,
    );
    expect([...states.before.slice(0, 3)]).toEqual([17, 34, 51]);
    // A state is dropped in all steps or doubled in all of them.
    for (let n = 0; n < 6; n++)
      expect([
        [17, 17, 17],
        [17, 51, 119],
      ]).toContainEqual([...states.after.slice(3 * n, 3 * n + 3)]);
    expect(new Set(states.after)).toEqual(new Set([17, 51, 119]));
  });

  test.each<[string, LayerInit, readonly WeightInit[], number[], string]>([
    [
      "another width",
      { kind: "Dense", config: { units: 3 } },
      [
        ["dense/kernel", [2, 3]],
        ["dense/bias", [3]],
      ],
      [4, 5],
      'TfjsModel.forward: "dense" (Dense): its input must be [batch, *, 2], got [4, 5] (its input is [4, 5])',
    ],
    [
      "another size of the input",
      { kind: "ReLU", config: { batch_input_shape: [null, 3, 2] } },
      [],
      [4, 2, 3],
      "TfjsModel.forward: the input must be [*, 3, 2], got [4, 2, 3]",
    ],
    [
      "an axis before the last",
      { kind: "LayerNormalization", config: { axis: 1 } },
      [
        ["layernormalization/gamma", [3]],
        ["layernormalization/beta", [3]],
      ],
      [4, 3, 2],
      "it normalizes over the axes [1] of [4, 3, 2], and the last ones are computed here",
    ],
    [
      "a dimension less",
      { kind: "GlobalMaxPooling1D" },
      [],
      [4, 3],
      "its input must have 3 dimensions, the batch first, got [4, 3]",
    ],
    [
      "too many steps",
      { kind: "GRU", config: { units: 1 } },
      recurrentWeights("gru", 2, 1, 3),
      [1, 2001, 2],
      "this variant is traced step by step, for at most 2000 steps, and its input has 2001",
    ],
  ])("names the layer where %s cannot be computed", (_, layer, weights, shape, message) =>
    frame.run(async (device) => {
      const file = tfjsFile([layer], weights);
      const model = await loadTfjs(file.model, file.weights);
      const compiling = device.compile(({ x }: { x: Tensor }) => ({ y: model.forward(x) }), {
        inputs: { x: shape },
      });
      await expect(compiling).rejects.toThrow(message);
      model.dispose();
    }),
  );
});
