import { checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Callback, CallbackState, FitRun } from "./callbacks.ts";
import { Monitor } from "./monitor.ts";
import type { EpochReport } from "./report.ts";

/** A scheduler of `optim.lrScheduler`, or one of your own with its methods. */
export interface Scheduler {
  /** Sets the next learning rate; `ReduceLROnPlateau` goes by the metric. */
  step(metric: number): void;
  stateDict(): Readonly<Record<string, unknown>>;
  loadStateDict(state: Readonly<Record<string, unknown>>): void;
}

/** Options of {@link LearningRateSchedule}. */
export interface LearningRateScheduleOptions {
  /** Whether the scheduler steps after every epoch, or after every update (`OneCycleLR`, `CyclicLR`). Default "epoch". */
  readonly every?: "epoch" | "update";
  /** What `ReduceLROnPlateau` goes by, as {@link MonitorOptions.monitor}; its steps wait for epochs that are validated. */
  readonly monitor?: string;
}

/**
 * Steps a learning-rate scheduler while a model is trained, and keeps its state in checkpoints.
 *
 * @example
 * const schedule = new LearningRateSchedule(new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 3 }));
 * for await (const { learningRate } of trainer.fit(loader, { epochs: 90, validation, callbacks: [schedule] })) log(learningRate);
 */
export class LearningRateSchedule implements Callback {
  readonly name = "LearningRateSchedule";
  readonly scheduler: Scheduler;
  readonly every: "epoch" | "update";
  readonly #monitor: Monitor | null;

  constructor(scheduler: Scheduler, options: LearningRateScheduleOptions = {}) {
    const where = "LearningRateSchedule";
    if (typeof scheduler?.step !== "function" || typeof scheduler.stateDict !== "function") {
      throw new OptionError(
        `${where}: expected a scheduler such as optim.lrScheduler.StepLR, got ${show(scheduler)}`,
      );
    }
    checkOptions(where, options, ["every", "monitor"]);
    const { every = "epoch", monitor } = options;
    if (every !== "epoch" && every !== "update") {
      throw new OptionError(`${where}: every must be "epoch" or "update", got ${show(every)}`);
    }
    // A scheduler that takes a metric has a parameter for it.
    const wantsMetric = scheduler.step.length > 0 || monitor !== undefined;
    if (wantsMetric && every === "update") {
      throw new OptionError(
        `${where}: what goes by a metric steps after every epoch; leave out every: "update"`,
      );
    }
    this.scheduler = scheduler;
    this.every = every;
    this.#monitor = wantsMetric ? new Monitor(where, monitor === undefined ? {} : { monitor }) : null;
  }

  onFitStart(run: FitRun): void {
    this.#monitor?.begin(run);
  }

  onBatchEnd(_run: FitRun, updated: boolean): void {
    if (updated && this.every === "update") this.scheduler.step(Number.NaN);
  }

  onEpochEnd(_run: FitRun, report: EpochReport): void {
    if (this.every === "update") return;
    const value = this.#monitor ? this.#monitor.valueOf(report) : Number.NaN;
    if (value !== undefined) this.scheduler.step(value);
  }

  state(): CallbackState {
    return { values: this.scheduler.stateDict() };
  }

  setState({ values }: CallbackState): void {
    this.scheduler.loadStateDict(values as Readonly<Record<string, unknown>>);
  }
}
