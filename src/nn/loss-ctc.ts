import { checkBoolean, checkInteger, show } from "../checks.ts";
import { DataError, ShapeError } from "../errors.ts";
import { checkIndices } from "../graph/input-checks.ts";
import { tensor } from "../graph/literal.ts";
import { apply, Tensor } from "../graph/tensor.ts";
import { ctc } from "../ops/loss/ctc.ts";
import { showShape } from "../shape.ts";
import { checkLossInputs, checkLossOptions, type LossOptions, type Reduction } from "./loss.ts";
import { Module } from "./module.ts";

export interface CTCLossOptions extends LossOptions {
  /** Class of the blank label. Default 0. */
  readonly blank?: number;
  /** Whether infinite losses, of targets that are too long for their input, and their gradients count as 0. Default false. */
  readonly zeroInfinity?: boolean;
}

/**
 * Loss of label sequences whose alignment is not known (Graves et al., 2006), as `torch.nn.CTCLoss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html). The mean divides each loss by its target's length first.
 *
 * @example
 * const criterion = new nn.CTCLoss();
 * const logProbs = output.logSoftmax(-1); // [T, N, C]; class 0 is the blank
 * const loss = criterion.forward(logProbs, y, [50, 48], [9, 7]); // y [N, S], with both's lengths: a scalar
 */
export class CTCLoss extends Module {
  readonly blank: number;
  readonly reduction: Reduction;
  readonly zeroInfinity: boolean;

  constructor(options: CTCLossOptions = {}, ...more: never[]) {
    super();
    const where = "CTCLoss";
    this.reduction = checkLossOptions(where, options, more, ["blank", "zeroInfinity"]);
    const { blank = 0, zeroInfinity = false } = options;
    checkInteger(where, "blank", blank, 0);
    checkBoolean(where, "zeroInfinity", zeroInfinity);
    this.blank = blank;
    this.zeroInfinity = zeroInfinity;
  }

  /**
   * @param logProbs [T, N, C], or [T, C] of one item; log-probabilities, such as logSoftmax returns
   * @param targets [N, S], or [S] of one item: labels, anything behind a target's own length. A label within it that is no class gives NaN.
   * @param inputLengths [N]: steps of each item, at most T; a tensor, or numbers that are the same in every run
   * @param targetLengths [N]: labels of each item, at most S
   * @returns A scalar, or losses [N].
   */
  forward(
    logProbs: Tensor,
    targets: Tensor,
    inputLengths: Tensor | readonly number[],
    targetLengths: Tensor | readonly number[],
  ): Tensor {
    const where = "CTCLoss.forward";
    checkLossInputs(where, logProbs, targets);
    const { length: rank } = logProbs.shape;
    const batch = rank === 3 ? logProbs.shape[1]! : 1;
    if (
      (rank !== 2 && rank !== 3) ||
      targets.shape.length !== rank - 1 ||
      (rank === 3 && targets.shape[0] !== batch)
    ) {
      throw new ShapeError(
        `${where}: logProbs must be [T, N, C] and targets [N, S], padded to the longest, or [T, C] and [S], got ` +
          `${showShape(logProbs.shape)} and ${showShape(targets.shape)}`,
      );
    }
    const probabilities = rank === 3 ? logProbs : logProbs.unsqueeze(1);
    const labels = rank === 3 ? targets : targets.unsqueeze(0);
    const [steps, , classes] = probabilities.shape as [number, number, number];
    if (this.blank >= classes) {
      throw new ShapeError(
        `${where}: blank must be one of the ${classes} classes of logProbs ${showShape(logProbs.shape)}, got ${this.blank}`,
      );
    }
    const own = lengthsOf(where, "inputLengths", inputLengths, batch, steps);
    const wanted = lengthsOf(where, "targetLengths", targetLengths, batch, labels.shape[1]!);
    const { blank, reduction, zeroInfinity } = this;
    const [losses] = apply(where, ctc, [probabilities, labels.detach(), own, wanted], {
      blank,
      zeroInfinity,
    });
    if (reduction === "sum") return losses!.sum();
    // At least 1, so that an empty target divides by nothing.
    if (reduction === "mean") return losses!.div(wanted.sub(1).relu().add(1)).mean();
    return rank === 3 ? losses! : losses!.squeeze(0);
  }
}

/** Lengths as a tensor [batch], from 0 to `most`. */
function lengthsOf(
  where: string,
  name: string,
  given: Tensor | readonly number[],
  batch: number,
  most: number,
): Tensor {
  if (given instanceof Tensor) {
    const isOne = batch === 1 && given.shape.length === 0;
    if (!isOne && (given.shape.length !== 1 || given.shape[0] !== batch)) {
      throw new ShapeError(`${where}: ${name} must be [${batch}], got ${showShape(given.shape)}`);
    }
    const lengths = given.reshape([batch]);
    checkIndices(lengths, `length of ${name}`, most + 1);
    return lengths.detach();
  }
  const isLength = (length: unknown) =>
    Number.isInteger(length) && Number(length) >= 0 && Number(length) <= most;
  if (!Array.isArray(given) || given.length !== batch || !given.every(isLength)) {
    throw new DataError(
      `${where}: ${name} must be ${batch} integers from 0 to ${most}, or a tensor [${batch}], got ${show(given)}`,
    );
  }
  return tensor(given);
}
