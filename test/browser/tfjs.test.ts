/** Layers models that TensorFlow.js and Keras 3 made: the same numbers as theirs, and training that goes on here. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nn, optim, type Tensor } from "webgpu-lstm";
import { loadTfjs } from "webgpu-lstm/formats";
import keras from "../goldens/keras.json";
import goldens from "../goldens/tfjs.json";
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
});
