/** What device.compile works out by itself: shapes from samples, and the result to minimize. */
import { describe, expect, test } from "vitest";
import { type Device, manualSeed, nn, optim, type Tensor } from "webgpu-lstm";
import { withDevice } from "./gpu.ts";
import { bits, Tiny, tinyShapes, values } from "./tiny.ts";

const batch = { x: values(tinyShapes.x), y: values(tinyShapes.y) };
const criterion = new nn.MSELoss();

/** Three training steps of a model of seed 1; gives the weights' bits. */
async function trained(
  device: Device,
  inputs: Parameters<Device["compile"]>[1]["inputs"],
  options: object = {},
) {
  manualSeed(1);
  const model = new Tiny();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const step = await device.compile(
    ({ x, y }: Readonly<Record<string, Tensor>>) => {
      const pred = model.forward(x!);
      const loss = criterion.forward(pred, y!);
      return { pred, norm: nn.utils.clipGradNorm_(model.parameters(), 1), loss };
    },
    { inputs, optimizer, ...options },
  );
  for (let i = 0; i < 3; i++) step.run(batch);
  const weights = await bits(model);
  step.dispose();
  model.dispose();
  return weights;
}

describe("device.compile", () => {
  test("takes the shapes of samples", () =>
    withDevice(async (device) => {
      const doubled = (inputs: Readonly<Record<string, Tensor>>) => ({
        ...Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, x.mul(2)])),
      });
      const first = await device.compile(doubled, { inputs: { z: [2, 2] } });
      const { z } = first.run({ z: Float32Array.of(1, 2, 3, 4) });
      const samples = {
        a: Float32Array.of(1, 2, 3),
        b: Uint8Array.of(4, 5),
        c: { data: Float32Array.of(6, 7), shape: [2, 1] },
        d: { data: Int32Array.of(8), shape: [] },
        e: [2],
        f: Float64Array.of(0.1),
        g: { data: Float64Array.of(0.1, 0.2), shape: [1, 2] },
        z: z!,
      };
      const step = await device.compile(doubled, { inputs: samples });
      const results = step.run({ ...samples, e: Float32Array.of(9, 10) });
      const read = async (name: string) => {
        const { data, shape } = await results[name]!.read();
        return { data: [...data], shape };
      };
      expect(await read("a")).toEqual({ data: [2, 4, 6], shape: [3] });
      expect(await read("b")).toEqual({ data: [8, 10], shape: [2] });
      expect(await read("c")).toEqual({ data: [12, 14], shape: [2, 1] });
      expect(await read("d")).toEqual({ data: [16], shape: [] });
      expect(await read("e")).toEqual({ data: [18, 20], shape: [2] });
      // Doubles are rounded to float32.
      expect(await read("f")).toEqual({ data: [2 * Math.fround(0.1)], shape: [1] });
      expect(await read("g")).toEqual({ data: [2 * Math.fround(0.1), 2 * Math.fround(0.2)], shape: [1, 2] });
      expect(await read("z")).toEqual({ data: [4, 8, 12, 16], shape: [2, 2] });
      step.dispose();
      first.dispose();
    }));

  test("minimizes the one scalar result, of samples as of shapes", () =>
    withDevice(async (device) => {
      const samples = {
        x: { data: batch.x, shape: tinyShapes.x },
        y: { data: batch.y, shape: tinyShapes.y },
      };
      const named = await trained(device, tinyShapes, { minimize: "loss" });
      expect(await trained(device, tinyShapes)).toEqual(named);
      expect(await trained(device, samples)).toEqual(named);
      manualSeed(1);
      expect(named).not.toEqual(await bits(new Tiny()));
    }));

  test("takes a prediction for one sample for no loss", () =>
    withDevice(async (device) => {
      const model = new Tiny();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const step = await device.compile(
        ({ x, y }) => {
          const pred = model.forward(x);
          return { pred, loss: criterion.forward(pred, y) };
        },
        { inputs: { x: [1, 3, 2], y: [1, 1] }, optimizer },
      );
      const one = { x: values([1, 3, 2]), y: Float32Array.of(1) };
      const losses: number[] = [];
      for (let i = 0; i < 5; i++) losses.push(await step.run(one).loss.item());
      expect(losses).toEqual(losses.toSorted((a, b) => b - a));
      expect(losses[4]).toBeLessThan(losses[0]!);
      step.dispose();
      model.dispose();
    }));
});
