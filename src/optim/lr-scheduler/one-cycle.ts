import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import { checkMomentum, setMomentum } from "./momentum.ts";
import {
  checkSchedulable,
  LRScheduler,
  perGroup,
  type SchedulableGroup,
  type SchedulableOptimizer,
} from "./scheduler.ts";

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions {
  /** Steps of the whole cycle. Default: `epochs` times `stepsPerEpoch`. */
  readonly totalSteps?: number;
  /** Epochs of the whole cycle. */
  readonly epochs?: number;
  /** Updates in an epoch. */
  readonly stepsPerEpoch?: number;
  /** Share of the steps in which the learning rate rises. Default 0.3. */
  readonly pctStart?: number;
  /** The curve between two levels. Default "cos". */
  readonly annealStrategy?: "cos" | "linear";
  /** Whether momentum, or the first beta, falls while the learning rate rises. Default true. */
  readonly cycleMomentum?: boolean;
  /** Lowest momentum, of all groups or one a group. Default 0.85. */
  readonly baseMomentum?: number | readonly number[];
  /** Highest momentum. Default 0.95. */
  readonly maxMomentum?: number | readonly number[];
  /** The first learning rate is the highest divided by this. Default 25. */
  readonly divFactor?: number;
  /** The last learning rate is the first divided by this. Default 1e4. */
  readonly finalDivFactor?: number;
  /** Whether the learning rate falls to the first one, and in a third phase on to the last. Default false. */
  readonly threePhase?: boolean;
  /** Steps done before, to resume. Default -1: none. */
  readonly lastEpoch?: number;
}

const optionNames = [
  "totalSteps",
  "epochs",
  "stepsPerEpoch",
  "pctStart",
  "annealStrategy",
  "cycleMomentum",
  "baseMomentum",
  "maxMomentum",
  "divFactor",
  "finalDivFactor",
  "threePhase",
  "lastEpoch",
];

/** A phase of the cycle, up to step `end`: from one level of learning rate and momentum to another. */
interface Phase {
  readonly end: number;
  readonly lr: readonly [from: LrLevel, to: LrLevel];
  readonly momentum: readonly [from: MomentumLevel, to: MomentumLevel];
}
type LrLevel = "initialLr" | "maxLr" | "minLr";
type MomentumLevel = "maxMomentum" | "baseMomentum";

