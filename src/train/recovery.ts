/** Keeps a run in memory, and gets a device in place of one that was lost. Loaded on demand; imports types alone. */
import type { Device } from "../device.ts";
import type { DeviceLostError } from "../errors.ts";
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

/** Pauses before the requests for a new device, in ms: a driver needs a moment after a reset. */
const PAUSES = [0, 100, 400, 1500, 5000];

/** How long a loss may take to be reported after a call has failed because of it, in ms. */
const LATE = 200;

/** What recovering needs of a trainer. */
interface Recoverable {
  device(): Device;
  request(options: NonNullable<Device["requested"]>): Promise<Device>;
  /** Whether an error may have come from a lost device. */
  mayBeLoss(error: unknown): boolean;
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
      const lost = plan.signal?.aborted ? null : await lossBehind(trainer, error);
      if (!lost || !keeper.latest || left === 0) throw error;
      await trainer.moveTo(await newDevice(trainer, lost, plan), keeper.latest);
    }
  }
}

/** The loss of the device, if it is why `error` was thrown; `null` otherwise. */
async function lossBehind(trainer: Recoverable, error: unknown): Promise<DeviceLostError | null> {
  const isFromBrowser = error instanceof Error && /^(GPU|Operation|Abort)/.test(error.name);
  if (!trainer.mayBeLoss(error) && !isFromBrowser) return null;
  return Promise.race([trainer.device().lost, pause(LATE).then(() => null)]);
}

/**
 * Gets a new device, planned as the one before it was.
 * @throws The last failure, if no request gives a device.
 */
async function newDevice(
  trainer: Recoverable,
  lost: DeviceLostError,
  { onDeviceLost, signal }: FitPlan,
): Promise<Device> {
  const { requested, facts } = trainer.device();
  let failure: unknown;
  for (const ms of PAUSES) {
    await pause(ms);
    signal?.throwIfAborted();
    try {
      if (typeof onDeviceLost === "function") return await onDeviceLost(lost);
      const { calibrate, ...options } = requested!;
      return await trainer.request({ ...options, facts });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
