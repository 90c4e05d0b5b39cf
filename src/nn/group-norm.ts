import { checkBoolean, checkInteger, checkNumber, checkOptions } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { checkChannels, groupNorm } from "../graph/normalization.ts";
import { Parameter } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import { zerosOf } from "../shape.ts";
import { Module } from "./module.ts";

/** Options of {@link GroupNorm}. */
export interface GroupNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Whether channels are scaled and shifted by learned values. Default true. */
  readonly affine?: boolean;
}

/**
 * Normalizes each item's channels in `numGroups` groups: (x - mean) / √(variance + eps) · weight + bias, as `torch.nn.GroupNorm`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html).
 *
 * @example
 * const norm = new nn.GroupNorm(4, 64); // 4 groups of 16 channels
 * const y = norm.forward(x); // [N, 64, L], of the same shape
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;
  /** [numChannels], or null. */
  readonly weight: Parameter | null;
  /** [numChannels], or null. */
  readonly bias: Parameter | null;

  constructor(numGroups: number, numChannels: number, options: GroupNormOptions = {}, ...more: never[]) {
    super();
    const where = "GroupNorm";
    checkInteger(where, "numGroups", numGroups);
    checkInteger(where, "numChannels", numChannels);
    checkOptions(where, options, ["eps", "affine"], more);
    const { eps = 1e-5, affine = true } = options;
    checkNumber(where, "eps", eps, "a number of at least 0", (n) => n >= 0);
    checkBoolean(where, "affine", affine);
    if (numChannels % numGroups !== 0) {
      throw new OptionError(`${where}: numGroups must divide numChannels (${numChannels}), got ${numGroups}`);
    }
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.affine = affine;
    const zeros = () => zerosOf(where, [numChannels]);
    this.weight = affine ? new Parameter([numChannels], zeros().fill(1)) : null;
    this.bias = affine ? new Parameter([numChannels], zeros()) : null;
  }

  /** @param x [N, numChannels, …] @returns The same shape. */
  forward(x: Tensor): Tensor {
    const where = "GroupNorm.forward";
    checkChannels(where, x, this.numChannels);
    return groupNorm(where, x, this.numGroups, this.weight, this.bias, this.eps);
  }
}
