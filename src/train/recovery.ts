/** Keeps a run in memory, and lets it go on where its device was lost. Loaded on demand; imports types alone of what is not. */
import type { Device } from "../device.ts";
import { lossBehind, newDevice, type Replacement } from "../gpu/replacement.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { OptimizerStateDict } from "../optim/state-dict.ts";
import type { Callback, FitRun } from "./callbacks.ts";
import type { FitLoop } from "./fit-loop.ts";
import type { FitPlan } from "./fit-options.ts";
import type { EpochReport } from "./report.ts";
import type { TrainerState } from "./state.ts";

/** A run in host memory, from which it can go on with another device. */
export interface Kept {
  readonly state: TrainerState;
  readonly optimizer: OptimizerStateDict;
  readonly values: ReadonlyMap<Parameter, Float32Array>;
}

/** Keeps the run's latest state. Copies are made while training goes on, one at a time. */
class Keeper implements Callback {
  readonly #every: number | undefined;
  readonly #copy: () => Promise<Kept>;
  #latest: Kept | null = null;
  #copying = false;

  /** @param every Batches of an epoch from one copy to the next; one at the end of each epoch if not given. */
  constructor(every: number | undefined, copy: () => Promise<Kept>) {
    this.#every = every;
    this.#copy = copy;
  }

  /** `null` before the first. */
  get latest(): Kept | null {
    return this.#latest;
  }

  /** Copies the state as it is at the call. */
  async keep(): Promise<void> {
    this.#latest = await this.#copy();
  }

  onSettled({ batch }: FitRun, report?: EpochReport): void {
    if (this.#copying || !(report || (this.#every !== undefined && batch % this.#every === 0))) return;
    this.#copying = true;
    const done = () => {
      this.#copying = false;
    };
    // Where a copy fails the one before it stays; the run meets the reason by itself.
    this.keep().then(done, done);
  }
}

/** What recovering needs of a trainer. */
interface Recoverable extends Pick<Replacement<Device>, "device" | "request" | "mayBeLoss" | "Refusal"> {
  /** Begins the run, or lets it go on from what was kept. */
  begin(plan: FitPlan, kept: Kept | null): Promise<FitLoop>;
  /** Copies the run as it is at the call. */
  keep(): Promise<Kept>;
  moveTo(device: Device, kept: Kept): Promise<void>;
}

/** Trains, and goes on with a new device from the last state in memory when the device is lost. */
export async function* recovering(
  plan: FitPlan,
  trainer: Recoverable,
): AsyncGenerator<EpochReport, void, void> {
  const { onDeviceLost, signal } = plan;
  const replacement = { ...trainer, onDeviceLost, signal };
  const keeper = new Keeper(plan.keepEvery, () => trainer.keep());
  const watched = { ...plan, callbacks: [...plan.callbacks, keeper] };
  let reported = 0;
  for (let left = plan.maxRecoveries; ; left--) {
    try {
      const loop = await trainer.begin(watched, keeper.latest);
      if (!keeper.latest) await keeper.keep();
      for await (const report of loop.run()) {
        if (report.epoch <= reported) continue;
        reported = report.epoch;
        yield report;
      }
      return;
    } catch (error) {
      // Where the run is to end, newDevice says so.
      const isEnd = signal?.aborted && error === signal.reason;
      const lost = isEnd ? null : await lossBehind(replacement, error);
      if (!lost || !keeper.latest || left === 0) throw error;
      await trainer.moveTo(await newDevice(replacement, lost), keeper.latest);
    }
  }
}
