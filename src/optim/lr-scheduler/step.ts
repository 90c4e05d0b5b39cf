import { checkInteger, checkNumber, checkOptions, isObject, show } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import { LRScheduler, type SchedulableOptimizer, type SchedulerStateDict } from "./scheduler.ts";

/** Options of {@link StepLR} and {@link MultiStepLR}. */
export interface DecayOptions {
  /** Factor of the learning rate. Default 0.1. */
  readonly gamma?: number;
  /** Steps done before, to resume. Default -1: none. */
  readonly lastEpoch?: number;
}

function checkGamma(where: string, gamma: unknown): void {
  checkNumber(where, "gamma", gamma, "a finite number of at least 0", (n) => n >= 0);
}

/**
 * Multiplies the learning rate by gamma every `stepSize` steps
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.StepLR(optimizer, 20, { gamma: 0.5 }); // halves it every 20 epochs
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class StepLR extends LRScheduler<{ step_size: number; gamma: number }> {
  constructor(
    optimizer: SchedulableOptimizer,
    stepSize: number,
    options: DecayOptions = {},
    ...more: never[]
  ) {
    checkInteger("StepLR", "stepSize", stepSize);
    checkOptions("StepLR", options, ["gamma", "lastEpoch"], more);
    const { gamma = 0.1, lastEpoch } = options;
    checkGamma("StepLR", gamma);
    super("StepLR", optimizer, lastEpoch, { step_size: stepSize, gamma });
    this.start();
  }

  protected override nextLrs(): number[] {
    const { step_size, gamma } = this.schedule;
    const decays = this.lastEpoch !== 0 && this.lastEpoch % step_size === 0;
    return this.groupLrs().map((lr) => (decays ? lr * gamma : lr));
  }

  protected override closedFormLrs(): number[] {
    const { step_size, gamma } = this.schedule;
    return this.baseLrs.map((lr) => lr * gamma ** Math.floor(this.lastEpoch / step_size));
  }
}

/**
 * Multiplies the learning rate by gamma at every milestone
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.MultiStepLR(optimizer, [30, 50]); // a tenth from epoch 30 on, a hundredth from 50 on
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class MultiStepLR extends LRScheduler<{ milestones: number[]; gamma: number }> {
  constructor(
    optimizer: SchedulableOptimizer,
    milestones: readonly number[],
    options: DecayOptions = {},
    ...more: never[]
  ) {
    if (!Array.isArray(milestones) || !milestones.every((one) => Number.isInteger(one) && one >= 0)) {
      throw new OptionError(
        `MultiStepLR: milestones must be integers of at least 0, got ${show(milestones)}`,
      );
    }
    checkOptions("MultiStepLR", options, ["gamma", "lastEpoch"], more);
    const { gamma = 0.1, lastEpoch } = options;
    checkGamma("MultiStepLR", gamma);
    super("MultiStepLR", optimizer, lastEpoch, { milestones: [...milestones], gamma });
    this.start();
  }

  protected override nextLrs(): number[] {
    const { milestones, gamma } = this.schedule;
    // A milestone given twice counts twice.
    const times = milestones.filter((one) => one === this.lastEpoch).length;
    return this.groupLrs().map((lr) => lr * gamma ** times);
  }

  protected override closedFormLrs(): number[] {
    const { milestones, gamma } = this.schedule;
    const passed = milestones.filter((one) => one <= this.lastEpoch).length;
    return this.baseLrs.map((lr) => lr * gamma ** passed);
  }

  override loadStateDict(state: SchedulerStateDict): void {
    // PyTorch keeps how often each milestone is given.
    const counts = state?.["milestones"];
    const list = (counter: object) =>
      Object.entries(counter).flatMap(([one, times]) => Array<number>(Number(times)).fill(Number(one)));
    super.loadStateDict(isObject(counts) ? { ...state, milestones: list(counts) } : state);
  }
}

/**
 * Multiplies the learning rate by gamma every step
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.ExponentialLR(optimizer, 0.95);
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class ExponentialLR extends LRScheduler<{ gamma: number }> {
  constructor(
    optimizer: SchedulableOptimizer,
    gamma: number,
    options: { readonly lastEpoch?: number } = {},
    ...more: never[]
  ) {
    checkGamma("ExponentialLR", gamma);
    checkOptions("ExponentialLR", options, ["lastEpoch"], more);
    super("ExponentialLR", optimizer, options.lastEpoch, { gamma });
    this.start();
  }

  protected override nextLrs(): number[] {
    return this.groupLrs().map((lr) => (this.lastEpoch === 0 ? lr : lr * this.schedule.gamma));
  }

  protected override closedFormLrs(): number[] {
    return this.baseLrs.map((lr) => lr * this.schedule.gamma ** this.lastEpoch);
  }
}
