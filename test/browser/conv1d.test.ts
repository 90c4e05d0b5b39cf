import { expect, test } from "vitest";
import { grad, nn, OptionError, ShapeError, type Tensor } from "webgpu-lstm";
import { conv1d } from "../../src/graph/convolution.ts";
import { convolve } from "../reference/convolution.ts";
import { convVersions } from "./conv-versions.ts";
import { withDevice } from "./gpu.ts";
import { checkGradient } from "./numeric-gradient.ts";
import { testGoldens } from "./one-input.ts";

testGoldens(
  "conv1d",
  "Conv1d",
  (...given: ConstructorParameters<typeof nn.Conv1d>) => new nn.Conv1d(...given),
  {},
  convVersions,
);

test.each(convVersions)("the gradients of any convolution match difference quotients: $gemm", (versions) =>
  withDevice(
    async (device) => {
      for (const [
        seed,
        [batch, groups, inPerGroup, outPerGroup, length, taps, stride, dilation, before, after],
      ] of [
        [1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
        [2, 1, 3, 5, 9, 3, 2, 1, 1, 1],
        [3, 2, 2, 1, 8, 2, 3, 3, 4, 0],
        [1, 3, 1, 2, 5, 4, 1, 2, 0, 5],
        [5, 1, 9, 35, 13, 2, 1, 1, 2, 3],
        [2, 1, 2, 3, 30, 7, 5, 1, 3, 3],
      ].entries()) {
        const options = {
          stride: stride!,
          dilation: dilation!,
          groups: groups!,
          padding: [before!, after!] as const,
        };
        await checkGradient(
          device,
          {
            x: [batch!, groups! * inPerGroup!, length!],
            weight: [groups! * outPerGroup!, inPerGroup!, taps!],
            bias: [groups! * outPerGroup!],
          },
          ({ x, weight, bias }) => conv1d("test", x!, weight!, bias!, options),
          ({ x, weight, bias }) => convolve(x!, weight!, bias!, options),
          seed,
        );
      }
    },
    { versions },
  ),
);

test("the weight alone, the bias alone or the input alone can have a gradient", () =>
  withDevice(async (device) => {
    const shapes = { x: [2, 3, 7], weight: [4, 3, 2], bias: [4] };
    for (const wanted of Object.keys(shapes)) {
      await checkGradient(
        device,
        shapes,
        ({ x, weight, bias }) => conv1d("test", x!, weight!, bias!, { padding: 1 }),
        ({ x, weight, bias }) => convolve(x!, weight!, bias!, { padding: [1, 1] }),
        7,
        [wanted],
      );
    }
  }));

test.each(convVersions)("only slices and biases take a dispatch to add up: $gemm", (versions) =>
  withDevice(
    async (device) => {
      for (const [bias, length, adds] of [
        [false, 9, false],
        [true, 9, true],
        [false, 9000, true],
      ] as const) {
        const layer = new nn.Conv1d(3, 4, 2, { bias });
        const step = await device.compile(
          ({ x }: { readonly x: Tensor }) => {
            const gradients = grad(layer.forward(x).square().sum(), [...layer.parameters()]);
            return Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient]));
          },
          { inputs: { x: [1, 3, length] } },
        );
        expect((await step.describe()).includes("sum_slices"), `bias: ${bias}, ${length} places`).toBe(adds);
        step.dispose();
        layer.dispose();
      }
    },
    { versions },
  ),
);

test("refuses wrong options and inputs by name", async () => {
  const make = (...given: unknown[]) => new nn.Conv1d(...(given as [number, number, number]));
  expect(() => make(0, 1, 1)).toThrow(
    new OptionError("Conv1d: inChannels must be an integer of at least 1, got 0"),
  );
  expect(() => make(4, 6, 3, { groups: 4 })).toThrow(
    /groups must divide inChannels \(4\) and outChannels \(6\), got 4/,
  );
  expect(() => make(4, 4, 3, { padding: "full" })).toThrow(
    /padding must be an integer of at least 0, "same" or "valid", got "full"/,
  );
  expect(() => make(4, 4, 3, { padding: "same", stride: 2 })).toThrow(/only with stride 1, got 2/);
  expect(() => make(4, 4, 3, { paddingMode: "edge" })).toThrow(
    /paddingMode must be one of zeros, reflect, replicate, circular, got "edge"/,
  );
  expect(() => make(4, 4, 3, { kernel: 2 })).toThrow(/unknown option "kernel"/);
  expect(() => make(4, 4, 3, 2)).toThrow(/options must be an object, got 2/);
  expect(() => make(4, 4, 3, {}, 1)).toThrow(/unknown argument 1/);
  await withDevice(async (device) => {
    const layer = make(4, 4, 3);
    const trace = (shape: number[]) =>
      device.compile(({ x }: Readonly<Record<string, Tensor>>) => ({ y: layer.forward(x!) }), {
        inputs: { x: shape },
      });
    await expect(trace([2, 5, 9])).rejects.toThrow(ShapeError);
    await expect(trace([2, 5, 9])).rejects.toThrow(
      "Conv1d.forward: the input must be [batch, 4, length], or [4, length] without a batch, got [2, 5, 9]",
    );
    await expect(trace([2, 4, 2])).rejects.toThrow(
      /the kernel reaches over 3 elements, more than the 2 of the padded input/,
    );
    await expect(trace([4])).rejects.toThrow(ShapeError);
    layer.dispose();
  });
});
