import { checkInteger, checkNumber, checkOptions } from "../../checks.ts";
import { LRScheduler, type SchedulableOptimizer } from "./scheduler.ts";

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions {
  /** The smallest learning rate. Default 0. */
  readonly etaMin?: number;
  /** Steps done before, to resume. Default -1: none. */
  readonly lastEpoch?: number;
}

/** Options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions extends CosineAnnealingLROptions {
  /** Factor by which each period is longer than the one before: an integer of at least 1. Default 1. */
  readonly tMult?: number;
}

function checkEtaMin(where: string, etaMin: unknown): void {
  checkNumber(where, "etaMin", etaMin, "a finite number of at least 0", (n) => n >= 0);
}

/**
 * Lowers the learning rate along half a cosine in `tMax` steps, and raises it again in the next
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, 60); // down to 0 in 60 epochs
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class CosineAnnealingLR extends LRScheduler<{ T_max: number; eta_min: number }> {
  constructor(
    optimizer: SchedulableOptimizer,
    tMax: number,
    options: CosineAnnealingLROptions = {},
    ...more: never[]
  ) {
    checkInteger("CosineAnnealingLR", "tMax", tMax);
    checkOptions("CosineAnnealingLR", options, ["etaMin", "lastEpoch"], more);
    const { etaMin = 0, lastEpoch } = options;
    checkEtaMin("CosineAnnealingLR", etaMin);
    super("CosineAnnealingLR", optimizer, lastEpoch, { T_max: tMax, eta_min: etaMin });
    this.start();
  }

  protected override nextLrs(): number[] {
    const { T_max, eta_min } = this.schedule;
    const t = this.lastEpoch;
    if (t === 0) return this.groupLrs();
    if (this.stepCount === 1) return this.closedFormLrs();
    if ((t - 1 - T_max) % (2 * T_max) === 0) {
      const rise = (1 - Math.cos(Math.PI / T_max)) / 2;
      return this.groupLrs().map((lr, i) => lr + (this.baseLrs[i]! - eta_min) * rise);
    }
    const change = (1 + Math.cos((Math.PI * t) / T_max)) / (1 + Math.cos((Math.PI * (t - 1)) / T_max));
    return this.groupLrs().map((lr) => change * (lr - eta_min) + eta_min);
  }

  protected override closedFormLrs(): number[] {
    const { T_max, eta_min } = this.schedule;
    const height = (1 + Math.cos((Math.PI * this.lastEpoch) / T_max)) / 2;
    return this.baseLrs.map((lr) => eta_min + (lr - eta_min) * height);
  }
}

/**
 * Lowers the learning rate along half a cosine, then starts again from the top; each period is `tMult` times as long as the one before
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.CosineAnnealingWarmRestarts(optimizer, 20); // starts again every 20 epochs
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class CosineAnnealingWarmRestarts extends LRScheduler<{
  T_0: number;
  T_i: number;
  T_mult: number;
  eta_min: number;
  T_cur: number;
}> {
  /** @param t0 Steps of the first period. */
  constructor(
    optimizer: SchedulableOptimizer,
    t0: number,
    options: CosineAnnealingWarmRestartsOptions = {},
    ...more: never[]
  ) {
    const where = "CosineAnnealingWarmRestarts";
    checkInteger(where, "t0", t0);
    checkOptions(where, options, ["tMult", "etaMin", "lastEpoch"], more);
    const { tMult = 1, etaMin = 0, lastEpoch } = options;
    checkInteger(where, "tMult", tMult);
    checkEtaMin(where, etaMin);
    super(where, optimizer, lastEpoch, {
      T_0: t0,
      T_i: t0,
      T_mult: tMult,
      eta_min: etaMin,
      T_cur: lastEpoch ?? -1,
    });
    this.start();
  }

  /**
   * Sets every group's next learning rate.
   * @param epoch The step to go to, which may be a fraction. Default: one step on.
   */
  override step(epoch?: number): void {
    const { schedule } = this;
    if (epoch === undefined && this.lastEpoch >= 0) {
      schedule.T_cur++;
      if (schedule.T_cur >= schedule.T_i) {
        schedule.T_cur -= schedule.T_i;
        schedule.T_i *= schedule.T_mult;
      }
      this.lastEpoch++;
      this.apply(this.nextLrs());
    } else {
      this.stepTo(epoch ?? 0);
    }
  }

  override stepTo(epoch: number): void {
    checkNumber(`${this.where}.step`, "epoch", epoch, "a finite number of at least 0", (n) => n >= 0);
    const { schedule } = this;
    const { T_0, T_mult } = schedule;
    if (epoch < T_0) {
      schedule.T_i = T_0;
      schedule.T_cur = epoch;
    } else if (T_mult === 1) {
      schedule.T_cur = epoch % T_0;
    } else {
      const n = Math.floor(Math.log((epoch / T_0) * (T_mult - 1) + 1) / Math.log(T_mult));
      schedule.T_cur = epoch - (T_0 * (T_mult ** n - 1)) / (T_mult - 1);
      schedule.T_i = T_0 * T_mult ** n;
    }
    this.lastEpoch = Math.floor(epoch);
    this.apply(this.nextLrs());
  }

  protected override nextLrs(): number[] {
    const { eta_min, T_cur, T_i } = this.schedule;
    const height = (1 + Math.cos((Math.PI * T_cur) / T_i)) / 2;
    return this.baseLrs.map((lr) => eta_min + (lr - eta_min) * height);
  }
}
