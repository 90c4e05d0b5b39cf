import { expect, test } from "vitest";
import { grad, nn, type Tensor } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { withDevice } from "./gpu.ts";

test.for(goldenNames("linear"))("Linear against PyTorch float64: %s", async (name, { task }) => {
  const golden = await loadGolden(name);
  const x = golden.input("x");
  const weight = golden.input("param.weight");
  const [outFeatures, inFeatures] = weight.shape as [number, number];
  for (const gemm of ["register", "shared", "lanes4"] as const) {
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
          const used = budgetUsed(data, golden.tensor(key));
          const row = `Linear${golden.has("param.bias") ? "" : ", no bias"}, gemm ${gemm}`;
          recordParity(task, { section: "Layers", row, budget: float32Budget, used });
          expectClose(`${name} ${gemm} ${key}`, data, golden.tensor(key));
        }
        step.dispose();
        linear.dispose();
      },
      { versions: { gemm } },
    );
  }
});
