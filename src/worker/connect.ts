import { checkOptions, show } from "../checks.ts";
import { DisposedError, OptionError } from "../errors.ts";
import type { NDArray } from "../shape.ts";
import { History } from "../train/history.ts";
import type { EpochReport, Evaluation, FitOptions } from "../train/index.ts";
import { Channel, checkWorker, wasAborted } from "./channel.ts";
import type { Created, Reply } from "./protocol.ts";

/** As the Trainer's options of `fit`; loaders and callbacks by the names that the worker's `create` gave them. */
export interface RemoteFitOptions
  extends Pick<FitOptions, "epochs" | "batchesPerEpoch" | "validateEvery" | "signal" | "onProgress"> {
  readonly validation?: string;
  readonly callbacks?: readonly string[];
}

const FIT_OPTIONS = [
  "epochs",
  "batchesPerEpoch",
  "validation",
  "validateEvery",
  "callbacks",
  "signal",
  "onProgress",
];

type OnProgress = NonNullable<FitOptions["onProgress"]>;

/** What the page does about the progress of one fit. */
class ProgressListener {
  readonly #onProgress: OnProgress;
  readonly #acknowledge: (failed: boolean) => void;
  /** What `onProgress` threw. */
  failure: { readonly thrown: unknown } | null = null;
  /** Settles when the latest call has. */
  done: Promise<void> = Promise.resolve();

  constructor(onProgress: OnProgress, acknowledge: (failed: boolean) => void) {
    this.#onProgress = onProgress;
    this.#acknowledge = acknowledge;
  }

  take({ progress }: Extract<Reply, { kind: "progress" }>): void {
    this.done = this.#call(progress);
  }

  async #call(progress: Parameters<OnProgress>[0]): Promise<void> {
    try {
      await this.#onProgress(progress);
    } catch (thrown) {
      this.failure ??= { thrown };
    }
    this.#acknowledge(this.failure !== null);
  }
}

/**
 * A Trainer whose model and device are in a worker. Its methods are the Trainer's, all of them asynchronous; errors come over with
 * their classes. Made by {@link connect}.
 */
export class RemoteTrainer {
  /** The worker's adapter, for people. */
  readonly device: string;
  /** The loaders that the worker has: batches in one pass, where known, by name. */
  readonly loaders: Readonly<Record<string, number | undefined>>;
  readonly #channel: Channel;
  readonly #listeners: Map<number, ProgressListener>;
  #runs = 0;

  /** @internal */
  constructor(channel: Channel, created: Created, listeners: Map<number, ProgressListener>) {
    this.#channel = channel;
    this.#listeners = listeners;
    this.device = created.device;
    this.loaders = created.loaders;
  }

  /**
   * Trains for some epochs, reporting after each one, as `Trainer.fit`. An aborted signal ends training before the next batch.
   * While `onProgress` has not settled the worker trains at most one batch more.
   * @param loader The name of one of {@link loaders}.
   */
  async *fit(loader: string, options: RemoteFitOptions): AsyncGenerator<EpochReport, void, void> {
    checkOptions("Trainer.fit", options, FIT_OPTIONS);
    const { signal, onProgress, ...sent } = options;
    if (signal !== undefined && typeof signal.throwIfAborted !== "function") {
      throw new OptionError(`Trainer.fit: signal must be an AbortSignal, got ${show(signal)}`);
    }
    if (onProgress !== undefined && typeof onProgress !== "function") {
      throw new OptionError(`Trainer.fit: onProgress must be a function, got ${show(onProgress)}`);
    }
    const channel = this.#channel;
    const run = this.#runs++;
    const listener =
      onProgress &&
      new ProgressListener(onProgress, (failed) => channel.tell({ kind: "progressed", run, failed }));
    if (listener) this.#listeners.set(run, listener);
    const abort = () => channel.tell({ kind: "abort", run });
    signal?.addEventListener("abort", abort);
    let begun = false;
    try {
      await channel.call("fit", run, loader, { ...sent, progress: !!listener });
      begun = true;
      if (signal?.aborted) abort();
      while (true) {
        const report = await channel.call("next", run);
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
      this.#listeners.delete(run);
      // Where the worker is gone there is nothing to leave.
      if (begun) await channel.call("leave", run).catch(() => {});
    }
  }

  /** Mean loss over all batches of the loader of this name, as `Trainer.evaluate`. */
  evaluate(loader: string): Promise<number> {
    return this.#channel.call("evaluate", loader);
  }

  /** Mean loss and metrics over all batches of the loader of this name, as `Trainer.measure`. */
  measure(loader: string): Promise<Evaluation> {
    return this.#channel.call("measure", loader);
  }

  /** The model's predictions for the samples of `x`, as `Trainer.predict`. `x` is copied unless it is marked with `transfer`. */
  predict(x: NDArray, options: { readonly batchSize?: number } = {}): Promise<NDArray> {
    return this.#channel.call("predict", x, options);
  }

  /** As `trainer.model.stateDict()`. */
  async stateDict(): Promise<Map<string, NDArray>> {
    return new Map(await this.#channel.call("stateDict"));
  }

  /** As `trainer.model.loadStateDict(state)`. */
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

  /** The epochs of the latest {@link fit} as they are now, as `trainer.history`. */
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

  /** Disposes the worker's trainer, lets its `dispose` tidy up, and ends the worker. */
  async dispose(): Promise<void> {
    try {
      await this.#channel.call("dispose");
    } finally {
      this.terminate();
    }
  }

  /** Ends the worker at once; its device goes with it. What is still waited for is rejected. */
  terminate(): void {
    this.#channel.end(new DisposedError("Trainer: the worker was terminated; connect() to a new one"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/**
 * Connects to a worker that calls {@link serve}, and has it make its trainer.
 * @param worker `new Worker(new URL("./train.worker.ts", import.meta.url), { type: "module" })`. It is this trainer's from now
 * on: it is ended if this fails.
 * @param config What the worker's `create` is given: anything that can be cloned; typed arrays are copied unless marked with `transfer`.
 * @throws `WorkerError` if the worker does not start, and what its `create` throws.
 *
 * @example
 * const trainer = await connect(worker, { seed: 0, x, y });
 * for await (const { epoch, loss } of trainer.fit("train", { epochs: 100, signal })) plot(epoch, loss);
 */
export async function connect(worker: Worker, config?: unknown): Promise<RemoteTrainer> {
  checkWorker("connect", worker);
  const listeners = new Map<number, ProgressListener>();
  const channel = await Channel.open(worker, (reply) => listeners.get(reply.run)?.take(reply));
  try {
    return new RemoteTrainer(channel, await channel.call("create", config), listeners);
  } catch (error) {
    channel.end(new DisposedError("Trainer: the worker was ended, since connect() failed"));
    throw error;
  }
}
