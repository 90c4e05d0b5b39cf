/** The passes of lines.ts. Loads on demand, and imports types alone. */
import type { Kernel, KernelDeclaration } from "../../gpu/kernel.ts";
import type { Shape } from "../../shape.ts";
import type { linearGrid } from "../grid.ts";
import type { Dispatch, Operand, PlanContext } from "../op.ts";
import type { Passes } from "./deferred.ts";
import type { sumMiddle } from "./sum.ts";

const workgroup = [64, 1, 1] as const;
const sizes = { outer: "u32", size: "u32", inner: "u32" } as const;

/** Without the texts. */
const declarations = {
  extreme: {
    name: "extreme",
    uses: ["not_a_number", "order"],
    workgroup,
    params: {
      ...sizes,
      count: "u32",
      chunk: "u32",
      parts: "u32",
      smallest: "u32",
      given: "u32",
      value: "u32",
    },
    bindings: { x: "read", places: "read", y: "read_write" },
  },
  extremeBackward: {
    name: "extreme_backward",
    uses: ["not_a_number", "order"],
    workgroup,
    params: { ...sizes, hasCounts: "u32", sharesNaN: "u32" },
    bindings: { x: "read", y: "read", gradY: "read", counts: "read", gradX: "read_write" },
  },
  prod: {
    name: "prod",
    workgroup,
    params: { ...sizes, chunk: "u32", parts: "u32" },
    bindings: { x: "read", y: "read_write" },
  },
  prodBackward: {
    name: "prod_backward",
    workgroup,
    params: { ...sizes, hasZeros: "u32", whole: "u32" },
    bindings: { x: "read", y: "read", gradY: "read", zeros: "read", gradX: "read_write" },
  },
  cumsum: {
    name: "cumsum",
    workgroup,
    params: { ...sizes, reverse: "u32" },
    bindings: { x: "read", y: "read_write" },
  },
  topk: {
    name: "topk",
    uses: ["not_a_number", "order"],
    workgroup,
    params: { ...sizes, count: "u32", smallest: "u32" },
    bindings: { x: "read", places: "read_write" },
  },
} as const satisfies Record<string, Omit<KernelDeclaration<string, string>, "texts">>;

/** The dimension of an op along one dimension, counted from 0. */
export interface LineAttributes {
  readonly dim: number;
}

export interface ExtremeAttributes extends LineAttributes {
  readonly smallest: boolean;
  /** Whether the gradient of a NaN goes to all that are NaN; else all of the axis becomes NaN. */
  readonly sharesNaN?: boolean;
}

export interface ProdAttributes extends LineAttributes {
  /** Whether the product is that of a whole tensor, not along one of its dimensions: PyTorch's gradients differ. */
  readonly whole: boolean;
}

export interface TopkAttributes extends LineAttributes {
  readonly count: number;
  readonly smallest: boolean;
}

/** An axis is cut into parts to occupy this many invocations, but no part is shorter than MIN_CHUNK. */
const INVOCATIONS = 1024;
const MIN_CHUNK = 16;

type Texts = KernelDeclaration<string, string>["texts"];

