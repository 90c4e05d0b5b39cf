/** The passes of pointwise.ts. Loads on demand, and imports types alone. */
import type { Kernel, KernelDeclaration } from "../../gpu/kernel.ts";
import type { linearGrid } from "../grid.ts";
import type { Dispatch, Operand, PlanContext } from "../op.ts";
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
  pair: {
    name: "pair",
    uses: ["not_a_number", "order", "power"],
    workgroup,
    params: { size: "u32", hasNumber: "u32", number: "f32" },
    bindings: { a: "read", b: "read", out: "read_write" },
  },
  pairBackward: {
    name: "pair_backward",
    uses: ["not_a_number", "exp_log", "order", "power"],
    workgroup,
    params: { size: "u32" },
    bindings: { own: "read", other: "read", gradOut: "read", gradOwn: "read_write" },
  },
  choose: {
    name: "choose",
    workgroup,
    params: { size: "u32", hasA: "u32", hasB: "u32", numberA: "f32", numberB: "f32" },
    bindings: { condition: "read", a: "read", b: "read", y: "read_write" },
  },
} as const satisfies Record<string, Omit<KernelDeclaration<string, string>, "texts">>;

export const ELEMENTWISE = [
  ...["abs", "sign", "sqrt", "rsqrt", "square", "reciprocal", "erf", "floor", "ceil", "round", "trunc"],
  ...["sin", "cos", "log1p", "expm1", "gelu", "geluTanh", "silu", "leakyRelu", "elu", "softplus"],
  ...["hardsigmoid", "hardswish", "clamp", "pow", "norm", "atLeast"],
] as const;

export interface ElementwiseAttributes {
  readonly kind: (typeof ELEMENTWISE)[number];
  readonly p?: number;
  readonly q?: number;
}

const PAIRS = ["maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge", "pow"] as const;

export interface PairAttributes {
  readonly kind: (typeof PAIRS)[number];
  /** In place of a second tensor. */
  readonly number?: number;
}

export interface ChooseAttributes {
  /** In place of the tensors. */
  readonly numbers: readonly [number, number];
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
    pair: kernel("pair"),
    pairBackward: kernel("pairBackward"),
    choose: kernel("choose"),
  };
  /** A dispatch with an invocation for each element. */
  const each = (
    of: Kernel,
    params: Readonly<Record<string, number>>,
    bindings: Dispatch["bindings"],
    plan: PlanContext,
  ): Dispatch => {
    const operands = Object.values(bindings).filter((operand) => operand !== null);
    const size = operands[0]!.elements;
    return {
      kernel: of,
      params: { size, ...params },
      bindings,
      grid: gridOf(size, plan),
      flops: FLOPS * size,
      bytes: 4 * size * operands.length,
    };
  };

  const numbersOf = ({ p = 0, q = 0 }: ElementwiseAttributes) => ({ p, q });
  const elementwise: Passes<ElementwiseAttributes> = {
    forward({ inputs: [x], outputs: [y] }, attributes, plan) {
      const of = kernels.elementwiseForward.with({ KIND: ELEMENTWISE.indexOf(attributes.kind) });
      return [each(of, numbersOf(attributes), { x: x!, y: y! }, plan)];
    },
    backward({ inputs: [x], gradOutputs: [gradY], gradInputs: [gradX] }, attributes, plan) {
      const of = kernels.elementwiseBackward.with({ KIND: ELEMENTWISE.indexOf(attributes.kind) });
      return [each(of, numbersOf(attributes), { x: x!, gradY: gradY!, gradX: gradX! }, plan)];
    },
  };

  const pair: Passes<PairAttributes> = {
    forward({ inputs: [a, b], outputs: [out] }, { kind, number = 0 }, plan) {
      const params = { hasNumber: b ? 0 : 1, number };
      const of = kernels.pair.with({ KIND: PAIRS.indexOf(kind) });
      return [each(of, params, { a: a!, b: b ?? null, out: out! }, plan)];
    },
    backward({ inputs, gradOutputs: [gradOut], gradInputs }, { kind }, plan) {
      const kinds = { maximum: [0, 0], minimum: [1, 1], pow: [2, 3] }[kind as "maximum" | "minimum" | "pow"];
      return gradInputs.flatMap((gradOwn, side) => {
        const [own, other] = [inputs[side]!, inputs[1 - side]!];
        const of = kernels.pairBackward.with({ KIND: kinds[side]! });
        return gradOwn ? [each(of, {}, { own, other, gradOut: gradOut!, gradOwn }, plan)] : [];
      });
    },
  };

  const chosen = (
    [condition, a, b, y]: readonly [Operand, Operand | null, Operand | null, Operand],
    [numberA, numberB]: readonly [number, number],
    plan: PlanContext,
  ) => {
    const params = { hasA: a ? 1 : 0, hasB: b ? 1 : 0, numberA, numberB };
    return each(kernels.choose, params, { condition, a, b, y }, plan);
  };
  const choose: Passes<ChooseAttributes> = {
    forward: ({ inputs: [condition, a, b], outputs: [y] }, { numbers }, plan) => [
      chosen([condition!, a!, b!, y!], numbers, plan),
    ],
    backward: ({ inputs: [condition], gradOutputs: [gradY], gradInputs: [, gradA, gradB] }, _, plan) => [
      ...(gradA ? [chosen([condition!, gradY!, null, gradA], [0, 0], plan)] : []),
      ...(gradB ? [chosen([condition!, null, gradY!, gradB], [0, 0], plan)] : []),
    ],
  };
  return { kernels, elementwise, pair, comparison: pair, choose };
}
