import { expect, test } from "vitest";
import { nn, OptionError, type Tensor } from "webgpu-lstm";
import { withDevice } from "./gpu.ts";
import { checkGradient } from "./numeric-gradient.ts";
import { testGoldens } from "./one-input.ts";

const kinds = {
  MaxPool1d: nn.MaxPool1d,
  AvgPool1d: nn.AvgPool1d,
  AdaptiveAvgPool1d: nn.AdaptiveAvgPool1d,
};

testGoldens("pool", "pooling", (kind: keyof typeof kinds, size: number, options: object) => {
  if (kind === "AdaptiveAvgPool1d") return new nn.AdaptiveAvgPool1d(size);
  return new kinds[kind](size, options);
});

/** Windows of a row by PyTorch's formula, reduced one by one. */
function reduceWindows(
  x: Float64Array,
  length: number,
  [size, stride, padding]: readonly [number, number, number],
  reduce: (window: readonly number[]) => number,
): Float64Array {
  const outLength = Math.floor((length + 2 * padding - size) / stride) + 1;
  return Float64Array.from({ length: (x.length / length) * outLength }, (_, i) => {
    const row = Math.floor(i / outLength) * length;
    const first = (i % outLength) * stride - padding;
    const inside = Array.from({ length: size }, (_, k) => first + k).filter((k) => k >= 0 && k < length);
    return reduce(inside.map((k) => x[row + k]!));
  });
}

test.each([
  [2, 2, 0],
  [5, 2, 2],
  [3, 1, 1],
  [4, 7, 1],
] as const)(
  "gradients of windows of %i, stride %i, padding %i match difference quotients",
  (size, stride, padding) =>
    withDevice(async (device) => {
      const options = { stride, padding };
      await checkGradient(
        device,
        { x: [2, 3, 23] },
        ({ x }) => new nn.MaxPool1d(size, options).forward(x!),
        ({ x }) => reduceWindows(x!.data, 23, [size, stride, padding], (own) => Math.max(...own)),
        size,
      );
      await checkGradient(
        device,
        { x: [2, 3, 23] },
        ({ x }) => new nn.AvgPool1d(size, options).forward(x!),
        ({ x }) =>
          reduceWindows(x!.data, 23, [size, stride, padding], (own) => own.reduce((a, b) => a + b, 0) / size),
        size,
      );
    }),
);

test("a maximum that nothing differentiates keeps no places", () =>
  withDevice(async (device) => {
    const pool = new nn.MaxPool1d(2);
    const step = await device.compile(({ x }) => ({ y: pool.forward(x) }), { inputs: { x: [1, 1, 4] } });
    const { y } = step.run({ x: Float32Array.of(3, 1, -2, -1) });
    expect([...(await y.read()).data]).toEqual([3, -1]);
    const [pooled] = step.program.source.dispatches;
    expect(pooled!.kernel.name).toBe("max_pool_forward");
    expect(pooled!.bindings["place"]).toBeNull();
    step.dispose();
  }));

test("refuses wrong options and inputs by name", async () => {
  const make = (...given: unknown[]) => new nn.MaxPool1d(...(given as [number]));
  expect(() => make(0)).toThrow(
    new OptionError("MaxPool1d: kernelSize must be an integer of at least 1, got 0"),
  );
  expect(() => make(3, { padding: 2 })).toThrow(/padding must be at most half of kernelSize \(3\), got 2/);
  expect(() => make(3, { returnIndices: true })).toThrow(/unknown option "returnIndices"/);
  expect(() => new nn.AvgPool1d(3, { dilation: 2 } as object)).toThrow(
    /AvgPool1d: unknown option "dilation"/,
  );
  expect(() => new nn.AdaptiveAvgPool1d(0)).toThrow(
    /AdaptiveAvgPool1d: outputSize must be an integer of at least 1/,
  );
  await withDevice(async (device) => {
    const trace = (layer: { forward(x: Tensor): Tensor }, shape: number[]) =>
      device.compile(({ x }: Readonly<Record<string, Tensor>>) => ({ y: layer.forward(x!) }), {
        inputs: { x: shape },
      });
    await expect(trace(make(5), [2, 4])).rejects.toThrow(
      /MaxPool1d.forward: the window reaches over 5 elements, more than the 4/,
    );
    await expect(trace(new nn.AvgPool1d(2), [4])).rejects.toThrow(
      /AvgPool1d.forward: the input must be \[batch, channels, length\]/,
    );
    await expect(trace(new nn.AdaptiveAvgPool1d(2), [1, 1, 1, 4])).rejects.toThrow(
      /AdaptiveAvgPool1d.forward: the input/,
    );
  });
});
