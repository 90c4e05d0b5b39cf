import { checkOptions, show } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import { checkSchedulable, LRScheduler, perGroup, type SchedulableOptimizer } from "./scheduler.ts";

/** The factor for a step; steps count from 0. */
export type LrLambda = (epoch: number) => number;

/** Options of {@link LambdaLR} and {@link MultiplicativeLR}. */
export interface LambdaLROptions {
  /** Steps done before, to resume. Default -1: none. */
  readonly lastEpoch?: number;
}

abstract class WithLambdas extends LRScheduler<Record<string, never>> {
  protected readonly lambdas: readonly LrLambda[];

  constructor(
    where: string,
    optimizer: SchedulableOptimizer,
    lrLambda: LrLambda | readonly LrLambda[],
    options: LambdaLROptions,
    more: readonly never[],
  ) {
    checkSchedulable(where, optimizer);
    checkOptions(where, options, ["lastEpoch"], more);
    const lambdas = perGroup<LrLambda>(where, "lrLambda", optimizer, lrLambda);
    for (const lambda of lambdas) {
      if (typeof lambda === "function") continue;
      throw new OptionError(`${where}: lrLambda must be a function or one a group, got ${show(lambda)}`);
    }
    super(where, optimizer, options.lastEpoch, {});
    this.lambdas = lambdas;
    this.start();
  }
}

/**
 * Sets the learning rate to the initial one times `lrLambda(step)`; a list has a function for each group. State dicts do not hold
 * the functions (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.LambdaLR(optimizer, (epoch) => 1 / (1 + epoch));
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class LambdaLR extends WithLambdas {
  constructor(
    optimizer: SchedulableOptimizer,
    lrLambda: LrLambda | readonly LrLambda[],
    options: LambdaLROptions = {},
    ...more: never[]
  ) {
    super("LambdaLR", optimizer, lrLambda, options, more);
  }

  protected override nextLrs(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.lambdas[i]!(this.lastEpoch));
  }
}

/**
 * Multiplies the learning rate by `lrLambda(step)` every step; a list has a function for each group. State dicts do not hold
 * the functions (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.MultiplicativeLR(optimizer, () => 0.95);
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class MultiplicativeLR extends WithLambdas {
  constructor(
    optimizer: SchedulableOptimizer,
    lrLambda: LrLambda | readonly LrLambda[],
    options: LambdaLROptions = {},
    ...more: never[]
  ) {
    super("MultiplicativeLR", optimizer, lrLambda, options, more);
  }

  protected override nextLrs(): number[] {
    return this.groupLrs().map((lr, i) => (this.lastEpoch > 0 ? lr * this.lambdas[i]!(this.lastEpoch) : lr));
  }
}
