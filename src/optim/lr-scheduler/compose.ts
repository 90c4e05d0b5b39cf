import { checkNoMore, show } from "../../checks.ts";
import { OptionError, StateDictError } from "../../errors.ts";
import {
  checkSchedulable,
  LRScheduler,
  readState,
  type SchedulableOptimizer,
  type SchedulerStateDict,
  type StepsEvery,
} from "./scheduler.ts";

/** Base class of the composed schedulers. */
abstract class Composed {
  /** The optimizer whose learning rates it sets. */
  readonly optimizer: SchedulableOptimizer;
  /** When `Trainer.fit` calls `step`: "update" if one of the schedulers counts updates, else "epoch". */
  readonly stepsEvery: StepsEvery;
  /** `step` takes no metric. */
  readonly takesMetric: boolean = false;
  protected readonly schedulers: readonly LRScheduler[];
  protected lastLr: readonly number[] = [];
  protected readonly where: string;

  constructor(where: string, optimizer: SchedulableOptimizer, schedulers: readonly LRScheduler[]) {
    checkSchedulable(where, optimizer);
    for (const [i, scheduler] of schedulers.entries()) {
      if (!(scheduler instanceof LRScheduler)) {
        throw new OptionError(
          `${where}: schedulers must be a list of schedulers such as LinearLR, got ${show(scheduler)} at index ${i}`,
        );
      }
      if (scheduler.optimizer !== optimizer) {
        throw new OptionError(
          `${where}: the scheduler at index ${i} is another optimizer's; all must share one`,
        );
      }
    }
    this.where = where;
    this.optimizer = optimizer;
    this.schedulers = [...schedulers];
    this.stepsEvery = schedulers.some(({ stepsEvery }) => stepsEvery === "update") ? "update" : "epoch";
  }

  /** The learning rates that the last step set, one a group. */
  getLastLr(): number[] {
    return [...this.lastLr];
  }

  /** Loads the schedulers' states; all or none. */
  protected load(state: SchedulerStateDict): readonly SchedulerStateDict[] {
    const states = state?.["_schedulers"];
    if (!Array.isArray(states) || states.length !== this.schedulers.length) {
      throw new StateDictError(
        `${this.where}.loadStateDict: _schedulers must hold ${this.schedulers.length} states, got ${show(states)}; ` +
          "nothing was loaded",
      );
    }
    const before = this.schedulers.map((scheduler) => scheduler.stateDict());
    try {
      for (const [i, scheduler] of this.schedulers.entries()) scheduler.loadStateDict(states[i]);
    } catch (error) {
      for (const [i, scheduler] of this.schedulers.entries()) scheduler.loadStateDict(before[i]!);
      throw error;
    }
    return states;
  }
}

/**
 * Runs schedulers one after the other: at each milestone the next one begins
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html).
 *
 * @example
 * const warm = new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.1, totalIters: 5 });
 * const cool = new optim.lrScheduler.CosineAnnealingLR(optimizer, 55);
 * const schedule = new optim.lrScheduler.SequentialLR(optimizer, [warm, cool], [5]);
 */
export class SequentialLR extends Composed {
  /** Steps done. */
  lastEpoch = 0;
  #milestones: readonly number[];

  /** @param milestones Steps at which the second, third, … scheduler begins, increasing: one fewer than schedulers. */
  constructor(
    optimizer: SchedulableOptimizer,
    schedulers: readonly LRScheduler[],
    milestones: readonly number[],
    ...more: never[]
  ) {
    const where = "SequentialLR";
    checkNoMore(where, more);
    checkSchedulable(where, optimizer);
    if (!Array.isArray(schedulers) || schedulers.length === 0) {
      throw new OptionError(`${where}: schedulers must be a list of schedulers, got ${show(schedulers)}`);
    }
    if (!Array.isArray(milestones) || milestones.length !== schedulers.length - 1) {
      throw new OptionError(
        `${where}: ${schedulers.length} schedulers need ${schedulers.length - 1} milestones, got ${show(milestones)}`,
      );
    }
    if (!milestones.every((one, i) => Number.isInteger(one) && one > (milestones[i - 1] ?? 0))) {
      throw new OptionError(
        `${where}: milestones must be increasing integers above 0, got ${show(milestones)}`,
      );
    }
    super(where, optimizer, schedulers);
    this.#milestones = [...milestones];
    // Every scheduler took its first step when it was made; only that of the first one counts.
    for (const group of optimizer.paramGroups) group.lr = group.initialLr!;
    for (const scheduler of this.schedulers) scheduler.lastEpoch--;
    this.schedulers[0]!.start();
    this.lastLr = this.schedulers[0]!.getLastLr();
  }

  /** Sets every group's next learning rate. */
  step(): void {
    this.lastEpoch++;
    const index = this.#milestones.filter((milestone) => milestone <= this.lastEpoch).length;
    const scheduler = this.schedulers[index]!;
    if (this.#milestones[index - 1] === this.lastEpoch) scheduler.stepTo(0);
    else scheduler.step();
    this.lastLr = scheduler.getLastLr();
  }

  /** What the schedulers remember, as plain JSON. */
  stateDict(): SchedulerStateDict {
    return {
      _milestones: [...this.#milestones],
      last_epoch: this.lastEpoch,
      _last_lr: this.getLastLr(),
      _schedulers: this.schedulers.map((scheduler) => scheduler.stateDict()),
    };
  }

  /**
   * Takes over a state that {@link stateDict} gave.
   * @throws {@link StateDictError} naming what does not fit; nothing has changed then.
   */
  loadStateDict(state: SchedulerStateDict): void {
    const { _schedulers, ...current } = this.stateDict();
    const read = readState(this.where, state, current) as {
      _milestones: number[];
      last_epoch: number;
      _last_lr: number[];
    };
    this.load(state);
    this.#milestones = read._milestones;
    this.lastEpoch = read.last_epoch;
    this.lastLr = read._last_lr;
  }
}

/**
 * Runs schedulers together: each changes the learning rate that the one before has set
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html).
 *
 * @example
 * const warm = new optim.lrScheduler.ConstantLR(optimizer, { factor: 0.1, totalIters: 5 });
 * const decay = new optim.lrScheduler.ExponentialLR(optimizer, 0.95);
 * const schedule = new optim.lrScheduler.ChainedScheduler([warm, decay]);
 */
export class ChainedScheduler extends Composed {
  constructor(schedulers: readonly LRScheduler[], ...more: never[]) {
    checkNoMore("ChainedScheduler", more, "give it one array of all schedulers");
    if (!Array.isArray(schedulers) || !(schedulers[0] instanceof LRScheduler)) {
      throw new OptionError(
        `ChainedScheduler: schedulers must be a list of schedulers, got ${show(schedulers)}`,
      );
    }
    super("ChainedScheduler", schedulers[0].optimizer, schedulers);
    this.lastLr = this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** Sets every group's next learning rate. */
  step(): void {
    for (const scheduler of this.schedulers) scheduler.step();
    this.lastLr = this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** What the schedulers remember, as plain JSON. */
  stateDict(): SchedulerStateDict {
    return {
      _last_lr: this.getLastLr(),
      _schedulers: this.schedulers.map((scheduler) => scheduler.stateDict()),
    };
  }

  /**
   * Takes over a state that {@link stateDict} gave.
   * @throws {@link StateDictError} naming what does not fit; nothing has changed then.
   */
  loadStateDict(state: SchedulerStateDict): void {
    const states = this.load(state);
    this.lastLr = (state["_last_lr"] ?? states.at(-1)!["_last_lr"]) as number[];
  }
}
