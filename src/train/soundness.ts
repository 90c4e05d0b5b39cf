import type { AnomalyError, DivergedError } from "../errors.ts";
import type { Module } from "../nn/module.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { Skip } from "../plan/skip.ts";
import { divergedAtBatch, divergedEpoch, divergedState } from "./diverged.ts";
import { EpochTally, type Fault } from "./epoch-tally.ts";
import { firstNonFinite, type OnNonFinite } from "./finite.ts";
import type { TrainedBatch } from "./report.ts";
import type { TrainerState } from "./state.ts";
import type { TrainerSteps } from "./steps.ts";

/** What a run is checked by. */
interface CheckedRun {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly steps: TrainerSteps;
  readonly onNonFinite: OnNonFinite;
}

/** Throws where a run's losses, gradients or parameters are NaN or infinite, as `onNonFinite` says. */
export class Soundness {
  readonly #where: string;
  readonly #run: CheckedRun;
  /** Why the run cannot go on; `null` while it can. */
  #diverged: Promise<DivergedError> | null = null;

  constructor(where: string, run: CheckedRun) {
    this.#where = where;
    this.#run = run;
  }

  /** The error of a run that must submit no batch any more; `null` while it may. */
  get diverged(): Promise<DivergedError> | null {
    return this.#diverged;
  }

  /** The tally of an epoch, which tells the optimizer of updates that were left out. */
  newTally(resumed: TrainerState | null = null): EpochTally {
    const { watch } = this.#run.steps;
    return new EpochTally(resumed, watch instanceof Skip ? (happened) => watch.learn(happened) : null);
  }

  /** Checks the losses and gradients of the batches whose losses have been read. */
  async checkLosses({ fault, anomaly }: EpochTally, epoch: number): Promise<void> {
    if (fault && this.#run.onNonFinite === "throw") this.#diverged ??= this.#diverge(fault, epoch, anomaly);
    if (this.#diverged) throw await this.#diverged;
    if (anomaly) throw anomaly;
  }

  /**
   * Checks an epoch whose losses have all been read.
   * @param loss Their mean.
   * @param at The last batch.
   */
  async checkEpoch(tally: EpochTally, loss: number, at: TrainedBatch): Promise<void> {
    await this.checkLosses(tally, at.epoch);
    if (tally.skipped > 0) await this.checkState(at);
    // No batch counts.
    if (Number.isNaN(loss) && this.#run.onNonFinite !== "ignore") throw await divergedEpoch(this.#where, at);
  }

  /** Checks the parameters: the last update may have overflowed, and no loss tells of that. */
  async checkState(at: TrainedBatch): Promise<void> {
    const { model, optimizer, onNonFinite } = this.#run;
    if (onNonFinite === "ignore") return;
    const tensor = firstNonFinite(model, optimizer, { values: await model.stateDict() });
    if (tensor !== null) throw await divergedState(this.#where, at, tensor);
  }

  /** Takes back what was counted since a fault, and says what is not finite. */
  async #diverge(
    { mark, updates, ...batch }: Fault,
    epoch: number,
    anomaly: AnomalyError | null,
  ): Promise<DivergedError> {
    const { model, optimizer, steps } = this.#run;
    const watch = steps.watch!;
    watch.rollBack(updates);
    const gradient = watch.parameterOf(mark[1]!);
    return divergedAtBatch(this.#where, { epoch, ...batch }, model, optimizer.parameters, gradient, anomaly);
  }
}
