import { checkBoolean, checkInteger, checkOptions, show } from "../checks.ts";
import { DataError } from "../errors.ts";
import type { NDArray } from "../shape.ts";
import type { Callback, CallbackState, FitRun } from "./callbacks.ts";
import { firstNonFinite } from "./finite.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";
import type { EpochReport } from "./report.ts";

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Number of consecutive epochs without improvement to tolerate; one more ends training. Default 10. */
  readonly patience?: number;
  /** Whether to restore the weights of the best epoch when `fit` ends. Default false. */
  readonly restoreBest?: boolean;
}

/**
 * Ends training when a reported number has stopped improving. Epochs that do not report it, such as those without validation, do not
 * count.
 *
 * @example
 * const stopping = new EarlyStopping({ patience: 5, restoreBest: true });
 * await trainer.fit(loader, { epochs: 500, validation, callbacks: [stopping] });
 * console.log(`best of epoch ${stopping.bestEpoch}: ${stopping.best}`);
 */
export class EarlyStopping implements Callback {
  readonly name = "EarlyStopping";
  readonly patience: number;
  readonly restoreBest: boolean;
  readonly #monitor: Monitor;
  #bestEpoch: number | null = null;
  #stoppedEpoch: number | null = null;
  #waited = 0;
  #weights: Promise<ReadonlyMap<string, NDArray>> | null = null;

  constructor(options: EarlyStoppingOptions = {}, ...more: never[]) {
    const where = "EarlyStopping";
    checkOptions(where, options, ["monitor", "mode", "minDelta", "patience", "restoreBest"], more);
    const { patience = 10, restoreBest = false } = options;
    checkInteger(where, "patience", patience, 0);
    checkBoolean(where, "restoreBest", restoreBest);
    this.patience = patience;
    this.restoreBest = restoreBest;
    this.#monitor = new Monitor(where, options);
  }

  /** The best value so far; an infinity before there is one. */
  get best(): number {
    return this.#monitor.best;
  }

  /** The epoch of the best value, from 1; `null` before there is one. */
  get bestEpoch(): number | null {
    return this.#bestEpoch;
  }

  /** The epoch after which training was ended; `null` if it was not. */
  get stoppedEpoch(): number | null {
    return this.#stoppedEpoch;
  }

  onFitStart(run: FitRun): void {
    this.#monitor.begin(run);
    if (!run.resumed) {
      this.#monitor.reset();
      this.#bestEpoch = null;
      this.#stoppedEpoch = null;
      this.#waited = 0;
      this.#weights = null;
    }
    const last = Math.max(this.#bestEpoch ?? 0, this.#stoppedEpoch ?? 0, this.#waited);
    if (last > run.history.length) {
      throw new DataError(
        `EarlyStopping: the checkpoint has best epoch ${this.#bestEpoch}, stopped epoch ${this.#stoppedEpoch} and ${this.#waited} epochs ` +
          `waited, but the run has ${run.history.length} epochs so far; the checkpoint is damaged`,
      );
    }
    if (this.#stoppedEpoch !== null) run.stop();
  }

  onEpochEnd(run: FitRun, report: EpochReport): void {
    const value = this.#monitor.valueOf(report);
    if (value === undefined) return;
    if (this.#monitor.improves(value)) {
      this.#bestEpoch = report.epoch;
      this.#waited = 0;
      if (this.restoreBest) this.#keep(run);
      return;
    }
    this.#waited++;
    if (this.#waited <= this.patience) return;
    this.#stoppedEpoch = report.epoch;
    run.stop();
  }

  async onFitEnd(run: FitRun): Promise<void> {
    const weights = await this.#weights;
    if (weights) run.model.loadStateDict(weights);
  }

  async state(): Promise<CallbackState> {
    const { best } = this;
    const values = {
      best,
      bestEpoch: this.#bestEpoch,
      stoppedEpoch: this.#stoppedEpoch,
      waited: this.#waited,
    };
    const tensors = await this.#weights;
    return tensors ? { values, tensors } : { values };
  }

  setState({ values, tensors }: CallbackState): void {
    const state = (values ?? {}) as {
      best: number;
      bestEpoch: number | null;
      stoppedEpoch: number | null;
      waited: number;
    };
    const isEpoch = (epoch: unknown) =>
      epoch === null || (Number.isSafeInteger(epoch) && (epoch as number) >= 1);
    const { best, bestEpoch, stoppedEpoch, waited } = state;
    for (const [name, value, fits] of [
      ["best", best, typeof best === "number" && !Number.isNaN(best)],
      ["bestEpoch", bestEpoch, isEpoch(bestEpoch)],
      ["stoppedEpoch", stoppedEpoch, isEpoch(stoppedEpoch)],
      ["waited", waited, Number.isSafeInteger(waited) && waited >= 0],
    ] as const) {
      if (fits) continue;
      throw new DataError(
        `EarlyStopping.setState: expected what state() gives, ${show(values)} has ${name} ${show(value)}; epochs are integers of at least ` +
          "1 or null, and waited is an integer of at least 0",
      );
    }
    this.#monitor.best = state.best;
    this.#bestEpoch = state.bestEpoch;
    this.#stoppedEpoch = state.stoppedEpoch;
    this.#waited = state.waited;
    this.#weights = tensors ? Promise.resolve(tensors) : null;
  }

  /** Keeps a run's weights if they are finite; the best ones before stay otherwise. */
  #keep({ model, optimizer }: FitRun): void {
    const before = this.#weights;
    const weights = model
      .stateDict()
      .then((values) => (before && firstNonFinite(model, optimizer, { values }) !== null ? before : values));
    this.#weights = weights;
    // A failure reaches whoever awaits the weights; nobody may do so yet.
    weights.catch(() => {});
  }
}
