import { checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { StepsEvery } from "../optim/lr-scheduler/scheduler.ts";
import type { Callback, CallbackState, FitRun } from "./callbacks.ts";
import { Monitor } from "./monitor.ts";
import type { EpochReport } from "./report.ts";

/** A scheduler of `optim.lrScheduler`, or an object of your own with these methods. */
export interface Scheduler {
  /** Whether it steps after every epoch or after every update. Default "epoch". */
  readonly stepsEvery?: StepsEvery;
  /** Whether {@link step} takes a metric, as that of `ReduceLROnPlateau`. Default false: it is called without an argument. */
  readonly takesMetric?: boolean;
  /** The optimizer it sets; if given, it must be the trainer's. */
  readonly optimizer?: object;
  /** Sets the next learning rate. */
  step(metric?: number): void;
  /** What it remembers, as plain JSON. */
  stateDict(): Readonly<Record<string, unknown>>;
  /** Takes over what {@link stateDict} gave. */
  loadStateDict(state: Readonly<Record<string, unknown>>): void;
}

/** Options of {@link LearningRateSchedule}. */
export interface LearningRateScheduleOptions {
  /** When the scheduler steps. Default: the scheduler's `stepsEvery`, or "epoch" if it has none. */
  readonly every?: StepsEvery;
  /**
   * The number that `step` is given, as {@link MonitorOptions.monitor}. Epochs that do not report it are skipped. Default
   * "validationLoss" where there is validation, else "loss", for a scheduler that takes a metric; nothing for any other.
   */
  readonly monitor?: string;
}

/**
 * Steps a learning-rate scheduler while a model is trained, and keeps its state in checkpoints. `fit(loader, { schedule })` makes one
 * for a scheduler; make it yourself to set {@link LearningRateScheduleOptions}.
 *
 * @example
 * const schedule = new LearningRateSchedule(new optim.lrScheduler.ReduceLROnPlateau(optimizer, { mode: "max" }), { monitor: "accuracy" });
 * await trainer.fit(loader, { epochs: 90, validation, schedule });
 */
export class LearningRateSchedule implements Callback {
  readonly name = "LearningRateSchedule";
  readonly scheduler: Scheduler;
  /** When the scheduler steps. */
  readonly every: StepsEvery;
  /** `null` for a scheduler that takes no metric. */
  readonly #monitor: Monitor | null;

  constructor(scheduler: Scheduler, options: LearningRateScheduleOptions = {}) {
    const where = "LearningRateSchedule";
    checkScheduler(where, scheduler);
    checkOptions(where, options, ["every", "monitor"]);
    const { every = scheduler.stepsEvery ?? "epoch", monitor } = options;
    if (every !== "epoch" && every !== "update") {
      throw new OptionError(`${where}: every must be "epoch" or "update", got ${show(every)}`);
    }
    const takesMetric = (scheduler.takesMetric ?? false) || monitor !== undefined;
    if (takesMetric && every === "update") {
      throw new OptionError(
        `${where}: a schedule that goes by a metric steps after every epoch; leave out every: "update"`,
      );
    }
    this.scheduler = scheduler;
    this.every = every;
    this.#monitor = takesMetric ? new Monitor(where, monitor === undefined ? {} : { monitor }) : null;
  }

  onFitStart(run: FitRun): void {
    const { optimizer } = this.scheduler;
    if (optimizer !== undefined && optimizer !== run.optimizer) {
      throw new OptionError(
        `${this.name}: the scheduler sets another optimizer than the trainer's; make it with trainer.optimizer`,
      );
    }
    this.#monitor?.begin(run);
  }

  onBatchEnd(_run: FitRun, updated: boolean): void {
    if (updated && this.every === "update") this.scheduler.step();
  }

  onEpochEnd(_run: FitRun, report: EpochReport): void {
    if (this.every === "update") return;
    if (!this.#monitor) {
      this.scheduler.step();
      return;
    }
    const value = this.#monitor.valueOf(report);
    if (value !== undefined) this.scheduler.step(value);
  }

  state(): CallbackState {
    return { values: this.scheduler.stateDict() };
  }

  setState({ values }: CallbackState): void {
    this.scheduler.loadStateDict(values as Readonly<Record<string, unknown>>);
  }
}

/** Throws an OptionError unless `scheduler` has a scheduler's methods. */
function checkScheduler(where: string, scheduler: unknown): asserts scheduler is Scheduler {
  const { step, stateDict, loadStateDict } = (scheduler ?? {}) as Partial<Scheduler>;
  if ([step, stateDict, loadStateDict].every((method) => typeof method === "function")) return;
  throw new OptionError(
    `${where}: expected a scheduler such as optim.lrScheduler.StepLR, got ${show(scheduler)}`,
  );
}

/**
 * What `fit` calls for its option `schedule`.
 * @throws {@link OptionError} for anything but a scheduler or a {@link LearningRateSchedule}
 */
export function scheduleOf(where: string, schedule: Scheduler | LearningRateSchedule): LearningRateSchedule {
  if (schedule instanceof LearningRateSchedule) return schedule;
  checkScheduler(`${where}: schedule`, schedule);
  return new LearningRateSchedule(schedule);
}
