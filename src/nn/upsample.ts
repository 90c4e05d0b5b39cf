import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from "../checks.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { interpolate } from "../graph/interpolation.ts";
import type { Tensor } from "../graph/tensor.ts";
import { showShape } from "../shape.ts";
import { Module } from "./module.ts";

/** Options of {@link Upsample}. */
export interface UpsampleOptions {
  /** Elements of the output. Give this or `scaleFactor`. */
  readonly size?: number;
  /** Elements of the output for each element of the input; what is left of one is dropped. */
  readonly scaleFactor?: number;
  /** Whether to repeat elements or to draw lines between them. Default `"nearest"`. */
  readonly mode?: "nearest" | "linear";
  /** For `"linear"`: whether the first and the last elements keep their places. Default false. */
  readonly alignCorners?: boolean;
  /** Whether places follow the output's size instead of `scaleFactor`. Default false. */
  readonly recomputeScaleFactor?: boolean;
}

/**
 * Another number of elements along the last dimension, as `torch.nn.Upsample`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html) of sequences.
 *
 * @example
 * const up = new nn.Upsample({ scaleFactor: 2, mode: "linear" });
 * const y = up.forward(x); // [N, C, L] to [N, C, 2·L]
 */
export class Upsample extends Module {
  readonly size: number | null;
  readonly scaleFactor: number | null;
  readonly mode: "nearest" | "linear";
  readonly alignCorners: boolean;
  readonly recomputeScaleFactor: boolean;

  constructor(options: UpsampleOptions, ...more: never[]) {
    super();
    const where = "Upsample";
    const known = ["size", "scaleFactor", "mode", "alignCorners", "recomputeScaleFactor"];
    checkOptions(where, options, known, more);
    const { size = null, scaleFactor = null, mode = "nearest" } = options;
    const { alignCorners = false, recomputeScaleFactor = false } = options;
    if ((size === null) === (scaleFactor === null)) {
      throw new OptionError(
        `${where}: give either size or scaleFactor, got ${show(size)} and ${show(scaleFactor)}`,
      );
    }
    if (size !== null) checkInteger(where, "size", size);
    if (scaleFactor !== null)
      checkNumber(where, "scaleFactor", scaleFactor, "a number above 0", (n) => n > 0);
    if (mode !== "nearest" && mode !== "linear") {
      throw new OptionError(`${where}: mode must be "nearest" or "linear", got ${show(mode)}`);
    }
    checkBoolean(where, "alignCorners", alignCorners);
    checkBoolean(where, "recomputeScaleFactor", recomputeScaleFactor);
    if (alignCorners && mode === "nearest") {
      throw new OptionError(`${where}: alignCorners is for mode "linear"; leave it out`);
    }
    if (recomputeScaleFactor && scaleFactor === null) {
      throw new OptionError(`${where}: recomputeScaleFactor is for scaleFactor; leave it out with a size`);
    }
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = mode;
    this.alignCorners = alignCorners;
    this.recomputeScaleFactor = recomputeScaleFactor;
  }

  /** @param x [N, C, L] @returns [N, C, size] or [N, C, ⌊L·scaleFactor⌋] */
  forward(x: Tensor): Tensor {
    const where = "Upsample.forward";
    const { size, scaleFactor, mode, alignCorners } = this;
    const length = x.shape[2];
    if (length === undefined) {
      throw new ShapeError(
        `${where}: the input must be [batch, channels, length], got ${showShape(x.shape)}`,
      );
    }
    const outLength = size ?? Math.floor(length * scaleFactor!);
    const scale = scaleFactor !== null && !this.recomputeScaleFactor ? scaleFactor : undefined;
    return interpolate(where, x, { outLength, scale, mode, alignCorners });
  }
}
