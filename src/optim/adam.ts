import { checkNumber, checkOptions, OptionError, show } from "../errors.ts";
import { Parameter } from "../graph/parameter.ts";
import { adamUpdate } from "../ops/adam.ts";
import type { Dispatch, FlatRange, PlanContext } from "../ops/op.ts";
import type { Optimizer } from "../scheduler/optimizer.ts";

export interface AdamOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: number;
  /** Decay of the running averages of the gradient and its square. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  readonly eps?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Adam (Kingma & Ba, 2015), as `torch.optim.Adam`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html). One dispatch updates all parameters.
 */
export class Adam implements Optimizer {
  readonly parameters: readonly Parameter[];
  readonly stateCount = 2;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  #lr: number;
  #steps = 0;

  constructor(parameters: Iterable<Parameter>, options: AdamOptions = {}) {
    checkOptions("Adam", options, ["lr", "betas", "eps", "weightDecay"]);
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
    this.parameters = checkParameters("Adam", parameters);
    this.#lr = checkRate(lr);
    if (!Array.isArray(betas) || betas.length !== 2) {
      throw new OptionError(`Adam: betas must be two numbers, got ${show(betas)}`);
    }
    for (const beta of betas) checkNumber("Adam", "each of betas", beta, "in [0, 1)", (n) => n >= 0 && n < 1);
    checkNumber("Adam", "eps", eps, "at least 0", (n) => n >= 0);
    checkNumber("Adam", "weightDecay", weightDecay, "at least 0", (n) => n >= 0);
    this.betas = [betas[0], betas[1]];
    this.eps = eps;
    this.weightDecay = weightDecay;
  }

  /** Learning rate; may be set at any time and holds from the next step on. */
  get lr(): number {
    return this.#lr;
  }

  set lr(value: number) {
    this.#lr = checkRate(value);
  }

  /** Steps done. */
  get steps(): number {
    return this.#steps;
  }

  /** @internal */
  beginStep(): void {
    this.#steps++;
  }

  /** @internal */
  update(range: FlatRange, plan: PlanContext): Dispatch[] {
    const scalars = () => ({
      lr: this.#lr,
      betas: this.betas,
      eps: this.eps,
      weightDecay: this.weightDecay,
      step: this.#steps,
    });
    return [adamUpdate(range, scalars, plan)];
  }
}

function checkRate(lr: unknown): number {
  checkNumber("Adam", "lr", lr, "a finite number of at least 0", (n) => n >= 0);
  return lr;
}

function checkParameters(where: string, parameters: Iterable<Parameter>): readonly Parameter[] {
  const list = typeof parameters?.[Symbol.iterator] === "function" ? [...parameters] : null;
  if (!list) throw new OptionError(`${where}: expected model.parameters(), got ${show(parameters)}`);
  if (list.length === 0) {
    throw new OptionError(
      `${where}: got no parameters; assign layers to fields of the model, then pass model.parameters()`,
    );
  }
  for (const parameter of list) {
    if (!(parameter instanceof Parameter)) {
      throw new OptionError(`${where}: every parameter must be a Parameter, got ${show(parameter)}`);
    }
  }
  if (new Set(list).size < list.length) throw new OptionError(`${where}: a parameter was given twice`);
  return list;
}
