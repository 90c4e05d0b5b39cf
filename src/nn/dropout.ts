import { checkNumber } from "../checks.ts";
import { apply, recording, type Tensor } from "../graph/tensor.ts";
import { dropout as dropoutOp, dropoutTexts } from "../ops/layer/dropout.ts";
import { Module } from "./module.ts";

function checkProbability(where: string, p: unknown): asserts p is number {
  checkNumber(where, "p", p, "a probability from 0 to 1", (n) => n >= 0 && n <= 1);
}

/**
 * Zeroes elements of `x` with probability `p` and scales the others by 1/(1 - p), as `torch.nn.functional.dropout`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html).
 *
 * The random numbers are Philox's, keyed by `manualSeed`, and differ from PyTorch's. Every run of a step draws new ones.
 * @param training If false, or if `p` is 0, `x` itself is returned.
 * @throws OptionError unless p is from 0 to 1.
 */
export function dropout(x: Tensor, p = 0.5, training = true): Tensor {
  checkProbability("dropout", p);
  if (!training || p === 0) return x;
  const random = recording.current("dropout").random.next();
  return apply("dropout", dropoutOp, [x], { p, random })[0]!;
}

/** Dropout in a module that is in training mode; `x` itself in one that is not. */
export function dropoutIn(where: string, module: Module, x: Tensor, p: number): Tensor {
  if (p === 0) return x;
  const recorder = recording.current(where);
  // eval() and train() take effect after compile() too.
  recorder.needs.push(dropoutTexts);
  return dropout(x, p, recorder.training(module));
}

/**
 * In training mode zeroes elements with probability `p` and scales the others by 1/(1 - p); in evaluation mode returns its input. As
 * `torch.nn.Dropout` (https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html). A compiled step uses the mode at
 * the time of a run. The random numbers are Philox's, keyed by `manualSeed`, and differ from PyTorch's. Every run of a step draws new ones.
 *
 * @example
 * const dropout = new nn.Dropout(0.2);
 * const y = dropout.forward(x); // of x's shape: a fifth are 0, the others 1.25 times as large
 * dropout.eval(); // from now on y is x
 */
export class Dropout extends Module {
  readonly p: number;

  /** @param p Probability of a zero, from 0 to 1. */
  constructor(p = 0.5, ...more: never[]) {
    super(...more);
    checkProbability("Dropout", p);
    this.p = p;
  }

  /** @param x Any shape. @returns The same shape. */
  forward(x: Tensor): Tensor {
    return dropoutIn("Dropout.forward", this, x, this.p);
  }
}
