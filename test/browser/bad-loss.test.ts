/** Losses of invalid input: refused with a reason, or NaN if only the GPU sees it. */
import { describe, expect, test } from "vitest";
import { DataError, GraphError, grad, nn, OptionError, ShapeError, type Tensor } from "webgpu-lstm";
import { expectRefusal, refusals, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";

describe("losses", () => {
  test("check classes from the host before a run", () =>
    withDevice(async (device) => {
      const refuses = refusals(device);
      for (const criterion of [new nn.CrossEntropyLoss(), new nn.NLLLoss({ ignoreIndex: -1 })]) {
        const step = await device.compile(({ x, target }) => ({ loss: criterion.forward(x, target) }), {
          inputs: { x: [3, 4], target: [3] },
        });
        const x = new Float32Array(12);
        const run =
          (...target: number[]) =>
          () =>
            step.run({ x, target: Float32Array.from(target) });
        const range = `from 0 to 3, or ${criterion.ignoreIndex}`;
        await refuses(run(0, 4, 1), DataError, "input target", "class index", range, "got 4 at index 1");
        await refuses(run(0, 1, -2), DataError, range, "got -2 at index 2");
        await refuses(run(0.5, 1, 2), DataError, range, "got 0.5 at index 0");
        await step.run({ x, target: Float32Array.of(3, criterion.ignoreIndex, 0) }).loss.item();
        step.dispose();
      }
    }));

  test("give NaN for a bad class computed on the GPU, without reading it", () =>
    withDevice(async (device) => {
      const weight = Float32Array.of(1, 2, 3, 4);
      const each = new nn.CrossEntropyLoss({ weight, reduction: "none" });
      const mean = new nn.CrossEntropyLoss({ weight });
      const step = await device.compile(
        ({ x, target }) => {
          const computed = target.mul(1);
          const loss = each.forward(x, computed);
          return { loss, mean: mean.forward(x, computed), gradient: grad(loss.sum(), [x])[0]! };
        },
        { inputs: { x: [5, 4], target: [5] } },
      );
      const target = Float32Array.of(1, 4, -1, 0.5, -100);
      const { loss, mean: average, gradient } = step.run({ x: new Float32Array(20), target });
      const losses = [...(await loss.read()).data];
      expect(losses.map(Number.isNaN)).toEqual([false, true, true, true, false]);
      expect(losses[0]).toBeCloseTo(2 * Math.log(4), 5);
      expect(losses[4]).toBe(0);
      expect(await average.item()).toBeNaN();
      const rows = [...(await gradient.read()).data].map(Number.isNaN);
      expect(rows).toEqual(losses.flatMap((value) => Array<boolean>(4).fill(Number.isNaN(value))));
      for (const owner of [step, each, mean]) owner.dispose();
    }));

  test("refuse wrong shapes, gradients of classes, and values that are not tensors", () =>
    withDevice(async (device) => {
      const refuses = refusals(device);
      const shapes = { x: [3, 4], y: [3], row: [4], cube: [2, 4, 5], labels: [2, 5] } as const;
      type Inputs = { readonly [K in keyof typeof shapes]: Tensor };
      const trace = (f: (inputs: Inputs) => Tensor) => () =>
        device.compile((inputs: Inputs) => ({ out: f(inputs) }), { inputs: shapes });
      const entropy = new nn.CrossEntropyLoss();
      const where = "CrossEntropyLoss.forward";
      const compile = async (f: (inputs: Inputs) => Tensor) => (await trace(f)()).dispose();
      await compile(({ cube, labels }) => entropy.forward(cube, labels));
      await refuses(
        trace(({ x, row }) => entropy.forward(x, row)),
        ShapeError,
        where,
        "class indices [3], or be probabilities [3, 4], got [4]",
      );
      await refuses(
        trace(({ x }) => new nn.NLLLoss().forward(x, x)),
        ShapeError,
        "NLLLoss.forward",
        "class indices [3], got [3, 4]",
      );
      await refuses(
        trace(({ x, y }) => entropy.forward(x.sum(), y)),
        ShapeError,
        where,
        "[N, C]",
        "a scalar",
      );
      const weighted = new nn.CrossEntropyLoss({ weight: [1, 2, 3] });
      await refuses(
        trace(({ x, y }) => weighted.forward(x, y)),
        ShapeError,
        "weight",
        "each of the 4 classes",
        "got [3]",
      );
      const binary = new nn.BCEWithLogitsLoss({ posWeight: { data: new Float32Array(3), shape: [3] } });
      await refuses(
        trace(({ x }) => binary.forward(x, x)),
        ShapeError,
        "posWeight of shape [3]",
        "broadcast to [3, 4]",
      );
      await refuses(
        trace(({ x, y }) => new nn.HuberLoss().forward(x, y)),
        ShapeError,
        "HuberLoss.forward",
        "[3, 4] and [3]",
      );
      await refuses(
        trace(({ x, y }) => grad(entropy.forward(x, y), [y])[0]!),
        GraphError,
        "no gradient for class indices",
      );
      const buffer = new nn.BCELoss({ weight: [1, 2, 3, 4] });
      await refuses(
        trace(({ x }) => grad(buffer.forward(x, x), [buffer.weight!])[0]!),
        GraphError,
        "BCELoss.forward",
        "no gradient for a loss's weights",
      );
      await refuses(
        trace(({ x }) => new nn.L1Loss().forward(x, wrong(new Float32Array(12)))),
        GraphError,
        "L1Loss.forward: target must be a tensor, got Float32Array(12)",
      );
    }));

  test("refuse BCELoss predictions that are not probabilities", () =>
    withDevice(async (device) => {
      const criterion = new nn.BCELoss({ reduction: "none" });
      const step = await device.compile(
        ({ x, y }) => ({ loss: criterion.forward(x, y), computed: criterion.forward(x.mul(2), y) }),
        { inputs: { x: [3], y: [3] } },
      );
      const y = Float32Array.of(1, 0, 1);
      await refusals(device)(
        () => step.run({ x: Float32Array.of(0, 1.5, 0.5), y }),
        DataError,
        "input x",
        "from 0 to 1, got 1.5 at index 1",
        "BCEWithLogitsLoss",
      );
      const { loss, computed } = step.run({ x: Float32Array.of(0, 1, 0.5), y });
      expect([...(await loss.read()).data]).toEqual([100, 100, expect.closeTo(Math.LN2, 6)]);
      expect([...(await computed.read()).data]).toEqual([100, Number.NaN, 0]);
      step.dispose();
    }));

  test("give BCELoss's target PyTorch's infinite gradient for a certain prediction", () =>
    withDevice(async (device) => {
      const step = await device.compile(
        ({ x, y }) => ({ gradient: grad(new nn.BCELoss({ reduction: "sum" }).forward(x, y), [y])[0]! }),
        { inputs: { x: [3], y: [3] } },
      );
      const { gradient } = step.run({ x: Float32Array.of(0, 1, 0.5), y: Float32Array.of(0, 1, 0.5) });
      expect([...(await gradient.read()).data]).toEqual([Infinity, -Infinity, 0]);
      step.dispose();
    }));

  test.each([
    [
      "text",
      () => new nn.CrossEntropyLoss({ weight: wrong("1,2") }),
      "OptionError",
      "weight must be an array",
    ],
    [
      "none at all",
      () => new nn.NLLLoss({ weight: [] }),
      "OptionError",
      "weight must be an array of numbers",
    ],
    ["a hole", () => new nn.BCELoss({ weight: [1, Number.NaN] }), "DataError", "got NaN at index 1"],
    [
      "a wrong shape",
      () => new nn.BCEWithLogitsLoss({ posWeight: { data: new Float32Array(3), shape: [2] } }),
      "ShapeError",
      "posWeight of shape [2] must hold 2 values, got 3",
    ],
    ["beta", () => new nn.SmoothL1Loss({ beta: -1 }), "OptionError", "beta must be at least 0, got -1"],
    ["delta", () => new nn.HuberLoss({ delta: 0 }), "OptionError", "delta must be more than 0, got 0"],
    [
      "smoothing",
      () => new nn.CrossEntropyLoss({ labelSmoothing: 1.5 }),
      "OptionError",
      "labelSmoothing must be from 0 to 1, got 1.5",
    ],
    [
      "ignored class",
      () => new nn.CrossEntropyLoss({ ignoreIndex: 0.5 }),
      "OptionError",
      "ignoreIndex must be an integer",
    ],
    [
      "PyTorch's spelling",
      () => new nn.CrossEntropyLoss(wrong({ label_smoothing: 0.1 })),
      "OptionError",
      'unknown option "label_smoothing"; the options are labelSmoothing, weight, ignoreIndex, reduction',
    ],
  ])("options: %s", (_, make, type, message) => {
    const errors = { OptionError, DataError, ShapeError };
    return expectRefusal(make, errors[type as keyof typeof errors], message);
  });
});
