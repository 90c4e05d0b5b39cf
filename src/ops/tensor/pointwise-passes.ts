/** The passes of pointwise.ts. Loads on demand, and imports types alone. */
import type { Kernel, KernelDeclaration } from "../../gpu/kernel.ts";
import type { linearGrid } from "../grid.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import type { Passes } from "./deferred.ts";

const workgroup = [64, 1, 1] as const;

const elementwiseParams = { size: "u32", p: "f32", q: "f32" } as const;

/** Without the texts. */
export const declarations = {
  elementwiseForward: {
    name: "elementwise_forward",
    uses: [
      ...["not_a_number", "activations", "exp_log", "log1p", "random"],
      ...["erf", "exp_minus_one", "power", "trigonometry"],
    ],
    workgroup,
    params: elementwiseParams,
    bindings: { x: "read", y: "read_write" },
  },
  elementwiseBackward: {
    name: "elementwise_backward",
    uses: ["not_a_number", "activations", "exp_log", "random", "erf", "power", "trigonometry"],
    workgroup,
    params: elementwiseParams,
    bindings: { x: "read", gradY: "read", gradX: "read_write" },
  },
} as const satisfies Record<string, Omit<KernelDeclaration<string, string>, "texts">>;

const ELEMENTWISE = [
  ...["abs", "sign", "sqrt", "rsqrt", "square", "reciprocal", "erf", "floor", "ceil", "round", "trunc"],
  ...["sin", "cos", "log1p", "expm1", "gelu", "geluTanh", "silu", "leakyRelu", "elu", "softplus"],
  ...["hardsigmoid", "hardswish", "clamp", "pow", "norm"],
] as const;

export interface ElementwiseAttributes {
  readonly kind: (typeof ELEMENTWISE)[number];
  readonly p?: number;
  readonly q?: number;
}

/** Approximate floating-point operations for one element. */
const FLOPS = 20;

type Texts = KernelDeclaration<string, string>["texts"];

export function pointwise(Kernel_: typeof Kernel, gridOf: typeof linearGrid, texts: Texts) {
  const kernel = (of: keyof typeof declarations) =>
    new Kernel_<string, string>({ ...declarations[of], texts });
  const kernels = {
    elementwiseForward: kernel("elementwiseForward"),
    elementwiseBackward: kernel("elementwiseBackward"),
  };
  const map = (
    of: Kernel,
    { kind, p = 0, q = 0 }: ElementwiseAttributes,
    size: number,
    bindings: Dispatch["bindings"],
    plan: PlanContext,
  ): Dispatch[] => [
    {
      kernel: of.with({ KIND: ELEMENTWISE.indexOf(kind) }),
      params: { size, p, q },
      bindings,
      grid: gridOf(size, plan),
      flops: FLOPS * size,
      bytes: 4 * size * Object.keys(bindings).length,
    },
  ];
  const elementwise: Passes<ElementwiseAttributes> = {
    forward: ({ inputs: [x], outputs: [y] }, attributes, plan) =>
      map(kernels.elementwiseForward, attributes, x!.elements, { x: x!, y: y! }, plan),
    backward: ({ inputs: [x], gradOutputs: [gradY], gradInputs: [gradX] }, attributes, plan) =>
      map(
        kernels.elementwiseBackward,
        attributes,
        x!.elements,
        { x: x!, gradY: gradY!, gradX: gradX! },
        plan,
      ),
  };
  return { kernels, elementwise };
}
