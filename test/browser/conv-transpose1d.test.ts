import { expect, test } from "vitest";
import { nn, OptionError, type Tensor } from "webgpu-lstm";
import { convTranspose1d } from "../../src/graph/convolution.ts";
import { spread } from "../reference/convolution.ts";
import { convVersions } from "./conv-versions.ts";
import { withDevice } from "./gpu.ts";
import { checkGradient } from "./numeric-gradient.ts";
import { testGoldens } from "./one-input.ts";

testGoldens(
  "conv_transpose1d",
  "ConvTranspose1d",
  (...given: ConstructorParameters<typeof nn.ConvTranspose1d>) => new nn.ConvTranspose1d(...given),
  {},
  convVersions,
);

test.each(convVersions)(
  "the gradients of any transposed convolution match difference quotients: $gemm",
  (versions) =>
    withDevice(
      async (device) => {
        for (const [
          seed,
          [batch, groups, inPerGroup, outPerGroup, length, taps, stride, dilation, before, after],
        ] of [
          [1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
          [2, 1, 3, 5, 9, 3, 2, 1, 1, 1],
          [3, 2, 2, 1, 8, 2, 3, 3, 4, 0],
          [2, 1, 35, 9, 6, 2, 1, 1, 0, 1],
          [2, 1, 2, 3, 11, 7, 5, 1, 3, 3],
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
              weight: [groups! * inPerGroup!, outPerGroup!, taps!],
              bias: [groups! * outPerGroup!],
            },
            ({ x, weight, bias }) => convTranspose1d("test", x!, weight!, bias!, options),
            ({ x, weight, bias }) => spread(x!, weight!, bias!, options),
            seed,
          );
        }
      },
      { versions },
    ),
);

test("refuses wrong options and inputs by name", async () => {
  const make = (...given: unknown[]) => new nn.ConvTranspose1d(...(given as [number, number, number]));
  expect(() => make(2, 2, 1, { outputPadding: 2, stride: 2 })).toThrow(
    new OptionError("ConvTranspose1d: outputPadding must be less than stride (2) or dilation (1), got 2"),
  );
  expect(() => make(2, 3, 1, { groups: 2 })).toThrow(
    /groups must divide inChannels \(2\) and outChannels \(3\), got 2/,
  );
  expect(() => make(2, 2, 1, { paddingMode: "zeros" })).toThrow(/unknown option "paddingMode"/);
  expect(() => make(2, 2, 1, { padding: "same" })).toThrow(
    /padding must be an integer of at least 0, got "same"/,
  );
  await withDevice(async (device) => {
    const layer = make(2, 2, 1, { padding: 2 });
    const trace = (shape: number[]) =>
      device.compile(({ x }: Readonly<Record<string, Tensor>>) => ({ y: layer.forward(x!) }), {
        inputs: { x: shape },
      });
    await expect(trace([3, 5])).rejects.toThrow(
      /ConvTranspose1d.forward: the input must be \[batch, 2, length\]/,
    );
    await expect(trace([2, 4])).rejects.toThrow(/nothing is left of the output, whose length would be 0/);
    layer.dispose();
  });
});
