/** Models that PyTorch exported as ONNX, with both of its exporters: the same numbers as PyTorch's in float64, at other sizes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Tensor } from "webgpu-lstm";
import { loadOnnx } from "webgpu-lstm/formats";
import golden from "../goldens/onnx_export.json";
import { expectClose } from "./closeness.ts";
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

interface Exported {
  readonly inputs: Readonly<Record<string, Values>>;
  readonly outputs: Readonly<Record<string, Values>>;
}

const files = import.meta.glob<string>("../goldens/onnx_export_*.onnx", {
  query: "?url",
  import: "default",
  eager: true,
});
const cases = Object.entries(golden.cases as unknown as Record<string, Exported>);

test("there is a case for each file", () => {
  expect(Object.keys(files).sort()).toEqual(
    cases.map(([name]) => `../goldens/onnx_export_${name}.onnx`).sort(),
  );
});

test.each(cases)("%s", (name, { inputs, outputs }) =>
  frame.run(async (device) => {
    const bytes = await (await fetch(files[`../goldens/onnx_export_${name}.onnx`]!)).arrayBuffer();
    const model = await loadOnnx(bytes);
    expect(model.inputNames).toEqual(Object.keys(inputs));
    const data = Object.fromEntries(
      Object.entries(inputs).map(([key, { data, shape }]) => [key, { data: Float32Array.from(data), shape }]),
    );
    const step = await device.compile((given: Record<string, Tensor>) => model.forward(given), {
      inputs: data,
    });
    const results = step.run(data);
    for (const [key, { data, shape }] of Object.entries(outputs)) {
      const got = await results[key]!.read();
      expect(got.shape, key).toEqual(shape);
      expectClose(key, got.data, { dtype: "F64", data: Float64Array.from(data), shape });
    }
    step.dispose();
    model.dispose();
  }),
);
