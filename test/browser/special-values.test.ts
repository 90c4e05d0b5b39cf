/** NaN, infinities, zeros and the ends of float32's range through every function, loss and layer: PyTorch's values and gradients. */
import { beforeAll, describe, expect, test } from "vitest";
import { type Device, type NDArray, nn, type Tensor, type VersionPins } from "webgpu-lstm";
import type { GoldenCase } from "../golden-case.ts";
import { convVersions } from "./conv-versions.ts";
import { loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { faultsOf, gradients, UnusualStep } from "./unusual-values.ts";

type Inputs = Readonly<Record<string, Tensor>>;

/** What a case computes. Where a module has a parameter of an input's name, the input is its value. */
interface Computation {
  readonly module?: nn.Module;
  forward(inputs: Inputs): Tensor;
}

const pure = (forward: (inputs: Inputs) => Tensor) => (): Computation => ({ forward });

const loss = (make: () => nn.Module & { forward(x: Tensor, target: Tensor): Tensor }) => (): Computation => {
  const module = make();
  return { module, forward: ({ x, target }) => module.forward(x!, target!) };
};

const layer = (make: () => nn.Module & { forward(x: Tensor): Tensor }) => (): Computation => {
  const module = make();
  return { module, forward: ({ x }) => module.forward(x!) };
};

type PointwiseLoss = (options: { reduction: nn.Reduction }) => ReturnType<Parameters<typeof loss>[0]>;

const pointwiseLoss = (name: string, make: PointwiseLoss) => ({
  [`${name}_none`]: loss(() => make({ reduction: "none" })),
  [`${name}_mean_nan`]: loss(() => make({ reduction: "mean" })),
  [`${name}_mean_inf`]: loss(() => make({ reduction: "mean" })),
  [`${name}_mean_large`]: loss(() => make({ reduction: "mean" })),
});

const crossEntropy = (options: ConstructorParameters<typeof nn.CrossEntropyLoss>[0] = {}) =>
  loss(() => new nn.CrossEntropyLoss({ reduction: "none", ...options }));
const weight = [0.5, 2, 1];

/** By file and by case, as in tools/goldens/special_values.py and one_input.py. */
const computations: Record<string, Record<string, () => Computation>> = {
  special_pointwise: {
    relu: pure(({ x }) => x!.relu()),
    tanh: pure(({ x }) => x!.tanh()),
    sigmoid: pure(({ x }) => x!.sigmoid()),
    exp: pure(({ x }) => x!.exp()),
    log: pure(({ x }) => x!.log()),
    neg: pure(({ x }) => x!.neg()),
    add_number: pure(({ x }) => x!.add(1.5)),
    mul_number: pure(({ x }) => x!.mul(-2.5)),
    mul_zero: pure(({ x }) => x!.mul(0)),
    div_number: pure(({ x }) => x!.div(3)),
    add: pure(({ a, b }) => a!.add(b!)),
    sub: pure(({ a, b }) => a!.sub(b!)),
    mul: pure(({ a, b }) => a!.mul(b!)),
    div: pure(({ a, b }) => a!.div(b!)),
  },
  special_reductions: {
    softmax: pure(({ x }) => x!.softmax(1)),
    log_softmax: pure(({ x }) => x!.logSoftmax(1)),
    softmax_first: pure(({ x }) => x!.softmax(0)),
    sum_last: pure(({ x }) => x!.sum(1)),
    sum_first: pure(({ x }) => x!.sum(0)),
    mean_last: pure(({ x }) => x!.mean(1)),
    mean: pure(({ x }) => x!.mean()),
  },
  special_products: {
    ...Object.fromEntries(
      ["matmul", "matmul_right", "matmul_zero", "matmul_both", "matmul_batched"].map((name) => [
        name,
        pure(({ a, b }) => a!.matmul(b!)),
      ]),
    ),
    linear: layer(() => new nn.Linear(3, 2)),
    linear_weight: layer(() => new nn.Linear(3, 17)),
  },
  special_losses: {
    ...pointwiseLoss("mse", (options) => new nn.MSELoss(options)),
    ...pointwiseLoss("l1", (options) => new nn.L1Loss(options)),
    ...pointwiseLoss("smooth_l1", (options) => new nn.SmoothL1Loss(options)),
    ...pointwiseLoss("huber", (options) => new nn.HuberLoss({ ...options, delta: 0.5 })),
    ...pointwiseLoss("bce_logits", (options) => new nn.BCEWithLogitsLoss(options)),
    ...pointwiseLoss("bce_logits_pos", (options) => new nn.BCEWithLogitsLoss({ ...options, posWeight: [2] })),
    bce_none: loss(() => new nn.BCELoss({ reduction: "none" })),
    cross_entropy_none: crossEntropy(),
    cross_entropy_soft_none: crossEntropy(),
    cross_entropy_smooth_none: crossEntropy({ labelSmoothing: 0.25 }),
    cross_entropy_soft_smooth_none: crossEntropy({ labelSmoothing: 0.25 }),
    cross_entropy_weight_none: crossEntropy({ weight }),
    cross_entropy_soft_weight_none: crossEntropy({ weight }),
    nll_none: loss(() => new nn.NLLLoss({ reduction: "none" })),
    cross_entropy_mean: crossEntropy({ reduction: "mean" }),
  },
  unusual_layers: {
    ...Object.fromEntries(
      ["x", "weight", "bias", "grad"].map((name) => [
        `conv1d_${name}`,
        layer(() => new nn.Conv1d(17, 17, 3, { groups: 17, padding: 1 })),
      ]),
    ),
    ...Object.fromEntries(
      ["x", "bias", "grad"].map((name) => [
        `conv_transpose1d_${name}`,
        layer(() => new nn.ConvTranspose1d(17, 17, 3, { groups: 17, padding: 1 })),
      ]),
    ),
    conv_transpose1d_weight: layer(
      () => new nn.ConvTranspose1d(17, 17, 3, { groups: 17, padding: 1, stride: 2 }),
    ),
    conv1d_weight_stride: layer(() => new nn.Conv1d(17, 17, 3, { groups: 17, padding: 2, stride: 2 })),
    max_pool: layer(() => new nn.MaxPool1d(2, { stride: 1 })),
    max_pool_padding: layer(() => new nn.MaxPool1d(3, { stride: 2, padding: 1, ceilMode: true })),
    max_pool_grad: layer(() => new nn.MaxPool1d(2)),
    avg_pool: layer(() => new nn.AvgPool1d(2, { stride: 1 })),
    avg_pool_grad: layer(() => new nn.AvgPool1d(2)),
    adaptive_avg_pool: layer(() => new nn.AdaptiveAvgPool1d(3)),
    batch_norm: layer(() => new nn.BatchNorm1d(13)),
    batch_norm_weight: layer(() => new nn.BatchNorm1d(13)),
    batch_norm_eval: layer(() => new nn.BatchNorm1d(13).eval()),
    group_norm: layer(() => new nn.GroupNorm(13, 13)),
    upsample_nearest: layer(() => new nn.Upsample({ size: 7 })),
    upsample_linear: layer(() => new nn.Upsample({ size: 7, mode: "linear" })),
    upsample_grad: layer(() => new nn.Upsample({ size: 7, mode: "linear" })),
    pad_constant: pure(({ x }) => x!.pad([2, -1], "constant", Number.NEGATIVE_INFINITY)),
    pad_reflect: pure(({ x }) => x!.pad([2, 1], "reflect")),
    pad_replicate: pure(({ x }) => x!.pad([2, 1], "replicate")),
    pad_circular: pure(({ x }) => x!.pad([2, 1], "circular")),
  },
  special_layers: {
    layer_norm: layer(() => new nn.LayerNorm(4)),
    layer_norm_weight: layer(() => new nn.LayerNorm(17)),
    embedding: layer(() => new nn.Embedding(17, 2)),
  },
};

/** Budgets other than the usual one, in multiples of it. */
const budgets: Record<string, number> = {
  // WGSL's exp may be off by 3 + 2·|x| units in the last place: by 179, or 1.1e-5, at 88.
  exp: 20,
};

/** Runs a case: `out`, and the gradients that the golden has. */
async function runCase(
  device: Device,
  golden: GoldenCase,
  name: string,
  { module, forward }: Computation,
): Promise<Map<string, NDArray>> {
  const keys = golden.names(`${name}:`).filter((key) => !/^(out|grad\.)/.test(key));
  const values = new Map(keys.map((key) => [key, golden.input(`${name}:${key}`)]));
  const parameters = new Map(module?.namedParameters());
  module?.loadStateDict(new Map([...values].filter(([key]) => parameters.has(key))), { strict: false });
  const inputs = new Map([...values].filter(([key]) => !parameters.has(key)));
  const shapes = new Map([...inputs].map(([key, { shape }]) => [key, shape]));
  const wanted = golden.names(`${name}:grad.`).filter((key) => !key.endsWith(".flushed"));
  const step = await UnusualStep.compile(device, shapes, (given) => {
    const out = forward(given);
    const tensors = wanted.map((key): [string, Tensor] => [key, parameters.get(key) ?? given[key]!]);
    return { out, ...gradients([[out, given["weights"]!]], new Map(tensors)) };
  });
  const results = await step.run(inputs);
  step.dispose();
  module?.dispose();
  return results;
}

/** The versions that a file's cases are computed by, where there are several. */
const pins: Readonly<Record<string, readonly VersionPins[]>> = {
  special_products: [{ gemm: "register" }, { gemm: "shared" }, { gemm: "lanes4" }],
  unusual_layers: convVersions,
};

describe.each(
  Object.entries(computations).flatMap(([file, cases]) =>
    (pins[file] ?? [{}]).map((versions: VersionPins) => ({ file, cases, versions })),
  ),
)("$file $versions.gemm", ({ file, cases, versions }) => {
  let frame: GpuFrame;
  let golden: GoldenCase;
  beforeAll(async () => {
    golden = await loadGolden(file);
    frame = await GpuFrame.open({ versions });
    return () => frame.close();
  });

  test("has these cases", () => {
    expect(Object.keys(cases).sort()).toEqual((JSON.parse(golden.text("cases")) as string[]).sort());
  });

  test.for(Object.entries(cases))("%s", async ([name, make]) => {
    const results = await frame.run((device) => runCase(device, golden, name, make()));
    expect(results.size).toBeGreaterThan(1);
    const faults = [...results].flatMap(([key, value]) => {
      const flushed = `${name}:${key}.flushed`;
      return faultsOf(
        key,
        value,
        golden.tensor(`${name}:${key}`),
        golden.has(flushed) ? golden.tensor(flushed) : undefined,
        budgets[name],
      );
    });
    expect(faults).toEqual([]);
  });
});
