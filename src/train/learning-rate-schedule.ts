import { checkOptions, isObject, show } from "../checks.ts";
import { DataError, OptionError } from "../errors.ts";
import type { SchedulableGroup, StepsEvery } from "../optim/lr-scheduler/scheduler.ts";
import { Optimizer } from "../optim/optimizer.ts";
import type { Callback, CallbackState, FitRun } from "./callbacks.ts";
import { Monitor } from "./monitor.ts";
import type { EpochReport } from "./report.ts";

/** A scheduler of `optim.lrScheduler`, or an object of your own with these methods. */
export interface Scheduler {
  /** Whether it steps after every epoch or after every update. Default "epoch". */
  readonly stepsEvery?: StepsEvery;
  /** Whether {@link step} takes a metric, as in `ReduceLROnPlateau`. Default false: it is called without an argument. */
  readonly takesMetric?: boolean;
  /** The optimizer whose learning rate the scheduler sets. If present, it must be the trainer's. */
  readonly optimizer?: { readonly paramGroups: readonly object[] };
  /** Sets the next learning rate. */
  step(metric?: number): void;
  /** The state, as plain JSON. */
  stateDict(): Readonly<Record<string, unknown>>;
  /** Restores a state that {@link stateDict} returned. */
  loadStateDict(state: Readonly<Record<string, unknown>>): void;
}

/** Options of {@link LearningRateSchedule}. */
export interface LearningRateScheduleOptions {
  /** When the scheduler steps. Default: the scheduler's `stepsEvery`, or "epoch" if it has none. */
  readonly every?: StepsEvery;
  /**
   * The reported number to pass to `step`, as {@link MonitorOptions.monitor}. Epochs that do not report it are skipped. Default for a
   * scheduler that takes a metric: "validationLoss" with validation, else "loss". Default for any other: none.
   */
  readonly monitor?: string;
}

/** Settings of a parameter group that schedulers set, most of them already in their constructor. */
const SET_BY_SCHEDULERS = [
  "lr",
  "momentum",
  "betas",
  "initialLr",
  "maxLr",
  "minLr",
  "maxMomentum",
  "baseMomentum",
] as const satisfies readonly (keyof SchedulableGroup)[];

/** A schedule's state in a checkpoint. */
interface ScheduleState {
  readonly scheduler: Readonly<Record<string, unknown>>;
  /** For each parameter group, the settings that schedulers set. */
  readonly groups: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Steps a learning-rate scheduler during training, and keeps its state in checkpoints. `fit(loader, { schedule })` creates one for a
 * scheduler; create it yourself to set {@link LearningRateScheduleOptions}.
 *
 * A resumed run continues with the learning rate of its checkpoint. The scheduler may be created before or after `trainer.resume()`,
 * although creating it sets the first learning rate.
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
  /** `null` if the scheduler takes no metric. */
  readonly #monitor: Monitor | null;

  constructor(scheduler: Scheduler, options: LearningRateScheduleOptions = {}, ...more: never[]) {
    const where = "LearningRateSchedule";
    checkScheduler(where, scheduler);
    checkOptions(where, options, ["every", "monitor"], more);
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
    const groups = this.#groups.map((group) => settingsOf(group));
    return { values: { scheduler: this.scheduler.stateDict(), groups } satisfies ScheduleState };
  }

  setState({ values }: CallbackState): void {
    const { scheduler, groups } = (values ?? {}) as Partial<ScheduleState>;
    const own = this.#groups;
    if (!Array.isArray(groups) || groups.length !== own.length) {
      throw new DataError(
        `${this.name}.setState: expected what state() gives for ${own.length} parameter groups, got ${show(values)}`,
      );
    }
    const settings = groups.map((group) => readSettings(`${this.name}.setState`, group));
    const before = [this.scheduler.stateDict(), own.map((group) => settingsOf(group))] as const;
    try {
      this.scheduler.loadStateDict(scheduler!);
      for (const [i, group] of own.entries()) Object.assign(group, settings[i]);
    } catch (error) {
      this.scheduler.loadStateDict(before[0]);
      for (const [i, group] of own.entries()) Object.assign(group, before[1][i]);
      throw error;
    }
  }

  get #groups(): readonly SchedulableGroup[] {
    return (this.scheduler.optimizer?.paramGroups ?? []) as readonly SchedulableGroup[];
  }
}

/** Those settings of a group that schedulers set. */
function settingsOf(group: SchedulableGroup | Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = SET_BY_SCHEDULERS.filter((name) => group[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, group[name]]));
}

/** The same, of a checkpoint. Throws a DataError for one that is not a finite number, or two. */
function readSettings(where: string, group: unknown): Record<string, unknown> {
  if (!isObject(group)) throw new DataError(`${where}: a group must be an object, got ${show(group)}`);
  const settings = settingsOf(group);
  for (const [name, value] of Object.entries(settings)) {
    const wanted = name === "betas" ? 2 : 1;
    const numbers = name === "betas" && Array.isArray(value) ? value : [value];
    if (numbers.length === wanted && numbers.every(Number.isFinite)) continue;
    throw new DataError(
      `${where}: ${name} must be ${wanted === 1 ? "a finite number" : "two finite numbers"}, got ${show(value)}`,
    );
  }
  return settings;
}

/** Throws an OptionError unless `scheduler` has a scheduler's methods. */
function checkScheduler(where: string, scheduler: unknown): asserts scheduler is Scheduler {
  const { step, stateDict, loadStateDict } = (scheduler ?? {}) as Partial<Scheduler>;
  const methods = [step, stateDict, loadStateDict];
  // An optimizer has methods of these names too.
  if (!(scheduler instanceof Optimizer) && methods.every((method) => typeof method === "function")) return;
  throw new OptionError(
    `${where}: expected a scheduler such as optim.lrScheduler.StepLR, got ${show(scheduler)}`,
  );
}

/**
 * The callback for the option `schedule` of `fit`.
 * @throws {@link OptionError} for anything but a scheduler or a {@link LearningRateSchedule}
 */
export function scheduleOf(where: string, schedule: Scheduler | LearningRateSchedule): LearningRateSchedule {
  if (schedule instanceof LearningRateSchedule) return schedule;
  checkScheduler(`${where}: schedule`, schedule);
  return new LearningRateSchedule(schedule);
}
