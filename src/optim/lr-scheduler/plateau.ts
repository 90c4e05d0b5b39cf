import { checkInteger, checkNumber, checkOptions, show } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import {
  checkSchedulable,
  perGroup,
  readState,
  type SchedulableOptimizer,
  type SchedulerStateDict,
  type StepsEvery,
} from "./scheduler.ts";

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether a smaller or a larger metric is better. Default "min". */
  readonly mode?: "min" | "max";
  /** Factor that lowers the learning rate, in [0, 1). Default 0.1. */
  readonly factor?: number;
  /** Steps in a row without improvement that are tolerated. Default 10. */
  readonly patience?: number;
  /** An improvement is a change by more than this. Default 1e-4. */
  readonly threshold?: number;
  /** Whether the threshold is a share of the best metric or a difference from it. Default "rel". */
  readonly thresholdMode?: "rel" | "abs";
  /** Steps after a reduction in which no bad step is counted. Default 0. */
  readonly cooldown?: number;
  /** Lowest learning rate, of all groups or one a group. Default 0. */
  readonly minLr?: number | readonly number[];
  /** Changes of the learning rate up to this size are left out. Default 1e-8. */
  readonly eps?: number;
}

const optionNames = ["mode", "factor", "patience", "threshold", "thresholdMode", "cooldown", "minLr", "eps"];

/**
 * Lowers the learning rate when a metric has stopped improving
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 5 }); // by the validation loss
 * await trainer.fit(loader, { epochs: 60, validation, schedule });
 */
export class ReduceLROnPlateau {
  readonly optimizer: SchedulableOptimizer;
  /** When `Trainer.fit` calls {@link step}. */
  readonly stepsEvery: StepsEvery = "epoch";
  /** {@link step} takes a metric: in `Trainer.fit` the validation loss, or the training loss where there is no validation. */
  readonly takesMetric: boolean = true;
  readonly #settings: {
    mode: string;
    factor: number;
    patience: number;
    threshold: number;
    threshold_mode: string;
    cooldown: number;
    min_lrs: number[];
    eps: number;
  };
  /** `best` is an infinity before the first step. */
  #now = { best: Number.POSITIVE_INFINITY, num_bad_epochs: 0, cooldown_counter: 0, last_epoch: 0 };
  #lastLr: readonly number[];

  constructor(optimizer: SchedulableOptimizer, options: ReduceLROnPlateauOptions = {}, ...more: never[]) {
    const where = "ReduceLROnPlateau";
    checkSchedulable(where, optimizer);
    checkOptions(where, options, optionNames, more);
    const { mode = "min", factor = 0.1, patience = 10, threshold = 1e-4 } = options;
    const { thresholdMode = "rel", cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    if (mode !== "min" && mode !== "max") {
      throw new OptionError(`${where}: mode must be "min" or "max", got ${show(mode)}`);
    }
    if (thresholdMode !== "rel" && thresholdMode !== "abs") {
      throw new OptionError(`${where}: thresholdMode must be "rel" or "abs", got ${show(thresholdMode)}`);
    }
    const nonNegative = (name: string, value: unknown) =>
      checkNumber(where, name, value, "a finite number of at least 0", (n) => n >= 0);
    checkNumber(where, "factor", factor, "in [0, 1)", (n) => n >= 0 && n < 1);
    checkInteger(where, "patience", patience, 0);
    checkInteger(where, "cooldown", cooldown, 0);
    nonNegative("threshold", threshold);
    nonNegative("eps", eps);
    const minLrs = perGroup<number>(where, "minLr", optimizer, minLr);
    for (const one of minLrs) nonNegative("minLr", one);
    this.optimizer = optimizer;
    this.#settings = {
      mode,
      factor,
      patience,
      threshold,
      threshold_mode: thresholdMode,
      cooldown,
      min_lrs: minLrs,
      eps,
    };
    if (mode === "max") this.#now.best = Number.NEGATIVE_INFINITY;
    this.#lastLr = optimizer.paramGroups.map(({ lr }) => lr);
  }

  /**
   * Takes the metric's next value, and lowers the learning rates if the metric has not improved for more than `patience` steps.
   * @param metric An epoch's validation loss, for example. A NaN is no improvement.
   */
  step(metric: number): void {
    if (typeof metric !== "number") {
      throw new OptionError(
        `ReduceLROnPlateau.step: the metric must be a number, got ${show(metric)}; await loss.item() gives one`,
      );
    }
    const { patience, cooldown } = this.#settings;
    const now = this.#now;
    now.last_epoch++;
    if (this.#isBetter(metric)) {
      now.best = metric;
      now.num_bad_epochs = 0;
    } else {
      now.num_bad_epochs++;
    }
    if (now.cooldown_counter > 0) {
      now.cooldown_counter--;
      now.num_bad_epochs = 0;
    }
    if (now.num_bad_epochs > patience) {
      this.#reduce();
      now.cooldown_counter = cooldown;
      now.num_bad_epochs = 0;
    }
    this.#lastLr = this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, threshold_mode } = this.#settings;
    const { best } = this.#now;
    const relative = threshold_mode === "rel";
    if (mode === "min") return metric < (relative ? best * (1 - threshold) : best - threshold);
    return metric > (relative ? best * (1 + threshold) : best + threshold);
  }

  #reduce(): void {
    const { factor, min_lrs, eps } = this.#settings;
    for (const [i, group] of this.optimizer.paramGroups.entries()) {
      const lr = Math.max(group.lr * factor, min_lrs[i] ?? 0);
      if (group.lr - lr > eps) group.lr = lr;
    }
  }

  /** The learning rates after the last step, one a group. */
  getLastLr(): number[] {
    return [...this.#lastLr];
  }

  /** What the scheduler remembers, as plain JSON: `best` is null before the first step. */
  stateDict(): SchedulerStateDict {
    const { best } = this.#now;
    const state = { ...this.#settings, ...this.#now, _last_lr: this.getLastLr() };
    return structuredClone({ ...state, best: Number.isFinite(best) ? best : null });
  }

  /**
   * Takes over a state that {@link stateDict}, or PyTorch's scheduler, gave. Load the optimizer's too.
   * @throws StateDictError naming what does not fit; nothing has changed then.
   */
  loadStateDict(state: SchedulerStateDict): void {
    const current = { ...this.#settings, ...this.#now, _last_lr: this.getLastLr() };
    const worst = state?.["mode"] === "max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const { best, num_bad_epochs, cooldown_counter, last_epoch, _last_lr, ...settings } = readState(
      "ReduceLROnPlateau",
      state?.["best"] === null ? { ...state, best: worst } : state,
      current,
    );
    Object.assign(this.#settings, settings);
    this.#now = { best, num_bad_epochs, cooldown_counter, last_epoch };
    this.#lastLr = _last_lr;
  }
}
