/** Clipping and optimizers with gradients that are not finite, and with huge ones, against PyTorch. */
import { beforeAll, describe, expect, test } from "vitest";
import { type NDArray, nn, optim } from "webgpu-lstm";
import type { GoldenCase, GoldenTensor } from "../golden-case.ts";
import { lossOf, parametersOf } from "./given-gradients.ts";
import { loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { faultsOf, UnusualStep } from "./unusual-values.ts";

const { clipGradNorm_, clipGradValue_ } = nn.utils;

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
  return () => frame.close();
});

/** The i-th part of a tensor along its first dimension. */
function rowOf({ data, shape, dtype }: GoldenTensor, i: number): GoldenTensor {
  const size = data.length / shape[0]!;
  return { dtype, data: data.slice(i * size, (i + 1) * size), shape: shape.slice(1) };
}

const toInput = ({ data, shape }: GoldenTensor): NDArray => ({ data: Float32Array.from(data), shape });

/** As in tools/goldens/special_updates.py. */
const optimizers: Record<string, (parameters: nn.Parameter[]) => optim.Optimizer> = {
  sgd: (p) => new optim.SGD(p, { lr: 0.01 }),
  sgd_momentum: (p) => new optim.SGD(p, { lr: 0.01, momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
  adam: (p) => new optim.Adam(p, { lr: 0.01 }),
  adam_amsgrad: (p) => new optim.Adam(p, { lr: 0.01, amsgrad: true }),
  adamw: (p) => new optim.AdamW(p, { lr: 0.01 }),
  nadam: (p) => new optim.NAdam(p, { lr: 0.01 }),
  radam: (p) => new optim.RAdam(p, { lr: 0.01 }),
  rmsprop: (p) => new optim.RMSprop(p, { lr: 0.01 }),
  rmsprop_centered: (p) => new optim.RMSprop(p, { lr: 0.01, centered: true, momentum: 0.9 }),
  adagrad: (p) => new optim.Adagrad(p, { lr: 0.01 }),
  adadelta: (p) => new optim.Adadelta(p, { lr: 0.01 }),
  adamax: (p) => new optim.Adamax(p, { lr: 0.01 }),
  asgd: (p) => new optim.ASGD(p, { lr: 0.01, t0: 0, weightDecay: 0.1 }),
  rprop: (p) => new optim.Rprop(p, { lr: 0.01 }),
};

describe("optimizers", () => {
  let golden: GoldenCase;
  beforeAll(async () => {
    golden = await loadGolden("special_updates_optimizers");
  });

  test("has these cases", () => {
    expect(Object.keys(optimizers).sort()).toEqual((JSON.parse(golden.text("cases")) as string[]).sort());
  });

  test.for(Object.entries(optimizers))("%s", async ([name, make]) => {
    await frame.run(async (device) => {
      const parameters = parametersOf(new Map([["p", golden.input(`${name}:p`)]]));
      const p = parameters.get("p")!;
      const options = { minimize: "loss", optimizer: make([p]) };
      const trace = (given: Parameters<typeof lossOf>[1]) => ({ loss: lossOf(parameters, given) });
      const step = await UnusualStep.compile(device, new Map([["p", p.shape]]), trace, options);
      const faults: string[] = [];
      const expected = golden.tensor(`${name}:steps`);
      for (let t = 0; t < expected.shape[0]!; t++) {
        await step.run(new Map([["p", toInput(rowOf(golden.tensor(`${name}:gradients`), t))]]));
        const flushed = golden.has(`${name}:steps.flushed`)
          ? golden.tensor(`${name}:steps.flushed`)
          : expected;
        faults.push(...faultsOf(`after step ${t}`, await p.read(), rowOf(expected, t), rowOf(flushed, t)));
      }
      step.dispose();
      p.dispose();
      expect(faults).toEqual([]);
    });
  });
});

describe("clipping", () => {
  let golden: GoldenCase;
  beforeAll(async () => {
    golden = await loadGolden("special_updates_clipping");
  });

  /** Clipped gradients and the norm, and the norm of ordinary gradients one run later. */
  async function clipped(
    name: string,
    clip: (parameters: nn.Parameter[]) => ReturnType<typeof clipGradNorm_> | null,
  ) {
    return frame.run(async (device) => {
      const gradients = new Map(
        ["a", "b"]
          .filter((key) => golden.has(`${name}:${key}`))
          .map((key) => [key, golden.input(`${name}:${key}`)]),
      );
      // From zero with a learning rate of 1, a parameter ends at its negative gradient.
      const zeros = new Map(
        [...gradients].map(([key, { data, shape }]) => [key, { data: data.map(() => 0), shape }]),
      );
      const parameters = parametersOf(zeros);
      const list = [...parameters.values()];
      const shapes = new Map([...gradients].map(([key, { shape }]) => [key, shape]));
      const step = await UnusualStep.compile(
        device,
        shapes,
        (given) => {
          const loss = lossOf(parameters, given);
          const norm = clip(list);
          return { loss, ...(norm && { norm }) };
        },
        { minimize: "loss", optimizer: new optim.SGD(list, { lr: 1 }) },
      );
      const results = await step.run(gradients);
      for (const [key, parameter] of parameters) {
        const { data, shape } = await parameter.read();
        results.set(`clipped.${key}`, { data: data.map((x) => -x), shape });
      }
      const ordinary = new Map(
        [...gradients].map(([key, { data, shape }]) => [key, { data: data.map(() => 1), shape }]),
      );
      const next = await step.run(ordinary);
      step.dispose();
      for (const parameter of list) parameter.dispose();
      results.delete("loss");
      const faults = [...results].flatMap(([key, value]) =>
        faultsOf(key, value, golden.tensor(`${name}:${key}`)),
      );
      return { faults, nextNorm: next.get("norm")?.data[0] };
    });
  }

  const norms = { "2": 2, inf: Number.POSITIVE_INFINITY, "0.5": 0.5, "3": 3 };
  const cases = Object.entries(norms).flatMap(([label, normType]) =>
    ["nan", "inf", "-inf", "huge"].flatMap((value) =>
      [false, true].map((inPlace) => ({ name: `norm_${label}_${value}`, normType, inPlace })),
    ),
  );

  test.for(cases)("$name, before another clipping: $inPlace", async ({ name, normType, inPlace }) => {
    const { faults, nextNorm } = await clipped(name, (parameters) => {
      const norm = clipGradNorm_(parameters, 0.5, { normType });
      if (inPlace) clipGradValue_(parameters, 1e38);
      return norm;
    });
    expect(faults).toEqual([]);
    // Five gradients of 1.
    expect(nextNorm).toBeCloseTo(normType === Number.POSITIVE_INFINITY ? 1 : 5 ** (1 / normType), 3);
  });

  test("clipGradValue_ keeps NaN", async () => {
    const { faults } = await clipped("value", (parameters) => {
      clipGradValue_(parameters, 0.25);
      return null;
    });
    expect(faults).toEqual([]);
  });
});
