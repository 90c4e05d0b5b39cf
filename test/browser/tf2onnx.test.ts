/** Keras models that tf2onnx exported: LSTM as that operator, GRU and SimpleRNN as loops. The same numbers as Keras', which has float32. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { optim, type Tensor } from "webgpu-lstm";
import { inspect, loadOnnx } from "webgpu-lstm/formats";
import golden from "../goldens/tf2onnx.json";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

const files = import.meta.glob<string>("../goldens/tf2onnx_*.onnx", {
  query: "?url",
  import: "default",
  eager: true,
});
const cases = Object.entries(golden.cases);

test("there is a case for each file", () => {
  expect(Object.keys(files).sort()).toEqual(cases.map(([name]) => `../goldens/tf2onnx_${name}.onnx`).sort());
});

test.each(cases)("%s computes as Keras does, and trains", (name, { x, y }) =>
  frame.run(async (device) => {
    const bytes = await (await fetch(files[`../goldens/tf2onnx_${name}.onnx`]!)).arrayBuffer();
    const recurrent = name.startsWith("lstm") ? "LSTM" : "Loop";
    expect(inspect(bytes).operators!.get(recurrent)).toBeGreaterThan(0);
    const model = await loadOnnx(bytes);
    expect([model.inputNames, model.outputNames]).toEqual([["x"], ["y"]]);
    const data = { x: { data: Float32Array.from(x.data), shape: x.shape } };
    const forward = (given: Record<string, Tensor>) => model.forward(given)["y"]!;
    const step = await device.compile((given: Record<string, Tensor>) => ({ y: forward(given) }), {
      inputs: data,
    });
    const got = await step.run(data).y.read();
    expect(got.shape).toEqual(y.shape);
    const differences = y.data.map((value, i) => Math.abs(value - got.data[i]!));
    expect(Math.max(...differences)).toBeLessThan(1e-6);
    const train = await device.compile(
      (given: Record<string, Tensor>) => ({ loss: forward(given).sub(1).square().mean() }),
      { inputs: data, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }) },
    );
    const before = await train.run(data).loss.item();
    for (let i = 0; i < 5; i++) train.run(data);
    expect(await train.run(data).loss.item()).toBeLessThan(0.99 * before);
    for (const owner of [step, train, model]) owner.dispose();
  }),
);
