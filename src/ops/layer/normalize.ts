import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Operand, type PlanContext } from "../op.ts";

/** What batch norm and group norm share: elements are normalized by the mean and the variance of their set. */

export const normalizeTexts = /* @__PURE__ */ new OnDemand(() => import("./normalize.wgsl.ts"));

export const normStatistics = /* @__PURE__ */ new Kernel({
  name: "norm_statistics",
  texts: normalizeTexts,
  uses: ["workgroup_sum", "not_a_number", "finite"],
  workgroup: [64, 1, 1],
  params: { outer: "u32", sets: "u32", inner: "u32" },
  bindings: { x: "read", mean: "read_write", variance: "read_write" },
});

export const normForward = /* @__PURE__ */ new Kernel({
  name: "norm_forward",
  texts: normalizeTexts,
  workgroup: [64, 1, 1],
  params: {
    size: "u32",
    sets: "u32",
    setSize: "u32",
    channels: "u32",
    length: "u32",
    hasWeight: "u32",
    hasBias: "u32",
    eps: "f32",
  },
  bindings: {
    x: "read",
    mean: "read",
    variance: "read",
    weight: "read",
    bias: "read",
    y: "read_write",
  },
});

export const normSums = /* @__PURE__ */ new Kernel({
  name: "norm_sums",
  texts: normalizeTexts,
  uses: ["workgroup_sum"],
  workgroup: [64, 1, 1],
  params: {
    outer: "u32",
    parts: "u32",
    inner: "u32",
    sets: "u32",
    setSize: "u32",
    channels: "u32",
    length: "u32",
    weighted: "u32",
    wantsBias: "u32",
    wantsWeight: "u32",
    eps: "f32",
  },
  bindings: {
    x: "read",
    gradY: "read",
    mean: "read",
    variance: "read",
    weight: "read",
    sums: "read_write",
    gradBias: "read_write",
    gradWeight: "read_write",
  },
});

export const normBackward = /* @__PURE__ */ new Kernel({
  name: "norm_backward",
  texts: normalizeTexts,
  workgroup: [64, 1, 1],
  params: {
    size: "u32",
    sets: "u32",
    setSize: "u32",
    channels: "u32",
    length: "u32",
    count: "u32",
    hasWeight: "u32",
    weighsLast: "u32",
    constants: "u32",
    eps: "f32",
  },
  bindings: {
    x: "read",
    gradY: "read",
    mean: "read",
    variance: "read",
    weight: "read",
    sums: "read",
    gradX: "read_write",
  },
});

/** How x is cut into sets, and into channels: [outer][sets][setSize], and [items][channels][length]. */
export interface Sets {
  readonly outer: number;
  readonly sets: number;
  readonly setSize: number;
  readonly items: number;
  readonly channels: number;
  readonly length: number;
  readonly eps: number;
}

/** Sets of x [N, C, …]: a channel of all items, or with `groups` so many parts of each item's channels. */
export function setsOf(shape: Shape, eps: number, groups?: number): Sets {
  const [items, channels] = shape as [number, number];
  const length = sizeOf(shape.slice(2));
  const cut = { items, channels, length, eps };
  if (groups === undefined) return { outer: items, sets: channels, setSize: length, ...cut };
  return { outer: 1, sets: items * groups, setSize: (channels / groups) * length, ...cut };
}

/** What elements are normalized by. */
export interface Statistics {
  readonly mean: Operand;
  readonly variance: Operand;
}

/** The statistics of each set. */
export function statisticsOf(
  { outer, sets, setSize }: Sets,
  x: Operand,
  { mean, variance }: Statistics,
  plan: PlanContext,
): Dispatch {
  return dispatch({
    kernel: normStatistics,
    params: { outer, sets, inner: setSize },
    bindings: { x, mean, variance },
    grid: linearGrid(64 * sets, plan),
    flops: 4 * x.elements,
    bytes: 8 * x.elements,
  });
}

/** y of x. */
export function normalized(
  { sets, setSize, channels, length, eps }: Sets,
  x: Operand,
  statistics: Statistics,
  [weight, bias]: readonly [Operand | null, Operand | null],
  y: Operand,
  plan: PlanContext,
): Dispatch {
  const size = x.elements;
  return dispatch({
    kernel: normForward,
    params: {
      size,
      sets,
      setSize,
      channels,
      length,
      hasWeight: flag(weight),
      hasBias: flag(bias),
      eps,
    },
    bindings: { x, ...statistics, weight, bias, y },
    grid: linearGrid(size, plan),
    flops: 6 * size,
    bytes: 8 * size,
  });
}

/** What a backward pass is given, and where its gradients go. */
interface Gradients {
  readonly x: Operand;
  readonly weight: Operand | null;
  readonly gradY: Operand;
  readonly gradX: Operand | null;
  readonly gradWeight: Operand | null;
  readonly gradBias: Operand | null;
  /** Whether the statistics do not depend on x. */
  readonly constants: boolean;
}

/** The gradients of x, of the weight and of the bias. */
export function normalizedBackward(
  cut: Sets,
  statistics: Statistics,
  { x, weight, gradY, gradX, gradWeight, gradBias, constants }: Gradients,
  plan: PlanContext,
): Dispatch[] {
  const { outer, sets, setSize, items, channels, length, eps } = cut;
  const size = x.elements;
  const dispatches: Dispatch[] = [];
  const sumsOf = (
    [outer, parts, inner]: readonly [number, number, number],
    own: Operand | null,
    gradBias: Operand | null,
    gradWeight: Operand | null,
  ) => {
    const sums = plan.temporary([2, parts]);
    const wanted = { wantsBias: flag(gradBias), wantsWeight: flag(gradWeight) };
    dispatches.push(
      dispatch({
        kernel: normSums,
        params: {
          outer,
          parts,
          inner,
          sets,
          setSize,
          channels,
          length,
          weighted: flag(own),
          ...wanted,
          eps,
        },
        bindings: { x, gradY, ...statistics, weight: own, sums, gradBias, gradWeight },
        grid: linearGrid(64 * parts, plan),
        flops: 6 * size,
        bytes: 8 * size,
      }),
    );
    return sums;
  };
  // A channel's sums without its weight are also the gradients of its bias and its weight.
  const isByChannel = sets === channels && outer === items;
  let sums: Operand | null = null;
  if (gradWeight || gradBias || (isByChannel && !constants)) {
    sums = sumsOf([items, channels, length], null, gradBias, gradWeight);
  }
  if (gradX) {
    if (!isByChannel) sums = sumsOf([outer, sets, setSize], weight, null, null);
    dispatches.push(
      dispatch({
        kernel: normBackward,
        params: {
          size,
          sets,
          setSize,
          channels,
          length,
          count: outer * setSize,
          hasWeight: flag(weight),
          weighsLast: flag(isByChannel),
          constants: flag(constants),
          eps,
        },
        bindings: {
          x,
          gradY,
          ...statistics,
          weight,
          sums: constants ? null : sums,
          gradX,
        },
        grid: linearGrid(size, plan),
        flops: 8 * size,
        bytes: 12 * size,
      }),
    );
  }
  return dispatches;
}
