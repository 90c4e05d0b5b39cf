import { expect, test } from "vitest";
import { grad, nn, optim, type Tensor } from "webgpu-lstm";
import { apply } from "../../src/graph/tensor.ts";
import { copyRun, fill } from "../../src/ops/copy.ts";
import type { Op } from "../../src/ops/op.ts";
import { sizeOf } from "../../src/shape.ts";
import { expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { withDevice } from "./gpu.ts";

test.each(goldenNames("linear"))("Linear against PyTorch float64: %s", async (name) => {
  const golden = await loadGolden(name);
  const x = golden.input("x");
  const weight = golden.input("param.weight");
  const [outFeatures, inFeatures] = weight.shape as [number, number];
  for (const gemm of ["register", "shared", "subgroup"] as const) {
    await withDevice(
      async (device) => {
        const linear = new nn.Linear(inFeatures, outFeatures, { bias: golden.has("param.bias") });
        const names = golden.names("param.");
        linear.loadStateDict(new Map(names.map((n) => [n, golden.input(`param.${n}`)])));
        const target = golden.input("target_output");
        const step = await device.compile(
          ({ x, target }) => {
            const output = linear.forward(x);
            const loss = new nn.MSELoss().forward(output, target);
            const wanted = new Map<string, Tensor>([["x", x], ...linear.namedParameters()]);
            const results: Record<string, Tensor> = { loss, "out.output": output };
            for (const [i, gradient] of grad(loss, [...wanted.values()]).entries()) {
              results[`grad.${[...wanted.keys()][i]}`] = gradient;
            }
            return results;
          },
          { inputs: { x: x.shape, target: target.shape } },
        );
        for (const [key, result] of Object.entries(step.run({ x, target }))) {
          const { data, shape } = await result.read();
          expect(shape).toEqual(golden.tensor(key).shape);
          expectClose(`${name} ${gemm} ${key}`, data, golden.tensor(key));
        }
        step.dispose();
        linear.dispose();
      },
      { versions: { gemm } },
    );
  }
});

test.each(goldenNames("mse"))("MSELoss against PyTorch float64: %s", async (name) => {
  const golden = await loadGolden(name);
  const [x, target] = [golden.input("x"), golden.input("target")];
  await withDevice(async (device) => {
    const criterion = new nn.MSELoss({ reduction: golden.text("reduction") as "mean" | "sum" });
    const step = await device.compile(
      ({ x, target }) => {
        const loss = criterion.forward(x, target);
        const [gradX, gradTarget] = grad(loss, [x, target]);
        return { loss, "grad.x": gradX!, "grad.target": gradTarget! };
      },
      { inputs: { x: x.shape, target: target.shape } },
    );
    for (const [key, result] of Object.entries(step.run({ x, target }))) {
      expectClose(`${name} ${key}`, (await result.read()).data, golden.tensor(key));
    }
    step.dispose();
  });
});

/** A loss of zero whose gradient for its first input is its second input: what an optimizer is tested with. */
const givenGradient: Op<void> = {
  name: "given_gradient",
  infer: () => ({ outputs: [{ shape: [] }] }),
  forward: ({ outputs: [loss] }, _, plan) => [fill(loss!, 0, plan)],
  backward: ({ inputs: [, gradient], gradInputs: [target] }, _, plan) => [
    copyRun(sizeOf(target!.shape), { operand: gradient! }, { operand: target! }, plan),
  ],
};

test.each(goldenNames("adam"))("Adam against PyTorch float64, step by step: %s", async (name) => {
  const golden = await loadGolden(name);
  const names = golden.names("param.");
  await withDevice(async (device) => {
    const parameters = names.map((n) => {
      const { data, shape } = golden.input(`param.${n}`);
      return new nn.Parameter(shape, data);
    });
    const [beta1, beta2] = golden.numbers("betas") as [number, number];
    const rates = golden.numbers("lr");
    const optimizer = new optim.Adam(parameters, {
      lr: rates[0]!,
      betas: [beta1, beta2],
      eps: golden.number("eps"),
      weightDecay: golden.number("weight_decay"),
    });
    const shapes = Object.fromEntries(names.map((n, i) => [n, parameters[i]!.shape]));
    const step = await device.compile(
      (inputs) => {
        const losses = names.map(
          (n, i) => apply("test", givenGradient, [parameters[i]!, inputs[n]!], undefined)[0]!,
        );
        return { loss: losses.reduce((sum, loss) => sum.add(loss)) };
      },
      { inputs: shapes, minimize: "loss", optimizer },
    );
    for (const [t, lr] of rates.entries()) {
      optimizer.lr = lr;
      const slice = (data: Float64Array, n: number) => {
        const size = parameters[n]!.shape.reduce((a, b) => a * b, 1);
        return data.slice(t * size, (t + 1) * size);
      };
      step.run(
        Object.fromEntries(
          names.map((n, i) => [n, Float32Array.from(slice(golden.tensor(`grads.${n}`).data, i))]),
        ),
      );
      for (const [i, n] of names.entries()) {
        const { data, shape } = await parameters[i]!.read();
        const expected = {
          dtype: "F64" as const,
          shape,
          data: slice(golden.tensor(`trajectory.${n}`).data, i),
        };
        expectClose(`${name} ${n} step ${t + 1}`, data, expected);
      }
    }
    step.dispose();
    for (const parameter of parameters) parameter.dispose();
  });
});
