import type { NestedNumbers, NumberNDArray } from "../arrays.ts";
import { checkOptions } from "../checks.ts";
import { DisposedError, OptionError } from "../errors.ts";
import type { NDArray } from "../shape.ts";
import { Fit } from "../train/fit.ts";
import { History } from "../train/history.ts";
import type { EpochReport, Evaluation, FitOptions, PredictOptions } from "../train/index.ts";
import { checkListeners } from "../train/listeners.ts";
import { Channel, checkWorker, wasAborted } from "./channel.ts";
import { ProgressListener } from "./progress-listener.ts";
import type { Created } from "./protocol.ts";

/** Options of a Trainer's fit that a page gives as they are. */
type SameOptions =
  | "epochs"
  | "batchesPerEpoch"
  | "validateEvery"
  | "keepEvery"
  | "maxRecoveries"
  | "signal"
  | "onProgress";

/** Options of `RemoteTrainer.fit`, as the Trainer's. Objects in the worker are given by the names that its `create` returned. */
export interface RemoteFitOptions extends Pick<FitOptions, SameOptions> {
  /** What the worker does when its GPU device is lost, as the Trainer's option. Default "throw". */
  readonly onDeviceLost?: "throw" | "recover";
  /** Name of the loader to validate on. */
  readonly validation?: string;
  /** Name of the schedule. */
  readonly schedule?: string;
  /** Names of the callbacks. */
  readonly callbacks?: readonly string[];
}

const FIT_OPTIONS = [
  "epochs",
  "batchesPerEpoch",
  "validation",
  "validateEvery",
  "schedule",
  "onDeviceLost",
  "keepEvery",
  "maxRecoveries",
  "callbacks",
  "signal",
  "onProgress",
];

/**
 * A Trainer whose model and device are in a worker. It has the Trainer's methods, all asynchronous; errors keep their classes.
 * {@link connect} creates it.
 */
export class RemoteTrainer {
  /** Description of the worker's adapter. */
  readonly device: string;
  /** The worker's loaders by name, with their number of batches in one pass, if known. */
  readonly loaders: Readonly<Record<string, number | undefined>>;
  readonly #channel: Channel;
  readonly #listeners: Map<number, ProgressListener>;
  #runs = 0;

  /** @internal */
  constructor(channel: Channel, created: Created, listeners: Map<number, ProgressListener>) {
    if (!listeners) throw new OptionError("RemoteTrainer: await connect(worker, options) gives one");
    this.#channel = channel;
    this.#listeners = listeners;
    this.device = created.device;
    this.loaders = created.loaders;
  }

  /**
   * Trains for some epochs, as `Trainer.fit`: await it for the history, or iterate over it for a report after each epoch. An aborted
   * signal ends training before the next batch. While a promise of `onProgress` is pending, the worker trains at most one more batch.
   * @param loader The name of one of {@link loaders}.
   */
  fit(loader: string, options: RemoteFitOptions): Fit {
    const run: { history: History | null } = { history: new History() };
    return new Fit(this.#fit(loader, options, run), () => run.history ?? this.history());
  }

  /** Trains for some epochs. Sets `run.history` when the run is over; to null if the worker could not give it. */
  async *#fit(
    loader: string,
    options: RemoteFitOptions,
    run: { history: History | null },
  ): AsyncGenerator<EpochReport, void, void> {
    checkOptions("Trainer.fit", options, FIT_OPTIONS);
    checkListeners("Trainer.fit", options);
    const { signal, onProgress, ...sent } = options;
    const channel = this.#channel;
    const number = this.#runs++;
    const listener =
      onProgress &&
      new ProgressListener(onProgress, (failed) => channel.tell({ kind: "progressed", run: number, failed }));
    if (listener) this.#listeners.set(number, listener);
    const abort = () => channel.tell({ kind: "abort", run: number });
    signal?.addEventListener("abort", abort);
    let begun = false;
    try {
      await channel.call("fit", number, loader, { ...sent, progress: !!listener });
      begun = true;
      if (signal?.aborted) abort();
      while (true) {
        const report = await channel.call("next", number);
        await listener?.done;
        if (listener?.failure) throw listener.failure.thrown;
        if (!report) return;
        yield report;
      }
    } catch (error) {
      if (listener?.failure) throw listener.failure.thrown;
      throw signal?.aborted && wasAborted(error) ? signal.reason : error;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#listeners.delete(number);
      // If the worker is gone, there is nothing to leave.
      const reports = begun ? await channel.call("leave", number).catch(() => null) : null;
      run.history = reports && new History(reports);
    }
  }

