import { checkBoolean, checkNumber, checkOptions, show } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import { checkMomentum, momentumOf, setMomentum } from "./momentum.ts";
import { checkSchedulable, LRScheduler, perGroup, type SchedulableOptimizer } from "./scheduler.ts";

const modes = ["triangular", "triangular2", "exp_range"] as const;

/** Options of {@link CyclicLR}. */
export interface CyclicLROptions {
  /** Steps from the lowest to the highest learning rate. Default 2000. */
  readonly stepSizeUp?: number;
  /** Steps back down. Default: as many as up. */
  readonly stepSizeDown?: number;
  /**
   * How the height of a cycle changes: it stays ("triangular"), halves every cycle ("triangular2"), or is multiplied by gamma every step
   * ("exp_range"). Default "triangular".
   */
  readonly mode?: (typeof modes)[number];
  /** Factor of "exp_range". Default 1. */
  readonly gamma?: number;
  /** A function that gives the height of a cycle, from 0 to 1, in place of `mode`. */
  readonly scaleFn?: (x: number) => number;
  /** Whether `scaleFn` takes the number of the cycle, from 1, or of the step. Default "cycle". */
  readonly scaleMode?: "cycle" | "iterations";
  /** Whether momentum, or the first beta, falls while the learning rate rises. Default true. */
  readonly cycleMomentum?: boolean;
  /** Lowest momentum, of all groups or one a group. Default 0.8. */
  readonly baseMomentum?: number | readonly number[];
  /** Highest momentum. Default 0.9. */
  readonly maxMomentum?: number | readonly number[];
  /** Steps done before, to resume. Default -1: none. */
  readonly lastEpoch?: number;
}

const optionNames = [
  "stepSizeUp",
  "stepSizeDown",
  "mode",
  "gamma",
  "scaleFn",
  "scaleMode",
  "cycleMomentum",
  "baseMomentum",
  "maxMomentum",
  "lastEpoch",
];

/**
 * Moves the learning rate up and down between two bounds, a step after every batch (Smith, 2017;
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html). Momentum is cycled for optimizers with
 * betas too, as in PyTorch 2.
 *
 * @example
 * const schedule = new optim.lrScheduler.CyclicLR(optimizer, 1e-4, 1e-2, { stepSizeUp: 200 }); // up in 200 updates
 * await trainer.fit(loader, { epochs: 60, schedule });
 */
export class CyclicLR extends LRScheduler<{
  max_lrs: number[];
  total_size: number;
  step_ratio: number;
  mode: string;
  gamma: number;
  cycle_momentum: boolean;
  base_momentums: number[];
  max_momentums: number[];
}> {
  override readonly stepsEvery = "update";
  readonly #scale: (x: number) => number;
  readonly #scaleMode: "cycle" | "iterations";

  /**
   * @param baseLr Lowest learning rate, of all groups or one a group.
   * @param maxLr Highest learning rate.
   */
  constructor(
    optimizer: SchedulableOptimizer,
    baseLr: number | readonly number[],
    maxLr: number | readonly number[],
    options: CyclicLROptions = {},
    ...more: never[]
  ) {
    const where = "CyclicLR";
    checkSchedulable(where, optimizer);
    checkOptions(where, options, optionNames, more);
    const { stepSizeUp = 2000, stepSizeDown = stepSizeUp, mode = "triangular", gamma = 1 } = options;
    const { scaleFn, scaleMode = "cycle", cycleMomentum = true, lastEpoch } = options;
    const each = (name: string, value: number | readonly number[]) => {
      const values = perGroup<number>(where, name, optimizer, value);
      for (const one of values) checkNumber(where, name, one, "a finite number of at least 0", (n) => n >= 0);
      return values;
    };
    const baseLrs = each("baseLr", baseLr);
    const maxLrs = each("maxLr", maxLr);
    checkNumber(where, "stepSizeUp", stepSizeUp, "a number above 0", (n) => n > 0);
    checkNumber(where, "stepSizeDown", stepSizeDown, "a number above 0", (n) => n > 0);
    checkNumber(where, "gamma", gamma, "a finite number of at least 0", (n) => n >= 0);
    if (scaleFn === undefined && !modes.includes(mode)) {
      throw new OptionError(`${where}: mode must be one of ${modes.join(", ")}, got ${show(mode)}`);
    }
    if (scaleFn !== undefined && typeof scaleFn !== "function") {
      throw new OptionError(`${where}: scaleFn must be a function, got ${show(scaleFn)}`);
    }
    if (scaleMode !== "cycle" && scaleMode !== "iterations") {
      throw new OptionError(`${where}: scaleMode must be "cycle" or "iterations", got ${show(scaleMode)}`);
    }
    checkBoolean(where, "cycleMomentum", cycleMomentum);
    if (cycleMomentum) checkMomentum(where, optimizer);
    const baseMomentums = each("baseMomentum", options.baseMomentum ?? 0.8);
    const maxMomentums = each("maxMomentum", options.maxMomentum ?? 0.9);

    const isNew = lastEpoch === undefined || lastEpoch === -1;
    for (const [i, group] of optimizer.paramGroups.entries()) {
      if (isNew) group.lr = baseLrs[i]!;
      if (isNew && cycleMomentum) setMomentum(group, baseMomentums[i]!);
    }
    super(where, optimizer, lastEpoch, {
      max_lrs: maxLrs,
      total_size: stepSizeUp + stepSizeDown,
      step_ratio: stepSizeUp / (stepSizeUp + stepSizeDown),
      mode,
      gamma,
      cycle_momentum: cycleMomentum,
      base_momentums: cycleMomentum ? optimizer.paramGroups.map(momentumOf) : [],
      max_momentums: cycleMomentum ? maxMomentums : [],
    });
    this.#scale = scaleFn ?? ((x) => this.#height(x));
    this.#scaleMode = scaleFn ? scaleMode : mode === "exp_range" ? "iterations" : "cycle";
    this.start();
    this.baseLrs = baseLrs;
  }

  #height(x: number): number {
    const { mode, gamma } = this.schedule;
    return mode === "triangular2" ? 1 / 2 ** (x - 1) : mode === "exp_range" ? gamma ** x : 1;
  }

  protected override nextLrs(): number[] {
    const { max_lrs, total_size, step_ratio, cycle_momentum, base_momentums, max_momentums } = this.schedule;
    const cycle = Math.floor(1 + this.lastEpoch / total_size);
    const x = 1 + this.lastEpoch / total_size - cycle;
    const rise = x <= step_ratio ? x / step_ratio : (x - 1) / (step_ratio - 1);
    const scale = this.#scale(this.#scaleMode === "cycle" ? cycle : this.lastEpoch);
    if (cycle_momentum) {
      for (const [i, group] of this.optimizer.paramGroups.entries()) {
        const height = (max_momentums[i]! - base_momentums[i]!) * rise;
        setMomentum(group, max_momentums[i]! - height * scale);
      }
    }
    return this.baseLrs.map((lr, i) => lr + (max_lrs[i]! - lr) * rise * scale);
  }
}
