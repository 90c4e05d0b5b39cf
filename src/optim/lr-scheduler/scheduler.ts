import { checkInteger, isObject, show } from "../../checks.ts";
import { OptionError, StateDictError } from "../../errors.ts";
import { Optimizer } from "../optimizer.ts";
import type { GroupSchedule } from "../param-group.ts";

/** A parameter group as schedulers see it. Those that cycle momentum need `momentum` or `betas`. */
export interface SchedulableGroup extends GroupSchedule {
  lr: number;
  momentum?: number;
  betas?: readonly [number, number];
}

/** An optimizer of this library, as schedulers see it. */
export interface SchedulableOptimizer {
  readonly paramGroups: readonly SchedulableGroup[];
}

/** When a scheduler steps: after every epoch, or after every update of the parameters. */
export type StepsEvery = "epoch" | "update";

/** A scheduler's state: plain JSON under the names of PyTorch's attributes. */
export type SchedulerStateDict = Readonly<Record<string, unknown>>;

/** A schedule's settings under PyTorch's names; part of its state. */
export type Schedule = Record<string, unknown>;

/** Throws an OptionError unless `optimizer` is one of this library's. */
export function checkSchedulable(
  where: string,
  optimizer: unknown,
): asserts optimizer is SchedulableOptimizer {
  if (optimizer instanceof Optimizer) return;
  throw new OptionError(`${where}: expected an optimizer such as optim.SGD, got ${show(optimizer)}`);
}

/** One value for each group, from one for all groups or a list of them. */
export function perGroup<T>(
  where: string,
  name: string,
  optimizer: SchedulableOptimizer,
  value: T | readonly T[],
): T[] {
  const groups = optimizer.paramGroups.length;
  if (!Array.isArray(value)) return Array<T>(groups).fill(value as T);
  if (value.length !== groups) {
    throw new OptionError(
      `${where}: ${name} must have one value for each of ${groups} parameter groups, got ${value.length}`,
    );
  }
  return [...(value as readonly T[])];
}

/**
 * Base class of the learning-rate schedulers, as PyTorch's `LRScheduler`
 * (https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate). Making a scheduler sets the first learning rate;
 * `step()` sets the next one. Most compute it from the current learning rate, so that several can act on one optimizer.
 *
 * `trainer.fit(loader, { schedule })` calls `step` when {@link stepsEvery} says. In a loop of your own, call it yourself.
 */
export abstract class LRScheduler<S extends Schedule = Schedule> {
  readonly optimizer: SchedulableOptimizer;
  /** When `Trainer.fit` calls {@link step}: "update" for the schedulers that PyTorch steps after every batch. */
  readonly stepsEvery: StepsEvery = "epoch";
  /** Whether {@link step} takes a metric, such as the validation loss. */
  readonly takesMetric: boolean = false;
  /** Steps done, the first learning rate not counted. */
  lastEpoch: number;
  /** The groups' learning rates that the schedule starts from. */
  protected baseLrs: number[];
  /** Calls of {@link step}, that of the constructor included. */
  protected stepCount = 0;
  protected readonly schedule: S;
  protected readonly where: string;
  #lastLr: readonly number[] = [];

  /** Subclasses call `start` at the end of their constructor. */
  constructor(where: string, optimizer: SchedulableOptimizer, lastEpoch: number | undefined, schedule: S) {
    checkSchedulable(where, optimizer);
    if (lastEpoch !== undefined) checkInteger(where, "lastEpoch", lastEpoch, -1);
    this.where = where;
    this.optimizer = optimizer;
    this.lastEpoch = lastEpoch ?? -1;
    this.schedule = schedule;
    for (const group of optimizer.paramGroups) {
      if (this.lastEpoch === -1) group.initialLr ??= group.lr;
      if (group.initialLr !== undefined) continue;
      throw new OptionError(
        `${where}: lastEpoch ${this.lastEpoch} resumes a schedule, but the optimizer's groups have no initialLr; load the ` +
          "optimizer's state dict first, or leave lastEpoch out",
      );
    }
    this.baseLrs = optimizer.paramGroups.map((group) => group.initialLr!);
  }

  /** Sets the first learning rate. @internal */
  start(): void {
    this.stepCount = 0;
    this.step();
  }

