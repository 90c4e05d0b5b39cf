import { checkBoolean, checkInteger, checkNoMore, checkOptions } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { adaptiveAvgPool1d, avgPool1d, maxPool1d } from "../graph/pooling.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Module } from "./module.ts";

/** What both kinds of pooling have. */
interface PoolOptions {
  /** Elements from one window to the next. Default: the kernel's size. */
  readonly stride?: number;
  /** Elements added at both ends, at most half of the kernel's size: -∞ for a maximum, 0 for a mean. Default 0. */
  readonly padding?: number;
  /** Whether the last window may reach beyond the end. Default false. */
  readonly ceilMode?: boolean;
}

/** Options of {@link MaxPool1d}. */
export interface MaxPool1dOptions extends PoolOptions {
  /** Elements from one place of a window to the next. Default 1. */
  readonly dilation?: number;
}

/** Options of {@link AvgPool1d}. */
export interface AvgPool1dOptions extends PoolOptions {
  /** Whether the padding counts where a sum is divided by its number of elements. Default true. */
  readonly countIncludePad?: boolean;
}

/** Throws an OptionError unless the windows are PyTorch's. */
function checkWindows(
  where: string,
  kernelSize: number,
  stride: number,
  padding: number,
  dilation: number,
): void {
  for (const [name, value] of Object.entries({ kernelSize, stride, dilation }))
    checkInteger(where, name, value);
  checkInteger(where, "padding", padding, 0);
  if (padding > kernelSize / 2) {
    throw new OptionError(
      `${where}: padding must be at most half of kernelSize (${kernelSize}), got ${padding}`,
    );
  }
}

/**
 * The largest element of each window along the last dimension, as `torch.nn.MaxPool1d`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html). A NaN is larger than any number.
 *
 * @example
 * const y = new nn.MaxPool1d(2).forward(x); // [N, C, L] to [N, C, L / 2]
 */
export class MaxPool1d extends Module {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly ceilMode: boolean;

  constructor(kernelSize: number, options: MaxPool1dOptions = {}, ...more: never[]) {
    super();
    const where = "MaxPool1d";
    checkOptions(where, options, ["stride", "padding", "dilation", "ceilMode"], more);
    const { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false } = options;
    checkWindows(where, kernelSize, stride, padding, dilation);
    checkBoolean(where, "ceilMode", ceilMode);
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.ceilMode = ceilMode;
  }

  /** @param x [N, C, L] or [C, L] @returns [N, C, L'] or [C, L'] */
  forward(x: Tensor): Tensor {
    return maxPool1d("MaxPool1d.forward", x, this);
  }
}

/**
 * The mean of each window along the last dimension, as `torch.nn.AvgPool1d`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html).
 *
 * @example
 * const y = new nn.AvgPool1d(3, { stride: 1, padding: 1 }).forward(x); // [N, C, L] to [N, C, L]
 */
export class AvgPool1d extends Module {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;

  constructor(kernelSize: number, options: AvgPool1dOptions = {}, ...more: never[]) {
    super();
    const where = "AvgPool1d";
    checkOptions(where, options, ["stride", "padding", "ceilMode", "countIncludePad"], more);
    const { stride = kernelSize, padding = 0, ceilMode = false, countIncludePad = true } = options;
    checkWindows(where, kernelSize, stride, padding, 1);
    checkBoolean(where, "ceilMode", ceilMode);
    checkBoolean(where, "countIncludePad", countIncludePad);
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
  }

  /** @param x [N, C, L] or [C, L] @returns [N, C, L'] or [C, L'] */
  forward(x: Tensor): Tensor {
    return avgPool1d("AvgPool1d.forward", x, this);
  }
}

/**
 * The means of `outputSize` windows that divide the last dimension as equally as they can, as `torch.nn.AdaptiveAvgPool1d`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html).
 *
 * @example
 * const mean = new nn.AdaptiveAvgPool1d(1).forward(x).squeeze(-1); // [N, C, L] to [N, C]
 */
export class AdaptiveAvgPool1d extends Module {
  readonly outputSize: number;

  constructor(outputSize: number, ...more: never[]) {
    super();
    checkNoMore("AdaptiveAvgPool1d", more);
    checkInteger("AdaptiveAvgPool1d", "outputSize", outputSize);
    this.outputSize = outputSize;
  }

  /** @param x [N, C, L] or [C, L] @returns [N, C, outputSize] or [C, outputSize] */
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool1d("AdaptiveAvgPool1d.forward", x, this.outputSize);
  }
}
