import { Kernel } from "../../gpu/kernel.ts";
import { groupGrid, linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Operand, type PlanContext } from "../op.ts";
import { gradientTexts } from "./texts.ts";

export const gradientNorm = /* @__PURE__ */ new Kernel({
  name: "gradient_norm",
  texts: gradientTexts,
  uses: ["finite"],
  workgroup: [64, 1, 1],
  params: {
    offset: "u32",
    size: "u32",
    first: "u32",
    partials: "u32",
    infinite: "u32",
    whole: "u32",
    fraction: "f32",
  },
  bindings: { gradient: "read", partial: "read_write" },
});

export const gradientNormTotal = /* @__PURE__ */ new Kernel({
  name: "gradient_norm_total",
  texts: gradientTexts,
  uses: ["finite"],
  workgroup: [64, 1, 1],
  params: {
    size: "u32",
    infinite: "u32",
    power: "f32",
    unlimited: "u32",
    maxNorm: "f32",
    guarded: "u32",
    slot: "u32",
  },
  bindings: { partial: "read", norm: "read_write", factor: "read_write", guard: "read_write" },
});

export const gradientScale = /* @__PURE__ */ new Kernel({
  name: "gradient_scale",
  texts: gradientTexts,
  workgroup: [64, 1, 1],
  params: { offset: "u32", size: "u32" },
  bindings: { factor: "read", gradient: "read_write" },
});

export const gradientClamp = /* @__PURE__ */ new Kernel({
  name: "gradient_clamp",
  texts: gradientTexts,
  uses: ["not_a_number"],
  workgroup: [64, 1, 1],
  params: { offset: "u32", size: "u32", limit: "f32" },
  bindings: { gradient: "read_write" },
});

/** Gradients of adjacent parameters in a flat buffer, in elements. */
export interface GradientRange {
  readonly offset: number;
  readonly size: number;
  readonly gradient: Operand;
}

export interface NormClipping {
  /** Infinite to measure the norm without clipping. */
  readonly maxNorm: number;
  /** p of the p-norm; may be infinite. */
  readonly normType: number;
  /** Destination of the norm: a scalar. */
  readonly norm: Operand;
  /** A second destination of the norm, which guards updates; `null` for no guard. */
  readonly guard: { readonly operand: Operand; readonly slot: number } | null;
}

const MAX_PARTIALS = 1024;
const MIN_SHARE = 16;
/** Larger powers use pow, which is as exact for them. */
const MAX_FACTORS = 16;

/** Computes the total norm of the gradients of `ranges`, and the factor by which it is at most `maxNorm`. */
export function clippingFactor(
  ranges: readonly GradientRange[],
  clipping: NormClipping,
  plan: PlanContext,
): { readonly dispatches: readonly Dispatch[]; readonly factor: Operand } {
  const { maxNorm, normType, norm, guard } = clipping;
  const infinite = flag(normType === Number.POSITIVE_INFINITY);
  const power = infinite ? 1 : normType;
  const whole = power > MAX_FACTORS ? 0 : Math.floor(power);
  let total = 0;
  const shares = ranges.map(({ size }) => {
    const first = total;
    const partials = Math.ceil(size / Math.max(MIN_SHARE, Math.ceil(size / MAX_PARTIALS)));
    total += partials;
    return { first, partials };
  });
  const partial = plan.temporary([Math.max(total, 1)]);
  const factor = plan.temporary([1]);
  const dispatches = [
    ...ranges.map(({ offset, size, gradient }, i) =>
      dispatch({
        kernel: gradientNorm,
        params: { offset, size, ...shares[i]!, infinite, whole, fraction: power - whole },
        bindings: { gradient, partial },
        grid: linearGrid(shares[i]!.partials, plan),
        flops: (whole + 1) * size,
        bytes: 4 * size,
      }),
    ),
    dispatch({
      kernel: gradientNormTotal,
      params: {
        size: total,
        infinite,
        power,
        unlimited: flag(maxNorm === Number.POSITIVE_INFINITY),
        maxNorm,
        guarded: flag(guard),
        slot: guard?.slot ?? 0,
      },
      bindings: { partial, norm, factor, guard: guard?.operand ?? null },
      grid: groupGrid(1, plan),
      flops: total,
      bytes: 4 * total,
    }),
  ];
  return { dispatches, factor };
}

/**
 * Multiplies the gradients of `ranges` by a factor. It may be NaN, which reaches zeros too: no range may have padding, which stays zero
 * for the next norm.
 */
export function scaleGradients(
  ranges: readonly GradientRange[],
  factor: Operand,
  plan: PlanContext,
): Dispatch[] {
  return ranges.map(({ offset, size, gradient }) =>
    dispatch({
      kernel: gradientScale,
      params: { offset, size },
      bindings: { factor, gradient },
      grid: linearGrid(size, plan),
      flops: size,
      bytes: 8 * size,
    }),
  );
}

/** Clips every gradient of `ranges` to [-limit, limit]. */
export function clipValue(ranges: readonly GradientRange[], limit: number, plan: PlanContext): Dispatch[] {
  return ranges.map(({ offset, size, gradient }) =>
    dispatch({
      kernel: gradientClamp,
      params: { offset, size, limit },
      bindings: { gradient },
      grid: linearGrid(size, plan),
      flops: 2 * size,
      bytes: 8 * size,
    }),
  );
}
