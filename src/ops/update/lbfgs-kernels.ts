/** Kernels of LBFGS. The file loads on demand and imports types alone of what does not. */
import type { Kernel } from "../../gpu/kernel.ts";
import type { OnDemand } from "../../ondemand.ts";
import * as lbfgsTexts from "./lbfgs.wgsl.ts";

export function lbfgsKernels(OneKernel: typeof Kernel, Texts: typeof OnDemand) {
  const texts = new Texts(async () => lbfgsTexts);
  const range = { offset: "u32", size: "u32" } as const;
  const shared = { texts, workgroup: [64, 1, 1] } as const;
  const kernels = {
    measure: new OneKernel({
      ...shared,
      name: "lbfgs_measure",
      uses: ["workgroup_fold"],
      params: { ...range, first: "u32", groups: "u32" },
      bindings: { g: "read", before: "read", d: "read", partial: "read_write" },
    }),
    direction: new OneKernel({
      ...shared,
      name: "lbfgs_direction",
      uses: ["workgroup_fold"],
      params: {
        ...range,
        first: "u32",
        groups: "u32",
        partials: "u32",
        stage: "u32",
        index: "u32",
        ro: "f32",
        scale: "f32",
      },
      bindings: {
        partialIn: "read",
        a: "read",
        b: "read",
        partialOut: "read_write",
        alpha: "read_write",
        d: "read_write",
      },
    }),
    move: new OneKernel({
      ...shared,
      name: "lbfgs_move",
      params: { ...range, t: "f32" },
      bindings: { origin: "read", d: "read", value: "read_write" },
    }),
    pair: new OneKernel({
      ...shared,
      name: "lbfgs_pair",
      params: { ...range, t: "f32" },
      bindings: { g: "read", before: "read", d: "read", y: "read_write", s: "read_write" },
    }),
  };
  return kernels as unknown as Readonly<Record<keyof typeof kernels, Kernel>>;
}