/**
 * Raises the learning rate to `maxLr`, then lowers it far below its start, in a given number of steps, one after every batch
 * (Smith & Topin, 2019; https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html).
 *
 * @example
 * const schedule = new optim.lrScheduler.OneCycleLR(optimizer, 0.01, { epochs: 60, stepsPerEpoch: loader.length });
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class OneCycleLR extends LRScheduler<{
  total_steps: number;
  pct_start: number;
  anneal_strategy: string;
  cycle_momentum: boolean;
  three_phase: boolean;
}> {
  override readonly stepsEvery = "update";

  /** @param maxLr Highest learning rate, of all groups or one a group. */
  constructor(
    optimizer: SchedulableOptimizer,
    maxLr: number | readonly number[],
    options: OneCycleLROptions = {},
    ...more: never[]
  ) {
    const where = "OneCycleLR";
    checkSchedulable(where, optimizer);
    checkOptions(where, options, optionNames, more);
    const { pctStart = 0.3, annealStrategy = "cos", cycleMomentum = true, threePhase = false } = options;
    const { divFactor = 25, finalDivFactor = 1e4, lastEpoch } = options;
    const total = totalSteps(where, options);
    checkNumber(where, "pctStart", pctStart, "in [0, 1]", (n) => n >= 0 && n <= 1);
    if (annealStrategy !== "cos" && annealStrategy !== "linear") {
      throw new OptionError(
        `${where}: annealStrategy must be "cos" or "linear", got ${show(annealStrategy)}`,
      );
    }
    checkNumber(where, "divFactor", divFactor, "a number above 0", (n) => n > 0);
    checkNumber(where, "finalDivFactor", finalDivFactor, "a number above 0", (n) => n > 0);
    checkBoolean(where, "threePhase", threePhase);
    checkBoolean(where, "cycleMomentum", cycleMomentum);
    if (cycleMomentum) checkMomentum(where, optimizer);
    const each = (name: string, value: number | readonly number[]) => {
      const values = perGroup<number>(where, name, optimizer, value);
      for (const one of values) checkNumber(where, name, one, "a finite number of at least 0", (n) => n >= 0);
      return values;
    };
    const maxLrs = each("maxLr", maxLr);
    const baseMomentums = each("baseMomentum", options.baseMomentum ?? 0.85);
    const maxMomentums = each("maxMomentum", options.maxMomentum ?? 0.95);

    if (lastEpoch === undefined || lastEpoch === -1) {
      for (const [i, group] of optimizer.paramGroups.entries()) {
        group.initialLr = maxLrs[i]! / divFactor;
        group.maxLr = maxLrs[i]!;
        group.minLr = group.initialLr / finalDivFactor;
        if (!cycleMomentum) continue;
        setMomentum(group, maxMomentums[i]!);
        group.maxMomentum = maxMomentums[i]!;
        group.baseMomentum = baseMomentums[i]!;
      }
    }
    super(where, optimizer, lastEpoch, {
      total_steps: total,
      pct_start: pctStart,
      anneal_strategy: annealStrategy,
      cycle_momentum: cycleMomentum,
      three_phase: threePhase,
    });
    this.start();
  }

  #phases(): readonly Phase[] {
    const { total_steps: total, pct_start: start, three_phase } = this.schedule;
    const momentum = { down: ["maxMomentum", "baseMomentum"], up: ["baseMomentum", "maxMomentum"] } as const;
    const rise: Phase = { end: start * total - 1, lr: ["initialLr", "maxLr"], momentum: momentum.down };
    if (!three_phase) return [rise, { end: total - 1, lr: ["maxLr", "minLr"], momentum: momentum.up }];
    return [
      rise,
      { end: 2 * start * total - 2, lr: ["maxLr", "initialLr"], momentum: momentum.up },
      { end: total - 1, lr: ["initialLr", "minLr"], momentum: ["maxMomentum", "maxMomentum"] },
    ];
  }

  protected override nextLrs(): number[] {
    const { total_steps, cycle_momentum, anneal_strategy } = this.schedule;
    const step = this.lastEpoch;
    if (step > total_steps) {
      // The step did not happen.
      this.lastEpoch--;
      throw new OptionError(
        `OneCycleLR.step: the cycle has ${total_steps} steps and is over; give it more totalSteps, or end training with it`,
      );
    }
    const phases = this.#phases();
    const found = phases.findIndex(({ end }) => step <= end);
    const index = found < 0 ? phases.length - 1 : found;
    const { end, lr, momentum } = phases[index]!;
    const begin = index === 0 ? 0 : phases[index - 1]!.end;
    // PyTorch extrapolates for one step past the end, with "linear" to a learning rate below 0; here that step keeps the last one.
    const share = end === begin ? 1 : Math.min((step - begin) / (end - begin), 1);
    const anneal = (from: number, to: number) =>
      anneal_strategy === "linear"
        ? (to - from) * share + from
        : to + ((from - to) / 2) * (Math.cos(Math.PI * share) + 1);
    const level = (group: SchedulableGroup, name: LrLevel | MomentumLevel) => group[name]!;
    return this.optimizer.paramGroups.map((group) => {
      if (cycle_momentum) {
        setMomentum(group, anneal(level(group, momentum[0]), level(group, momentum[1])));
      }
      return anneal(level(group, lr[0]), level(group, lr[1]));
    });
  }
}

function totalSteps(where: string, { totalSteps, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  if (totalSteps !== undefined) {
    checkInteger(where, "totalSteps", totalSteps);
    return totalSteps;
  }
  if (epochs === undefined || stepsPerEpoch === undefined) {
    throw new OptionError(`${where}: give totalSteps, or epochs and stepsPerEpoch`);
  }
  checkInteger(where, "epochs", epochs);
  checkInteger(where, "stepsPerEpoch", stepsPerEpoch);
  return epochs * stepsPerEpoch;
}
