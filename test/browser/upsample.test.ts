import { expect, test } from "vitest";
import { nn, OptionError, type Tensor } from "webgpu-lstm";
import { withDevice } from "./gpu.ts";
import { checkGradient } from "./numeric-gradient.ts";
import { testGoldens } from "./one-input.ts";

testGoldens("upsample", "Upsample", (options: nn.UpsampleOptions) => new nn.Upsample(options));

test.each([3, 7, 8, 29])("gradients of lines to %i elements match difference quotients", (size) =>
  withDevice((device) =>
    checkGradient(
      device,
      { x: [2, 3, 7] },
      ({ x }) => new nn.Upsample({ size, mode: "linear" }).forward(x!),
      ({ x }) =>
        Float64Array.from({ length: 6 * size }, (_, i) => {
          const place = Math.max((7 / size) * ((i % size) + 0.5) - 0.5, 0);
          const left = Math.min(Math.floor(place), 6);
          const at = (p: number) => x!.data[7 * Math.floor(i / size) + Math.min(p, 6)]!;
          return (1 - place + left) * at(left) + (place - left) * at(left + 1);
        }),
      size,
    ),
  ),
);

test("refuses wrong options and inputs by name", async () => {
  const make = (options: object) => new nn.Upsample(options);
  expect(() => make({})).toThrow(
    new OptionError("Upsample: give either size or scaleFactor, got null and null"),
  );
  expect(() => make({ size: 2, scaleFactor: 2 })).toThrow(/give either size or scaleFactor, got 2 and 2/);
  expect(() => make({ size: 2, mode: "cubic" })).toThrow(/mode must be "nearest" or "linear", got "cubic"/);
  expect(() => make({ size: 2, alignCorners: true })).toThrow(/alignCorners is for mode "linear"/);
  expect(() => make({ size: 2, recomputeScaleFactor: true })).toThrow(
    /recomputeScaleFactor is for scaleFactor/,
  );
  expect(() => make({ scaleFactor: 0 })).toThrow(/scaleFactor must be a number above 0, got 0/);
  await withDevice(async (device) => {
    const trace = (shape: number[]) =>
      device.compile(
        ({ x }: Readonly<Record<string, Tensor>>) => ({ y: make({ scaleFactor: 0.4 }).forward(x!) }),
        {
          inputs: { x: shape },
        },
      );
    await expect(trace([3, 4])).rejects.toThrow(
      /Upsample.forward: the input must be \[batch, channels, length\], got \[3, 4\]/,
    );
    await expect(trace([1, 3, 2])).rejects.toThrow(
      /nothing is left of \[1, 3, 2\]; use a larger scaleFactor/,
    );
  });
});
