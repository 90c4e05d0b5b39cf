import { expect, test } from "vitest";
import { nn, OptionError, type Tensor } from "webgpu-lstm";
import { groupNorm } from "../../src/graph/normalization.ts";
import { withDevice } from "./gpu.ts";
import { checkGradient } from "./numeric-gradient.ts";
import { testGoldens } from "./one-input.ts";

testGoldens(
  "group_norm",
  "GroupNorm",
  (...given: ConstructorParameters<typeof nn.GroupNorm>) => new nn.GroupNorm(...given),
);

test("the gradients of a group norm match difference quotients", () =>
  withDevice((device) =>
    checkGradient(
      device,
      { x: [2, 6, 5], weight: [6], bias: [6] },
      ({ x, weight, bias }) => groupNorm("test", x!, 2, weight!, bias!, 1e-2),
      ({ x, weight, bias }) =>
        Float64Array.from(x!.data, (value, e) => {
          const own = x!.data.subarray(15 * Math.floor(e / 15), 15 * Math.floor(e / 15) + 15);
          const mean = own.reduce((a, b) => a + b, 0) / 15;
          const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / 15;
          const channel = Math.floor(e / 5) % 6;
          return (
            ((value - mean) / Math.sqrt(variance + 1e-2)) * weight!.data[channel]! + bias!.data[channel]!
          );
        }),
      1,
    ),
  ));

test("has no parameters without affine, and refuses wrong options and inputs by name", async () => {
  expect([...(await new nn.GroupNorm(2, 4).stateDict()).keys()]).toEqual(["weight", "bias"]);
  expect([...(await new nn.GroupNorm(2, 4, { affine: false }).stateDict()).keys()]).toEqual([]);
  expect(() => new nn.GroupNorm(3, 4)).toThrow(
    new OptionError("GroupNorm: numGroups must divide numChannels (4), got 3"),
  );
  expect(() => new nn.GroupNorm(2, 4, { eps: -1 })).toThrow(/eps must be a number of at least 0, got -1/);
  await withDevice(async (device) => {
    const trace = (shape: number[]) =>
      device.compile(
        ({ x }: Readonly<Record<string, Tensor>>) => ({ y: new nn.GroupNorm(2, 4).forward(x!) }),
        {
          inputs: { x: shape },
        },
      );
    await expect(trace([4])).rejects.toThrow(
      /GroupNorm.forward: the input must be \[batch, 4, …\], got \[4\]/,
    );
    await expect(trace([2, 3, 4])).rejects.toThrow(/got \[2, 3, 4\]/);
  });
});