  /** Sets every group's next learning rate. */
  step(): void {
    this.stepCount++;
    this.lastEpoch++;
    this.apply(this.nextLrs());
  }

  /** Goes to `epoch`, as PyTorch's `step(epoch)`: by the closed form where there is one. @internal */
  stepTo(epoch: number): void {
    this.stepCount++;
    this.lastEpoch = epoch;
    this.apply(this.closedFormLrs() ?? this.nextLrs());
  }

  /** The groups' learning rates at step `lastEpoch`, computed from the current or the initial ones. */
  protected abstract nextLrs(): number[];

  /** The same, computed from the initial ones alone; `null` where PyTorch has no such form. */
  protected closedFormLrs(): number[] | null {
    return null;
  }

  /** Sets a learning rate for each group. */
  protected apply(lrs: readonly number[]): void {
    for (const [i, group] of this.optimizer.paramGroups.entries()) {
      const lr = lrs[i];
      if (lr === undefined) continue;
      // A ramp to 0 may end below 0 by a rounding error.
      group.lr = lr < 0 && -lr < 1e-12 * group.initialLr! ? 0 : lr;
    }
    this.#lastLr = this.groupLrs();
  }

  /** The groups' learning rates now. */
  protected groupLrs(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** The learning rates that the last step set, one a group. */
  getLastLr(): number[] {
    return [...this.#lastLr];
  }

  /** What the scheduler remembers, as plain JSON; the optimizer's state dict has the learning rates themselves. */
  stateDict(): SchedulerStateDict {
    return {
      ...structuredClone(this.schedule),
      base_lrs: [...this.baseLrs],
      last_epoch: this.lastEpoch,
      _step_count: this.stepCount,
      _last_lr: this.getLastLr(),
    };
  }

  /**
   * Takes over a state that {@link stateDict}, or PyTorch's scheduler of the same class, gave. Load the optimizer's too.
   * @throws {@link StateDictError} naming what does not fit; nothing has changed then.
   */
  loadStateDict(state: SchedulerStateDict): void {
    const read = readState(this.where, state, {
      ...this.schedule,
      base_lrs: this.baseLrs,
      last_epoch: this.lastEpoch,
      _step_count: this.stepCount,
      _last_lr: this.getLastLr(),
    });
    for (const name of Object.keys(this.schedule)) (this.schedule as Schedule)[name] = read[name];
    this.baseLrs = read.base_lrs;
    this.lastEpoch = read.last_epoch;
    this.stepCount = read._step_count;
    this.#lastLr = read._last_lr;
  }
}

/** Entries of a scheduler's state that count, each with its least value. */
const COUNTS: ReadonlyMap<string, number> = new Map([
  ["last_epoch", -1],
  ["_step_count", 0],
  ["num_bad_epochs", 0],
  ["cooldown_counter", 0],
]);

/** The entries of `state` that `current` has too, of the same kinds; `last_epoch` must be there. */
export function readState<T extends object>(where: string, state: SchedulerStateDict, current: T): T {
  const refuse = (what: string) => new StateDictError(`${where}.loadStateDict: ${what}; nothing was loaded`);
  if (!isObject(state)) {
    throw refuse(`expected an object as stateDict() gives it, got ${show(state)}`);
  }
  if (!("last_epoch" in state)) throw refuse("last_epoch is missing");
  const read: Record<string, unknown> = { ...(current as Record<string, unknown>) };
  for (const [name, known] of Object.entries(read)) {
    if (!(name in state)) continue;
    const value = state[name];
    const fits = Array.isArray(known)
      ? Array.isArray(value) && (name === "milestones" || value.length === known.length)
      : typeof value === typeof known;
    const isBad = [value].flat().some((one) => typeof one === "number" && Number.isNaN(one));
    if (!fits || isBad) throw refuse(`${name} must be like ${show(known)}, got ${show(value)}`);
    const least = COUNTS.get(name);
    if (least !== undefined && !(Number.isSafeInteger(value) && (value as number) >= least)) {
      throw refuse(`${name} counts steps and must be an integer of at least ${least}, got ${show(value)}`);
    }
    read[name] = structuredClone(value);
  }
  return read as T;
}
