import { checkBoolean, checkInteger, checkOptions } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { convTranspose1d } from "../graph/convolution.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import { checkGroups, drawWeights } from "./conv1d.ts";
import { Module } from "./module.ts";

/** Options of {@link ConvTranspose1d}. */
export interface ConvTranspose1dOptions {
  /** Elements of the output from one element of the input to the next. Default 1. */
  readonly stride?: number;
  /** Elements that the output is shorter at both ends. Default 0. */
  readonly padding?: number;
  /** Elements that the output is longer at its end; less than `stride` or `dilation`. Default 0. */
  readonly outputPadding?: number;
  /** Groups of channels that do not see each other. Default 1. */
  readonly groups?: number;
  /** Whether to add a learned bias. Default true. */
  readonly bias?: boolean;
  /** Elements from one tap of the kernel to the next. Default 1. */
  readonly dilation?: number;
}

/**
 * The gradient of a convolution for its input, as a layer: makes sequences longer by `stride`, as `torch.nn.ConvTranspose1d`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html).
 *
 * @example
 * const up = new nn.ConvTranspose1d(64, 8, 4, { stride: 2, padding: 1 });
 * const y = up.forward(x); // [N, 64, L] to [N, 8, 2·L]
 */
export class ConvTranspose1d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly outputPadding: number;
  readonly groups: number;
  readonly dilation: number;
  /** [inChannels, outChannels / groups, kernelSize] */
  readonly weight: Parameter;
  /** [outChannels], or null. */
  readonly bias: Parameter | null;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: ConvTranspose1dOptions = {},
    ...more: never[]
  ) {
    super();
    const where = "ConvTranspose1d";
    for (const [name, size] of Object.entries({ inChannels, outChannels, kernelSize })) {
      checkInteger(where, name, size);
    }
    checkOptions(where, options, ["stride", "padding", "outputPadding", "groups", "bias", "dilation"], more);
    const { stride = 1, padding = 0, outputPadding = 0, groups = 1, bias = true, dilation = 1 } = options;
    checkInteger(where, "stride", stride);
    checkInteger(where, "padding", padding, 0);
    checkInteger(where, "outputPadding", outputPadding, 0);
    checkInteger(where, "dilation", dilation);
    checkGroups(where, groups, inChannels, outChannels);
    checkBoolean(where, "bias", bias);
    if (outputPadding >= Math.max(stride, dilation)) {
      throw new OptionError(
        `${where}: outputPadding must be less than stride (${stride}) or dilation (${dilation}), got ${outputPadding}`,
      );
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
    this.outputPadding = outputPadding;
    this.groups = groups;
    this.dilation = dilation;
    const drawn = drawWeights(
      where,
      [inChannels, outChannels / groups, kernelSize],
      bias ? outChannels : null,
    );
    this.weight = drawn.weight;
    this.bias = drawn.bias;
  }

  /**
   * @param x [N, inChannels, L] or [inChannels, L]
   * @returns [N, outChannels, L'] or [outChannels, L'], L' = (L - 1)·stride - 2·padding + dilation·(kernelSize - 1) + outputPadding + 1
   */
  forward(x: Tensor): Tensor {
    return convTranspose1d("ConvTranspose1d.forward", x, this.weight, this.bias, this);
  }
}
