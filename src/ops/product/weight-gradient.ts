import { Kernel } from "../../gpu/kernel.ts";
import { linearGrid } from "../grid.ts";
import { hasLanes4 } from "../lanes4.ts";
import { type Dispatch, dispatch, flag, type Operand, type PlanContext, type PlanSettings } from "../op.ts";
import { gemm } from "./gemm.ts";
import { ALL_SLOTS } from "./product.ts";
import { sliceTexts } from "./texts.ts";

export const sumSlices = /* @__PURE__ */ new Kernel({
  name: "sum_slices",
  texts: sliceTexts,
  workgroup: [64, 1, 1],
  params: {
    slices: "u32",
    outRows: "u32",
    columns: "u32",
    biases: "u32",
    outRowStride: "u32",
    outColumnStride: "u32",
    outSlots: "u32",
    bias1Slots: "u32",
    bias2Slots: "u32",
  },
  bindings: { partial: "read", out: "read_write", bias1: "read_write", bias2: "read_write" },
});

/** Where the gradient of a weight goes, and with it that of the biases. */
export interface WeightTarget {
  /** [inputs, outputs] by its strides. */
  readonly weight: { readonly operand: Operand; readonly strides: readonly [number, number] };
  readonly inputs: number;
  readonly outputs: number;
  /** Which of every four outputs the weight has, one bit each, where not all; the others' gradient is zero. */
  readonly slots?: number;
  /** At most two; each gets the column sums of dY in its slots. */
  readonly biases: readonly { readonly operand: Operand; readonly slots?: number }[];
}

/** Rows of X and dY, row after row: [depth, inputs] and [depth, outputs]. */
export interface GradientRows {
  /** Batch, or time steps × batch. */
  readonly depth: number;
  readonly x: { readonly operand: Operand; readonly offset?: number };
  readonly gradY: { readonly operand: Operand; readonly offset?: number };
}

/**
 * Slices of the depth give enough invocations for an adapter's cores, and keep float32 sums short. Those of gemm_lanes4 are short by
 * themselves, as its tiles are summed one by one, and few cores need few slices.
 */
const SLICE_DEPTH = 512;
const LANES4_SLICE_DEPTH = 4096;
const MAX_SLICES = 64;

/** How a sum over `depth` rows is cut. @param size Elements of a slice. */
export function slicesOf(depth: number, size: number, { facts, maxGrid, maxStorage }: PlanSettings) {
  const wanted = hasLanes4(facts) ? LANES4_SLICE_DEPTH : SLICE_DEPTH;
  const most = Math.max(1, Math.min(MAX_SLICES, maxGrid, Math.floor(maxStorage / (4 * size))));
  const sliceDepth = Math.max(Math.ceil(depth / most), Math.min(depth, wanted));
  return { count: Math.ceil(depth / sliceDepth), depth: sliceDepth };
}

/**
 * The gradient of a weight over rows that come part by part, dW = Xᵀ·dY: products cut along their depth and added up slice by slice,
 * then the ordered sum of the slices. The column sums ride along as one more row of the product.
 */
export class WeightGradient {
  readonly #target: WeightTarget;
  readonly #slices: { readonly count: number; readonly depth: number };
  readonly #partial: Operand;
  readonly #plan: PlanContext;
  #begun = false;

  /** @param depth Rows of the longest part. */
  constructor(target: WeightTarget, depth: number, plan: PlanContext) {
    this.#target = target;
    const { inputs, outputs, biases } = target;
    this.#slices = slicesOf(depth, (inputs + flag(biases.length)) * outputs, plan);
    this.#partial = plan.temporary([this.#slices.count, inputs + flag(biases.length), outputs]);
    this.#plan = plan;
  }

  /** Adds a part. */
  add({ depth, x, gradY }: GradientRows): Dispatch {
    const { inputs, outputs, biases } = this.#target;
    const ones = biases.length > 0;
    const product = {
      rows: inputs + flag(ones),
      columns: outputs,
      depth,
      a: { ...x, strides: [1, inputs] },
      b: { ...gradY, strides: [outputs, 1] },
      c: { operand: this.#partial, strides: [outputs, 1] },
      accumulate: this.#begun,
    } as const;
    this.#begun = true;
    return gemm(product, this.#plan, { ...this.#slices, ones });
  }

  /** Takes the sum to the weight and the biases. Zero where nothing was added. */
  finish(): Dispatch {
    const { weight, inputs, outputs, biases, slots = ALL_SLOTS } = this.#target;
    const size = (inputs + flag(biases.length)) * outputs;
    const slices = this.#begun ? this.#slices.count : 0;
    return dispatch({
      kernel: sumSlices,
      params: {
        slices,
        outRows: inputs,
        columns: outputs,
        biases: biases.length,
        outRowStride: weight.strides[0],
        outColumnStride: weight.strides[1],
        outSlots: slots,
        bias1Slots: biases[0]?.slots ?? ALL_SLOTS,
        bias2Slots: biases[1]?.slots ?? ALL_SLOTS,
      },
      bindings: {
        partial: this.#partial,
        out: weight.operand,
        bias1: biases[0]?.operand ?? null,
        bias2: biases[1]?.operand ?? null,
      },
      grid: linearGrid(size, this.#plan),
      flops: slices * size,
      bytes: 4 * (slices + 1) * size,
    });
  }
}

/** The dispatches of a weight gradient whose rows are all there. */
export function weightGradient(target: WeightTarget, rows: GradientRows, plan: PlanContext): Dispatch[] {
  const { weight, inputs, outputs, biases, slots = ALL_SLOTS } = target;
  const { depth, x, gradY } = rows;
  if (slicesOf(depth, inputs * outputs, plan).count === 1 && biases.length === 0 && slots === ALL_SLOTS) {
    const a = { ...x, strides: [1, inputs] } as const;
    const b = { ...gradY, strides: [outputs, 1] } as const;
    return [gemm({ rows: inputs, columns: outputs, depth, a, b, c: weight }, plan)];
  }
  const gradient = new WeightGradient(target, depth, plan);
  return [gradient.add(rows), gradient.finish()];
}
