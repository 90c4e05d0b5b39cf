/** Every tensor function and its gradients against PyTorch float64: the cases of tools/goldens/ops.py. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cat, grad, stack, type Tensor } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

type Inputs = readonly [Tensor, Tensor, Tensor];

/** By file, then by case, as in ops.py. */
const functions: Record<string, Record<string, (...inputs: Inputs) => Tensor>> = {
  tensor_arithmetic: {
    add_same: (a, b) => a.add(b),
    add_broadcast: (a, b) => a.add(b),
    add_scalar: (a, b) => a.add(b),
    add_twice: (a) => a.add(a),
    sub_broadcast: (a, b) => a.sub(b),
    mul_broadcast: (a, b) => a.mul(b),
    mul_square: (a) => a.mul(a),
    div_broadcast: (a, b) => a.div(b),
    div_same: (a, b) => a.div(b),
    add_number: (a) => a.add(1.5),
    sub_number: (a) => a.sub(0.3),
    mul_number: (a) => a.mul(-2.7),
    div_number: (a) => a.div(3),
    neg: (a) => a.neg(),
  },
  tensor_views: {
    select: (x) => x.select(1, -2),
    slice: (x) => x.slice(1, 1, -1),
    slice_step: (x) => x.slice(-1, -6, undefined, 3),
    transpose: (x) => x.transpose(0, -1),
    permute: (x) => x.permute([2, 0, 3, 1]),
    permute_six: (x) => x.permute([5, 3, 1, 4, 2, 0]),
    reshape: (x) => x.reshape([6, -1]),
    flatten: (x) => x.flatten(1, 2),
    squeeze: (x) => x.squeeze(),
    expand: (x) => x.expand([4, -1, 5]),
    cat: (a, b, c) => cat([a, b, c], 1),
    cat_last: (a, b) => cat([a, b], -1),
    stack: (a, b) => stack([a, b]),
    stack_last: (a, b, c) => stack([a, b, c], -1),
    cat_select: (a, b) => cat([a, b], 2).select(1, -1),
    detach: (x) => x.mul(x.detach()),
  },
  tensor_matmul: {
    vector_vector: (a, b) => a.mul(a).matmul(b.mul(b)),
    ...Object.fromEntries(
      [
        ...["matrix_vector", "vector_matrix", "matrix_matrix", "matrix_matrix_long"],
        ...["batch_matrix", "batch_vector", "vector_batch", "matrix_batch", "batch_batch"],
        ...["batch_broadcast", "batch_of_one"],
      ].map((name) => [name, (a: Tensor, b: Tensor) => a.matmul(b)]),
    ),
  },
  tensor_pointwise: {
    relu: (x) => x.relu(),
    tanh: (x) => x.tanh(),
    sigmoid: (x) => x.sigmoid(),
    exp: (x) => x.exp(),
    log: (x) => x.mul(x).add(0.1).log(),
    tanh_far: (x) => x.mul(20).tanh(),
    sigmoid_far: (x) => x.mul(40).sigmoid(),
  },
  tensor_softmax: {
    softmax_last: (x) => x.softmax(-1),
    softmax_first: (x) => x.softmax(0),
    softmax_middle: (x) => x.softmax(1),
    softmax_wide: (x) => x.softmax(1),
    softmax_far: (x) => x.mul(50).softmax(1),
    log_softmax_last: (x) => x.logSoftmax(-1),
    log_softmax_middle: (x) => x.logSoftmax(-2),
    log_softmax_wide: (x) => x.logSoftmax(1),
    log_softmax_far: (x) => x.mul(50).logSoftmax(1),
  },
  tensor_sums: {
    sum: (x) => x.sum(),
    sum_first: (x) => x.sum(0),
    sum_keepdim: (x) => x.sum(1, true),
    sum_outer: (x) => x.sum([0, 2]),
    sum_alternate: (x) => x.sum([0, 2, 4], true),
    sum_long: (x) => x.sum(),
    mean: (x) => x.mean(),
    mean_last: (x) => x.mean(-1),
    mean_keepdim: (x) => x.mean([1, 2], true),
  },
};

/** Budgets other than torch's default, in multiples of it, with the reason. */
const budgets: Record<string, { factor: number; reason: string }> = {
  softmax_far: { factor: 6, reason: "the rounding of 50·x is 50 times that of x; PyTorch float32 uses 5.8" },
};

test("every file of cases is tested", () => {
  expect(Object.keys(functions).sort()).toEqual(goldenNames("tensor"));
});

const used = new Map<string, number>();
afterAll(() => {
  const worst = [...used].sort((a, b) => b[1] - a[1]).slice(0, 10);
  console.log(
    `Tensor goldens, largest shares of budget: ${worst.map(([n, u]) => `${n} ${u.toFixed(3)}`).join(", ")}`,
  );
});

describe.each(Object.entries(functions))("%s", (file, cases) => {
  test("has these cases", async () => {
    const names = JSON.parse((await loadGolden(file)).text("cases")) as string[];
    expect(Object.keys(cases).sort()).toEqual(names.sort());
  });

  test.for(Object.keys(cases))("%s", async (name, { task }) => {
    const golden = await loadGolden(file);
    const names = golden.names(`${name}:`).filter((key) => /^\d+$/.test(key));
    const inputs = Object.fromEntries(names.map((key) => [`x${key}`, golden.input(`${name}:${key}`)]));
    const weights = golden.input(`${name}:weights`);
    const results = await frame.run(async (device) => {
      const step = await device.compile(
        ({ weights, ...tensors }) => {
          const list = Object.values(tensors) as Tensor[];
          const out = cases[name]!(...(list as unknown as Inputs));
          const gradients = grad(out.mul(weights!).sum(), list);
          return { out, ...Object.fromEntries(gradients.map((g, i) => [`grad.${i}`, g])) };
        },
        {
          inputs: {
            ...Object.fromEntries(Object.entries(inputs).map(([key, { shape }]) => [key, shape])),
            weights: weights.shape,
          },
        },
      );
      const read = Object.entries(step.run({ ...inputs, weights })).map(
        async ([key, result]) => [key, await result.read()] as const,
      );
      const values = await Promise.all(read);
      step.dispose();
      return values;
    });
    const { factor = 1, reason } = budgets[name] ?? {};
    const budget = reason ? `${factor} × ${float32Budget}: ${reason}` : float32Budget;
    for (const [key, { data, shape }] of results) {
      const expected = golden.tensor(`${name}:${key}`);
      const share = budgetUsed(data, expected) / factor;
      used.set(`${name} ${key}`, share);
      recordParity(task, { section: "Tensor ops", row: name.replaceAll("_", " "), budget, used: share });
      expect(shape).toEqual(expected.shape);
      expectClose(`${name} ${key}`, data, expected, factor);
    }
  });
});
