/** Runs a module on a golden case: its output, and the gradients of the summed squared error. */
import { type Device, grad, type NDArray, nn, type Tensor } from "webgpu-lstm";
import type { GoldenCase } from "../golden-case.ts";

/** A module with one tensor as input, such as nn.LayerNorm. */
export type OneTensorModule = nn.Module & { forward(x: Tensor): Tensor };

/**
 * Loads the golden's `param.*`, runs `module` on its `x`, and reads `out` and every `grad.*` of the golden.
 * The module is disposed.
 */
export async function runModule(
  device: Device,
  module: OneTensorModule,
  golden: GoldenCase,
  reduction: "mean" | "sum" = "sum",
): Promise<Map<string, NDArray>> {
  module.loadStateDict(new Map(golden.names("param.").map((key) => [key, golden.input(`param.${key}`)])));
  const [x, target] = [golden.input("x"), golden.input("target")];
  const wanted = golden.names("grad.");
  const step = await device.compile(
    ({ x, target }) => {
      const out = module.forward(x);
      const tensors = new Map<string, Tensor>([["x", x], ...module.namedParameters()]);
      const loss = new nn.MSELoss({ reduction }).forward(out, target);
      const gradients =
        wanted.length > 0
          ? grad(
              loss,
              wanted.map((key) => tensors.get(key)!),
            )
          : [];
      return { out, ...Object.fromEntries(gradients.map((g, i) => [`grad.${wanted[i]}`, g])) };
    },
    { inputs: { x: x.shape, target: target.shape } },
  );
  const reads = Object.entries(step.run({ x, target })).map(
    async ([key, result]) => [key, await result.read()] as const,
  );
  const results = new Map(await Promise.all(reads));
  step.dispose();
  module.dispose();
  return results;
}
