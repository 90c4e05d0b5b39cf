/** Options of `LBFGS`. */
export interface LbfgsOptions {
  /** Learning rate: the length of a step, or where its line search begins. Default 1. */
  readonly lr?: number;
  /** Most iterations of a step. Default 20. */
  readonly maxIter?: number;
  /** Most evaluations of a step. Default 1.25·maxIter, rounded down. */
  readonly maxEval?: number | null;
  /** A step ends when no element of the gradient is larger. Default 1e-7. */
  readonly toleranceGrad?: number;
  /** A step ends when loss and parameters change by less. Default 1e-9. */
  readonly toleranceChange?: number;
  /** Most pairs of steps and gradients' changes that are kept, each twice the size of the parameters. Default 100. */
  readonly historySize?: number;
  /** Line search: "strong_wolfe", or `null` for steps of length `lr`. Default `null`. */
  readonly lineSearchFn?: "strong_wolfe" | null;
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}
