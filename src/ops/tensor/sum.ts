import { Kernel } from "../../gpu/kernel.ts";
import { type Shape, sizeOf, stridesOf } from "../../shape.ts";
import { baseTexts } from "../base-texts.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type Op, type Operand, type PlanContext } from "../op.ts";
import { copyDims, copyRun } from "./copy.ts";

export const sumAxis = /* @__PURE__ */ new Kernel({
  name: "sum_axis",
  texts: baseTexts,
  workgroup: [64, 1, 1],
  params: { outer: "u32", size: "u32", inner: "u32", chunk: "u32", parts: "u32" },
  bindings: { x: "read", y: "read_write" },
});

/** A sum is cut into parts to occupy this many invocations, but no part is shorter than this. */
const INVOCATIONS = 1024;
const MIN_CHUNK = 16;

/** Sums x, viewed as [outer][size][inner], along the middle axis into y [outer][inner]. */
export function sumMiddle(
  [outer, size, inner]: readonly [number, number, number],
  x: Operand,
  y: Operand,
  plan: PlanContext,
): Dispatch[] {
  const stage = (from: Operand, to: Operand, length: number, chunk: number) => {
    const parts = Math.ceil(length / chunk);
    const elements = outer * parts * inner;
    return dispatch({
      kernel: sumAxis,
      params: { outer, size: length, inner, chunk, parts },
      bindings: { x: from, y: to },
      grid: linearGrid(elements, plan),
      flops: outer * length * inner,
      bytes: 4 * (outer * length * inner + elements),
    });
  };
  const wanted = Math.ceil(INVOCATIONS / (outer * inner));
  const chunk = Math.max(MIN_CHUNK, Math.ceil(size / wanted));
  const parts = Math.ceil(size / chunk);
  if (parts === 1) return [stage(x, y, size, size)];
  const partial = plan.temporary([outer, parts, inner]);
  return [stage(x, partial, size, chunk), stage(partial, y, parts, parts)];
}

/** Sums x, viewed in this shape, over some dimensions into y, from the last dimension to the first. */
export function sumDims(
  shape: Shape,
  dims: readonly number[],
  x: Operand,
  y: Operand,
  plan: PlanContext,
): Dispatch[] {
  // Merges neighbours that are both reduced or both kept.
  const groups: { size: number; reduced: boolean }[] = [];
  for (const [dim, size] of shape.entries()) {
    if (size === 1) continue;
    const reduced = dims.includes(dim);
    const last = groups[groups.length - 1];
    if (last?.reduced === reduced) last.size *= size;
    else groups.push({ size, reduced });
  }
  const dispatches: Dispatch[] = [];
  let from = x;
  let left = groups.filter(({ reduced }) => reduced).length;
  if (left === 0) return [copyRun(sizeOf(shape), { operand: x }, { operand: y }, plan)];
  for (let i = groups.length - 1, inner = 1; i >= 0; i--) {
    const { size, reduced } = groups[i]!;
    if (!reduced) {
      inner *= size;
      continue;
    }
    const outer = groups.slice(0, i).reduce((product, group) => product * group.size, 1);
    const to = --left === 0 ? y : plan.temporary([outer, inner]);
    dispatches.push(...sumMiddle([outer, size, inner], from, to, plan));
    from = to;
  }
  return dispatches;
}

/** Dimensions counted from 0, and whether they stay with size 1. */
export interface SumAttributes {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

/** Sum over some dimensions. */
export const sum: Op<SumAttributes> = {
  name: "sum",
  infer([x], { dims, keepdim }) {
    const kept = x!.shape.map((size, dim) => (dims.includes(dim) ? 1 : size));
    return { outputs: [{ shape: keepdim ? kept : kept.filter((_, dim) => !dims.includes(dim)) }] };
  },
  forward: ({ inputs: [x], outputs: [y] }, { dims }, plan) => sumDims(x!.shape, dims, x!, y!, plan),
};

/** PyTorch's broadcasting: repeats a tensor along new leading dimensions and those of size 1. */
export const expand: Op<{ readonly shape: Shape }> = {
  name: "expand",
  infer: (_inputs, { shape }) => ({ outputs: [{ shape }] }),
  moves(from, { shape }) {
    const strides = repeating(from, shape);
    return (index) => {
      let position = 0;
      for (let dim = shape.length - 1; dim >= 0; dim--) {
        position += (index % shape[dim]!) * strides[dim]!;
        index = Math.floor(index / shape[dim]!);
      }
      return position;
    };
  },
  forward: ({ inputs: [x], outputs: [y] }, { shape }, plan) =>
    copyDims(
      shape,
      { operand: x!, strides: repeating(x!.shape, shape) },
      { operand: y!, strides: stridesOf(shape) },
      plan,
    ),
};

/** Strides of `from` for an index into `shape`: 0 for repeated dimensions. */
export function repeating(from: Shape, shape: Shape): number[] {
  const added = shape.length - from.length;
  const strides = stridesOf(from);
  return shape.map((_, dim) => (dim < added || from[dim - added] === 1 ? 0 : strides[dim - added]!));
}
