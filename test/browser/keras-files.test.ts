/** Models that Keras 3 saved as .keras and .h5: what Keras computes, and training. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { optim } from "webgpu-lstm";
import { loadKeras } from "webgpu-lstm/formats";
import golden from "../goldens/keras_files.json";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

const files = import.meta.glob<string>("../goldens/keras_file_*", {
  query: "?url",
  import: "default",
  eager: true,
});
const cases = Object.entries(golden.cases).flatMap(([name, values]) =>
  ["keras", "h5"].map((kind) => [`${name}.${kind}`, values] as const),
);

test("there is a case for each file", () => {
  expect(Object.keys(files).sort()).toEqual(cases.map(([name]) => `../goldens/keras_file_${name}`).sort());
});

test.each(cases)("%s computes as Keras does, and trains", (name, { x, y }) =>
  frame.run(async (device) => {
    const bytes = await (await fetch(files[`../goldens/keras_file_${name}`]!)).arrayBuffer();
    const model = await loadKeras(bytes);
    const names = [...model.namedParameters()].map(([own]) => own);
    if (name.startsWith("text")) expect(names).toContain("letters.weight");
    const data = { x: { data: Float32Array.from(x.data), shape: x.shape } };
    const step = await device.compile(({ x }) => ({ y: model.forward(x) }), { inputs: data });
    const got = await step.run(data).y.read();
    expect(got.shape).toEqual(y.shape);
    expect(Math.max(...y.data.map((value, i) => Math.abs(value - got.data[i]!)))).toBeLessThan(1e-6);
    const train = await device.compile(
      ({ x }) => ({ loss: model.forward(x).select(1, 0).sub(1).square().mean() }),
      {
        inputs: data,
        optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      },
    );
    const before = await train.run(data).loss.item();
    for (let i = 0; i < 5; i++) train.run(data);
    expect(await train.run(data).loss.item()).toBeLessThan(0.99 * before);
    for (const owner of [step, train, model]) owner.dispose();
  }),
);