export function lines(
  Kernel_: typeof Kernel,
  gridOf: typeof linearGrid,
  sum: typeof sumMiddle,
  texts: Texts,
) {
  const kernel = (of: keyof typeof declarations) =>
    new Kernel_<string, string>({ ...declarations[of], texts });
  const kernels = {
    extreme: kernel("extreme"),
    extremeBackward: kernel("extremeBackward"),
    prod: kernel("prod"),
    prodBackward: kernel("prodBackward"),
    cumsum: kernel("cumsum"),
    topk: kernel("topk"),
  };

  const product = (shape: Shape) => shape.reduce((a, b) => a * b, 1);
  /** A shape as sizes before, of and after a dimension. */
  const around = (shape: Shape, dim: number) => ({
    outer: product(shape.slice(0, dim)),
    size: shape[dim]!,
    inner: product(shape.slice(dim + 1)),
  });

  const step = (
    of: Kernel,
    params: Readonly<Record<string, number>>,
    bindings: Dispatch["bindings"],
    invocations: number,
    plan: PlanContext,
  ): Dispatch => {
    const { elements } = bindings["x"]!;
    const grid = gridOf(invocations, plan);
    return { kernel: of, params, bindings, grid, flops: elements, bytes: 4 * (elements + invocations) };
  };

  /** Reduces one axis: in parts first, if it is long and there are few. `reduce` gets what the parts before gave, if any. */
  const inParts = (
    { outer, size, inner }: ReturnType<typeof around>,
    y: Operand,
    plan: PlanContext,
    reduce: (from: Operand | null, to: Operand, count: number, chunk: number, parts: number) => Dispatch,
  ): Dispatch[] => {
    const chunk = Math.max(MIN_CHUNK, Math.ceil((size * outer * inner) / INVOCATIONS));
    const parts = Math.ceil(size / chunk);
    if (parts === 1) return [reduce(null, y, size, size, 1)];
    const partial = plan.temporary([outer, parts, inner]);
    return [reduce(null, partial, size, chunk, parts), reduce(partial, y, parts, parts, 1)];
  };

  const findExtreme = (
    x: Operand,
    y: Operand,
    { dim, smallest }: ExtremeAttributes,
    value: 0 | 1,
    plan: PlanContext,
  ) => {
    const axis = around(x.shape, dim);
    return inParts(axis, y, plan, (places, to, count, chunk, parts) => {
      const given = places ? 1 : 0;
      // The parts before give places.
      const gives = value && to === y ? 1 : 0;
      const params = { ...axis, count, chunk, parts, smallest: smallest ? 1 : 0, given, value: gives };
      return step(kernels.extreme, params, { x, places, y: to }, axis.outer * parts * axis.inner, plan);
    });
  };

  const extreme: Passes<ExtremeAttributes> = {
    forward: ({ inputs: [x], outputs: [y] }, attributes, plan) => findExtreme(x!, y!, attributes, 1, plan),
    backward({ inputs: [x], gradOutputs: [gradY], gradInputs: [gradX] }, attributes, plan) {
      const axis = around(x!.shape, attributes.dim);
      const lines = axis.outer * axis.inner;
      const [y, counts] = [plan.temporary([lines]), plan.temporary([lines])];
      const matches = plan.temporary(x!.shape);
      const sharesNaN = attributes.sharesNaN ? 1 : 0;
      const pass = (hasCounts: 0 | 1, bindings: Dispatch["bindings"]) =>
        step(kernels.extremeBackward, { ...axis, hasCounts, sharesNaN }, bindings, x!.elements, plan);
      return [
        ...findExtreme(x!, y, attributes, 1, plan),
        pass(0, { x: x!, y, gradY: null, counts: null, gradX: matches }),
        ...sum([axis.outer, axis.size, axis.inner], matches, counts, plan),
        pass(1, { x: x!, y, gradY: gradY!, counts, gradX: gradX! }),
      ];
    },
  };

  const argExtreme: Passes<ExtremeAttributes> = {
    forward: ({ inputs: [x], outputs: [y] }, attributes, plan) => findExtreme(x!, y!, attributes, 0, plan),
  };

  const multiply = (x: Operand, y: Operand, dim: number, plan: PlanContext) => {
    const axis = around(x.shape, dim);
    return inParts(axis, y, plan, (from, to, size, chunk, parts) => {
      const invocations = axis.outer * parts * axis.inner;
      return step(kernels.prod, { ...axis, size, chunk, parts }, { x: from ?? x, y: to }, invocations, plan);
    });
  };

  const prod: Passes<ProdAttributes> = {
    forward: ({ inputs: [x], outputs: [y] }, { dim }, plan) => multiply(x!, y!, dim, plan),
    backward({ inputs: [x], gradOutputs: [gradY], gradInputs: [gradX] }, { dim, whole }, plan) {
      const axis = around(x!.shape, dim);
      const lines = axis.outer * axis.inner;
      const [y, counts, zeros] = [plan.temporary([lines]), plan.temporary([lines]), plan.temporary([1])];
      const pass = (hasZeros: 0 | 1, bindings: Dispatch["bindings"]) =>
        step(kernels.prodBackward, { ...axis, hasZeros, whole: whole ? 1 : 0 }, bindings, lines, plan);
      return [
        ...multiply(x!, y, dim, plan),
        pass(0, { x: x!, y: null, gradY: null, zeros: null, gradX: counts }),
        ...sum([1, lines, 1], counts, zeros, plan),
        pass(1, { x: x!, y, gradY: gradY!, zeros, gradX: gradX! }),
      ];
    },
  };

  const run = (x: Operand, y: Operand, dim: number, reverse: 0 | 1, plan: PlanContext) => {
    const axis = around(x.shape, dim);
    return [step(kernels.cumsum, { ...axis, reverse }, { x, y }, axis.outer * axis.inner, plan)];
  };
  const cumsum: Passes<LineAttributes> = {
    forward: ({ inputs: [x], outputs: [y] }, { dim }, plan) => run(x!, y!, dim, 0, plan),
    backward: ({ gradOutputs: [gradY], gradInputs: [gradX] }, { dim }, plan) =>
      run(gradY!, gradX!, dim, 1, plan),
  };

  const topk: Passes<TopkAttributes> = {
    forward({ inputs: [x], outputs: [places] }, { dim, count, smallest }, plan) {
      const axis = around(x!.shape, dim);
      const params = { ...axis, count, smallest: smallest ? 1 : 0 };
      return [step(kernels.topk, params, { x: x!, places: places! }, axis.outer * axis.inner, plan)];
    },
  };
  return { kernels, extreme, argExtreme, prod, cumsum, topk };
}
