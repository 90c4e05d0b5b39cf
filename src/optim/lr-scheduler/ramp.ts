import { checkInteger, checkNumber, checkOptions } from "../../checks.ts";
import { LRScheduler, type SchedulableOptimizer } from "./scheduler.ts";

/** Options of {@link ConstantLR}. */
export interface ConstantLROptions {
  /** Factor of the learning rate until `totalIters`, in (0, 1]. Default 1/3. */
  readonly factor?: number;
  /** Steps until the full learning rate. Default 5. */
  readonly totalIters?: number;
  /** Steps done before, to resume. Default -1: none. */
  readonly lastEpoch?: number;
}

/** Options of {@link LinearLR}. */
export interface LinearLROptions {
  /** Factor of the learning rate at first, in (0, 1]. Default 1/3. */
  readonly startFactor?: number;
  /** Factor in the end, in [0, 1]. Default 1. */
  readonly endFactor?: number;
  /** Steps from the one to the other. Default 5. */
  readonly totalIters?: number;
  /** Steps done before, to resume. Default -1: none. */
  readonly lastEpoch?: number;
}

/** Options of {@link PolynomialLR}. */
export interface PolynomialLROptions {
  /** Steps until the learning rate is 0. Default 5. */
  readonly totalIters?: number;
  /** Power of the polynomial. Default 1. */
  readonly power?: number;
  /** Steps done before, to resume. Default -1: none. */
  readonly lastEpoch?: number;
}

/**
 * Multiplies the learning rate by `factor` for the first `totalIters` steps
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.ConstantLR(optimizer, { factor: 0.1, totalIters: 5 });
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class ConstantLR extends LRScheduler<{ factor: number; total_iters: number }> {
  constructor(optimizer: SchedulableOptimizer, options: ConstantLROptions = {}, ...more: never[]) {
    checkOptions("ConstantLR", options, ["factor", "totalIters", "lastEpoch"], more);
    const { factor = 1 / 3, totalIters = 5, lastEpoch } = options;
    // The schedule divides by the factor to get back to the full learning rate.
    checkNumber("ConstantLR", "factor", factor, "in (0, 1]", (n) => n > 0 && n <= 1);
    checkInteger("ConstantLR", "totalIters", totalIters, 0);
    super("ConstantLR", optimizer, lastEpoch, { factor, total_iters: totalIters });
    this.start();
  }

  protected override nextLrs(): number[] {
    const { factor, total_iters } = this.schedule;
    const change = this.lastEpoch === 0 ? factor : this.lastEpoch === total_iters ? 1 / factor : 1;
    return this.groupLrs().map((lr) => lr * change);
  }

  protected override closedFormLrs(): number[] {
    const { factor, total_iters } = this.schedule;
    return this.baseLrs.map((lr) => lr * (this.lastEpoch >= total_iters ? 1 : factor));
  }
}

/**
 * Changes the learning rate's factor from `startFactor` to `endFactor` in equal steps
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.1, totalIters: 5 }); // warms up for 5 epochs
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class LinearLR extends LRScheduler<{ start_factor: number; end_factor: number; total_iters: number }> {
  constructor(optimizer: SchedulableOptimizer, options: LinearLROptions = {}, ...more: never[]) {
    checkOptions("LinearLR", options, ["startFactor", "endFactor", "totalIters", "lastEpoch"], more);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5, lastEpoch } = options;
    checkNumber("LinearLR", "startFactor", startFactor, "in (0, 1]", (n) => n > 0 && n <= 1);
    checkNumber("LinearLR", "endFactor", endFactor, "in [0, 1]", (n) => n >= 0 && n <= 1);
    checkInteger("LinearLR", "totalIters", totalIters);
    super("LinearLR", optimizer, lastEpoch, {
      start_factor: startFactor,
      end_factor: endFactor,
      total_iters: totalIters,
    });
    this.start();
  }

  protected override nextLrs(): number[] {
    const { start_factor: start, end_factor: end, total_iters: total } = this.schedule;
    if (this.lastEpoch === 0) return this.groupLrs().map((lr) => lr * start);
    if (this.lastEpoch > total) return this.groupLrs();
    const change = 1 + (end - start) / (total * start + (this.lastEpoch - 1) * (end - start));
    return this.groupLrs().map((lr) => lr * change);
  }

  protected override closedFormLrs(): number[] {
    const { start_factor: start, end_factor: end, total_iters: total } = this.schedule;
    const factor = start + ((end - start) * Math.min(total, this.lastEpoch)) / total;
    return this.baseLrs.map((lr) => lr * factor);
  }
}

/**
 * Lowers the learning rate to 0 as (1 - t / totalIters)^power
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.PolynomialLR(optimizer, { totalIters: 60, power: 2 });
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class PolynomialLR extends LRScheduler<{ total_iters: number; power: number }> {
  constructor(optimizer: SchedulableOptimizer, options: PolynomialLROptions = {}, ...more: never[]) {
    checkOptions("PolynomialLR", options, ["totalIters", "power", "lastEpoch"], more);
    const { totalIters = 5, power = 1, lastEpoch } = options;
    checkInteger("PolynomialLR", "totalIters", totalIters);
    checkNumber("PolynomialLR", "power", power, "a finite number of at least 0", (n) => n >= 0);
    super("PolynomialLR", optimizer, lastEpoch, { total_iters: totalIters, power });
    this.start();
  }

  protected override nextLrs(): number[] {
    const { total_iters: total, power } = this.schedule;
    const t = this.lastEpoch;
    if (t === 0 || t > total) return this.groupLrs();
    const change = ((1 - t / total) / (1 - (t - 1) / total)) ** power;
    return this.groupLrs().map((lr) => lr * change);
  }

  protected override closedFormLrs(): number[] {
    const { total_iters: total, power } = this.schedule;
    return this.baseLrs.map((lr) => lr * (1 - Math.min(total, this.lastEpoch) / total) ** power);
  }
}