  /** Mean loss and metrics over all batches of the loader of this name, as `Trainer.evaluate`. */
  evaluate(loader: string): Promise<Evaluation> {
    return this.#channel.call("evaluate", loader);
  }

  /** The model's predictions for the samples of `x`, as `Trainer.predict`. `x` is copied unless it is marked with `transfer`. */
  predict(x: NumberNDArray | NestedNumbers, options: PredictOptions = {}): Promise<NDArray> {
    return this.#channel.call("predict", x, options);
  }

  /** The model's parameters and buffers, as `trainer.model.stateDict()`. */
  async stateDict(): Promise<Map<string, NDArray>> {
    return new Map(await this.#channel.call("stateDict"));
  }

  /** Sets the model's parameters and buffers, as `trainer.model.loadStateDict(state)`. */
  async loadStateDict(
    state: ReadonlyMap<string, NDArray> | Readonly<Record<string, NDArray>>,
  ): Promise<void> {
    await this.#channel.call("loadStateDict", state);
  }

  /** The run as it is, as one safetensors file: as `Trainer.checkpoint`. */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#channel.call("checkpoint");
  }

  /** Goes back to a checkpoint, as `Trainer.resume`. */
  resume(bytes: Uint8Array | ArrayBuffer): Promise<void> {
    return this.#channel.call("resume", bytes);
  }

  /** The epochs of the latest {@link fit} so far, as `trainer.history`. */
  async history(): Promise<History> {
    return new History(await this.#channel.call("history"));
  }

  /** The training program as a table, as `Trainer.describe`. */
  describe(): Promise<string> {
    return this.#channel.call("describe");
  }

  /** Calls one of the actions that the worker's `create` gave. Arguments and answer are cloned, or handed over with `transfer`. */
  call<Answer = unknown>(action: string, ...args: readonly unknown[]): Promise<Answer> {
    return this.#channel.call("action", action, args) as Promise<Answer>;
  }

  /** Disposes the worker's trainer, calls `create`'s `dispose`, and ends the worker. */
  async dispose(): Promise<void> {
    try {
      await this.#channel.call("dispose");
    } finally {
      this.terminate();
    }
  }

  /** Ends the worker and its device at once. Calls that wait for an answer are rejected. */
  terminate(): void {
    this.#channel.end(new DisposedError("Trainer: the worker was terminated; connect() to a new one"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** Gives up, and ends the worker, when it is aborted: `AbortSignal.timeout(20_000)` for a worker that may never serve. */
  readonly signal?: AbortSignal;
}

/**
 * Connects to a worker that calls {@link serve}, and creates its trainer.
 * @typeParam Config The type that the worker's `serve<Config>` has, so that the config is checked against it.
 * @param worker `new Worker(new URL("./train.worker.ts", import.meta.url), { type: "module" })`. The trainer owns it from now on; it is
 * ended if connecting fails, except by an option that is refused.
 * @param config The argument of the worker's `create`: anything that can be cloned. Typed arrays are copied unless marked with `transfer`.
 * @throws `WorkerError` if the worker does not start or is ended, the signal's reason, and any error of its `create`. A worker that
 * calls its own `close()` before it serves tells nobody: only the signal ends the wait for it.
 *
 * @example
 * const trainer = await connect<Config>(worker, { seed: 0, x, y });
 * for await (const { epoch, loss } of trainer.fit("train", { epochs: 100, signal })) plot(epoch, loss);
 */
export async function connect<Config>(
  worker: Worker,
  config: Config,
  options?: ConnectOptions,
): Promise<RemoteTrainer>;
/** Connects to a worker whose `create` takes no config. */
export async function connect(worker: Worker): Promise<RemoteTrainer>;
export async function connect(
  worker: Worker,
  config?: unknown,
  options: ConnectOptions = {},
): Promise<RemoteTrainer> {
  checkWorker("connect", worker);
  checkOptions("connect", options, ["signal"]);
  const { signal } = options;
  checkListeners("connect", options);
  const listeners = new Map<number, ProgressListener>();
  const channel = new Channel(worker, (reply) => listeners.get(reply.run)?.take(reply));
  const abort = () => channel.end(signal?.reason);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  try {
    await channel.serving();
    return new RemoteTrainer(channel, await channel.call("create", config), listeners);
  } catch (error) {
    channel.end(new DisposedError("Trainer: the worker was ended, since connect() failed"));
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
