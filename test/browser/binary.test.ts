/** Functions of two tensors, comparisons and selection against PyTorch. */
import { expect, test } from "vitest";
import { AnomalyError, type Tensor, where } from "webgpu-lstm";
import { testFunctions, testUnusual } from "./function-case.ts";
import { withDevice } from "./gpu.ts";

testFunctions("function_binary", "Comparison and selection", {
  maximum: (a, b) => a.maximum(b),
  minimum: (a, b) => a.minimum(b),
  maximum_ties: (a, b) => a.clamp(0, 1).maximum(b.clamp(0, 1)),
  pow_tensor: (a, b) => a.mul(a).add(0.1).pow(b),
  pow_whole: (a, b) => a.pow(b.mul(2).round().detach()),
  eq: (a, b) => a.gt(0).eq(b.gt(0)),
  ne: (a, b) => a.gt(0).ne(b.gt(0)),
  lt: (a, b) => a.lt(b),
  le: (a, b) => a.le(b),
  gt: (a, b) => a.gt(b),
  ge: (a, b) => a.ge(b),
  lt_number: (a) => a.lt(0.25),
  where: (c, a, b) => where(c.gt(0), a, b),
  where_numbers: (c, a) => a.where(c.gt(0), 2.5).add(where(c.gt(0), -1.5, a)),
  masked_fill: (m, x) => x.maskedFill(m.gt(0), -2.5),
  masked_softmax: (m, x) => x.maskedFill(m.gt(1), Number.NEGATIVE_INFINITY).softmax(-1),
});

testUnusual("unusual_binary", {
  maximum: (a, b) => a.maximum(b),
  minimum: (a, b) => a.minimum(b),
  eq: (a, b) => a.eq(b),
  ne: (a, b) => a.ne(b),
  lt: (a, b) => a.lt(b),
  le: (a, b) => a.le(b),
  gt: (a, b) => a.gt(b),
  ge: (a, b) => a.ge(b),
  where: (c, x) => where(c, x, x.mul(2)),
  masked_fill: (mask, x) => x.maskedFill(mask, Number.NEGATIVE_INFINITY),
  masked_softmax: (mask, x) => x.maskedFill(mask, Number.NEGATIVE_INFINITY).softmax(1),
  pow: (a, b) => a.pow(b),
});

test("a mask by maskedFill or where is no anomaly until something takes it in a wrong way", () =>
  withDevice(async (device) => {
    const x = Float32Array.of(1, 2, 3);
    const masked = (x: Tensor) => x.maskedFill(x.gt(2), Number.NEGATIVE_INFINITY);
    const run = async (f: (x: Tensor) => Tensor) => {
      const step = await device.compile(({ x }) => ({ y: f(x) }), {
        inputs: { x: [3] },
        detectAnomaly: true,
      });
      try {
        return [...(await step.run({ x }).y.read()).data];
      } finally {
        step.dispose();
      }
    };
    const [first, second, third] = await run((x) => masked(x).softmax(0));
    expect([first! + second!, third]).toEqual([expect.closeTo(1, 6), 0]);
    expect(await run((x) => masked(x).amax())).toEqual([2]);
    await expect(run((x) => masked(x).sub(masked(x)))).rejects.toThrow(AnomalyError);
    await expect(run((x) => x.sub(2).sqrt())).rejects.toThrow("sqrt makes NaN in its output [3]");
    await expect(run((x) => x.mul(1).oneHot(3).sum(1))).rejects.toThrow(
      "a class outside 0 to numClasses - 1",
    );
  }));
