import { checkBoolean, checkInteger, checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { conv1d } from "../graph/convolution.ts";
import type { Parameter } from "../graph/parameter.ts";
import { Tensor } from "../graph/tensor.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { drawn } from "./drawn.ts";
import { Module } from "./module.ts";

/** What a convolution reads beyond the ends of its input. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

const MODES: readonly PaddingMode[] = ["zeros", "reflect", "replicate", "circular"];

/** Options of {@link Conv1d}. */
export interface Conv1dOptions {
  /** Elements from one window to the next. Default 1. */
  readonly stride?: number;
  /**
   * Elements added at both ends; `"same"` for as many as keep the length, `"valid"` for none. Default 0.
   */
  readonly padding?: number | "same" | "valid";
  /** Elements from one tap of the kernel to the next. Default 1. */
  readonly dilation?: number;
  /** Groups of channels that do not see each other. Default 1. */
  readonly groups?: number;
  /** Whether to add a learned bias. Default true. */
  readonly bias?: boolean;
  /** What is added at the ends. Default `"zeros"`. */
  readonly paddingMode?: PaddingMode;
}

/** Throws an OptionError unless `groups` divides both numbers of channels. @internal */
export function checkGroups(where: string, groups: unknown, inChannels: number, outChannels: number): void {
  checkInteger(where, "groups", groups);
  if (inChannels % groups === 0 && outChannels % groups === 0) return;
  throw new OptionError(
    `${where}: groups must divide inChannels (${inChannels}) and outChannels (${outChannels}), got ${groups}`,
  );
}

/**
 * A convolution's weight, then its bias: uniform in ±1/√fan, which is also what PyTorch's kaiming_uniform_ with the slope √5 comes to.
 * @internal
 */
export function drawWeights(
  where: string,
  shape: Shape,
  biases: number | null,
): { weight: Parameter; bias: Parameter | null } {
  const bound = 1 / Math.sqrt(sizeOf(shape.slice(1)));
  const bias = biases === null ? null : [biases];
  return { weight: drawn(where, shape, bound), bias: bias && drawn(where, bias, bound) };
}

/**
 * Convolution along the last dimension: y[n, c', l] = b[c'] + Σ_c Σ_k w[c', c, k]·x[n, c, l·stride + k·dilation - padding], as
 * `torch.nn.Conv1d` (https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html).
 *
 * @example
 * const conv = new nn.Conv1d(8, 64, 3, { padding: 1 });
 * const y = conv.forward(x); // [N, 8, L] to [N, 64, L]
 * const series = y.transpose(1, 2); // [N, L, 64], as a recurrent layer with batchFirst reads it
 */
export class Conv1d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number | "same" | "valid";
  readonly dilation: number;
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  /** [outChannels, inChannels / groups, kernelSize] */
  readonly weight: Parameter;
  /** [outChannels], or null. */
  readonly bias: Parameter | null;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: Conv1dOptions = {},
    ...more: never[]
  ) {
    super();
    const where = "Conv1d";
    for (const [name, size] of Object.entries({ inChannels, outChannels, kernelSize })) {
      checkInteger(where, name, size);
    }
    checkOptions(where, options, ["stride", "padding", "dilation", "groups", "bias", "paddingMode"], more);
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, paddingMode = "zeros" } = options;
    checkInteger(where, "stride", stride);
    checkInteger(where, "dilation", dilation);
    checkGroups(where, groups, inChannels, outChannels);
    checkBoolean(where, "bias", bias);
    if (padding === "same" && stride !== 1) {
      throw new OptionError(`${where}: padding "same" keeps the length only with stride 1, got ${stride}`);
    }
    if (padding !== "same" && padding !== "valid" && !(Number.isInteger(padding) && padding >= 0)) {
      throw new OptionError(
        `${where}: padding must be an integer of at least 0, "same" or "valid", got ${show(padding)}`,
      );
    }
    if (!MODES.includes(paddingMode)) {
      throw new OptionError(
        `${where}: paddingMode must be one of ${MODES.join(", ")}, got ${show(paddingMode)}`,
      );
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.groups = groups;
    this.paddingMode = paddingMode;
    const weights = drawWeights(
      where,
      [outChannels, inChannels / groups, kernelSize],
      bias ? outChannels : null,
    );
    this.weight = weights.weight;
    this.bias = weights.bias;
  }

  /** Elements added before and after. */
  get #ends(): [number, number] {
    if (typeof this.padding === "number") return [this.padding, this.padding];
    const total = this.padding === "same" ? this.dilation * (this.kernelSize - 1) : 0;
    const before = Math.floor(total / 2);
    return [before, total - before];
  }

  /** @param x [N, inChannels, L] or [inChannels, L] @returns [N, outChannels, L'] or [outChannels, L'] */
  forward(x: Tensor): Tensor {
    const where = "Conv1d.forward";
    const { stride, dilation, groups, paddingMode, weight, bias } = this;
    const zeros = paddingMode === "zeros";
    const input = zeros || !(x instanceof Tensor) ? x : x.pad(this.#ends, paddingMode);
    const padding = zeros ? this.#ends : 0;
    return conv1d(where, input, weight, bias, { stride, padding, dilation, groups });
  }
}
