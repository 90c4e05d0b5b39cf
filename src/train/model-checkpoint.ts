import { checkInteger, checkOptions, show } from "../checks.ts";
import { DataError, DivergedError, OptionError } from "../errors.ts";
import type { CheckpointStore } from "../io/storage.ts";
import type { Callback, CallbackState, FitRun } from "./callbacks.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";
import type { EpochReport } from "./report.ts";

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /** Epochs from one checkpoint to the next. Default 1. */
  readonly everyEpochs?: number;
  /** Batches from one checkpoint to the next within an epoch. Default: no checkpoints within an epoch. */
  readonly everyBatches?: number;
  /** Whether to save only after epochs with the best monitored number so far. Default false. */
  readonly onlyBest?: boolean;
  /** Number of checkpoints to keep: after each save the oldest beyond it are removed. Default 2. */
  readonly keep?: number;
  /** Beginning of the names: `NAME-000012`, or `NAME-000012-000340` within an epoch. Default "checkpoint". */
  readonly name?: string;
}

/**
 * Saves checkpoints of a run into a store, from which it can be resumed. A state with a NaN or an infinity is never saved, so the last
 * finite checkpoints stay: `fit` rejects with a {@link DivergedError}, or with `onNonFinite: "ignore"` trains on without saving.
 *
 * @example
 * const store = await openCheckpointStore();
 * const callbacks = [new ModelCheckpoint(store, { everyEpochs: 5 })];
 * const last = await store.latest();
 * if (last) await trainer.resume(await store.load(last.name));
 * await trainer.fit(loader, { epochs: 100, callbacks });
 */
export class ModelCheckpoint implements Callback {
  readonly name = "ModelCheckpoint";
  readonly store: CheckpointStore;
  readonly #prefix: string;
  readonly #everyEpochs: number;
  readonly #everyBatches: number | undefined;
  readonly #keep: number;
  readonly #monitor: Monitor | null;

  constructor(store: CheckpointStore, options: ModelCheckpointOptions = {}, ...more: never[]) {
    const where = "ModelCheckpoint";
    if (typeof store?.save !== "function" || typeof store.list !== "function") {
      throw new OptionError(
        `${where}: expected a store as openCheckpointStore() gives it, got ${show(store)}`,
      );
    }
    const names = ["everyEpochs", "everyBatches", "onlyBest", "keep", "name", "monitor", "mode", "minDelta"];
    checkOptions(where, options, names, more);
    const { everyEpochs = 1, everyBatches, onlyBest = false, keep = 2, name = "checkpoint" } = options;
    checkInteger(where, "everyEpochs", everyEpochs);
    if (everyBatches !== undefined) checkInteger(where, "everyBatches", everyBatches);
    checkInteger(where, "keep", keep);
    if (typeof name !== "string" || name === "") {
      throw new OptionError(`${where}: name must be text, got ${show(name)}`);
    }
    if (typeof onlyBest !== "boolean" || (onlyBest && everyBatches !== undefined)) {
      throw new OptionError(
        `${where}: onlyBest must be true or false, and without everyBatches, got ${show(onlyBest)}; use two callbacks with ` +
          "different names",
      );
    }
    this.store = store;
    this.#prefix = name;
    this.#everyEpochs = everyEpochs;
    this.#everyBatches = everyBatches;
    this.#keep = keep;
    this.#monitor = onlyBest ? new Monitor(where, options) : null;
  }

  onFitStart(run: FitRun): void {
    this.#monitor?.begin(run);
    if (!run.resumed) this.#monitor?.reset();
  }

  async onSettled(run: FitRun, report?: EpochReport): Promise<void> {
    const name = this.#due(run, report);
    if (name === null) return;
    const bytes = await finiteCheckpoint(run);
    if (!bytes) return;
    await this.store.save(name, bytes);
    const own = (await this.store.list()).filter((entry) => this.#isOwn(entry.name));
    const old = own.slice(0, Math.max(0, own.length - this.#keep));
    for (const entry of old) if (entry.name !== name) await this.store.remove(entry.name);
  }

  state(): CallbackState {
    return { values: { best: this.#monitor?.best ?? null } };
  }

  setState({ values }: CallbackState): void {
    const best = (values as { best?: unknown } | null)?.best;
    if (best !== null && (typeof best !== "number" || Number.isNaN(best))) {
      throw new DataError(`ModelCheckpoint.setState: expected what state() gives, got ${show(values)}`);
    }
    if (this.#monitor && best !== null) this.#monitor.best = best;
  }

  /** The name to save under now; `null` if no checkpoint is due. */
  #due(run: FitRun, report: EpochReport | undefined): string | null {
    if (!report) {
      if (this.#everyBatches === undefined || run.batch % this.#everyBatches !== 0) return null;
      return `${this.#prefix}-${padded(run.epoch)}-${padded(run.batch)}`;
    }
    if (this.#monitor) {
      const value = this.#monitor.valueOf(report);
      if (value === undefined || !this.#monitor.improves(value)) return null;
    } else if (report.epoch % this.#everyEpochs !== 0) {
      return null;
    }
    return `${this.#prefix}-${padded(report.epoch)}`;
  }

  #isOwn(name: string): boolean {
    return (
      name.startsWith(`${this.#prefix}-`) && /^\d{6,}(-\d{6,})?$/.test(name.slice(this.#prefix.length + 1))
    );
  }
}

/** The run as it is now; `null` if it is not finite and that is to be ignored. */
async function finiteCheckpoint(run: FitRun): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return await run.checkpoint();
  } catch (error) {
    if (error instanceof DivergedError && run.onNonFinite === "ignore") return null;
    throw error;
  }
}

function padded(count: number): string {
  return String(count).padStart(6, "0");
}
