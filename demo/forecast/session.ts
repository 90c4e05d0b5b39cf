/** One model in training: what it is asked (start, pause, resume), what it shows (a snapshot), and when that changed. */
import { type Device, data, manualSeed, type NDArray, nn, optim, Trainer } from "webgpu-lstm";
import { DEFAULTS } from "../../examples/seattle/defaults.ts";
import { Forecaster } from "../../examples/seattle/model.ts";
import type { ForecastTask } from "../../examples/seattle/task.ts";
import type { Settings } from "./controls.ts";
import { type Forecast, type HeldOut, heldOutOf, judge } from "./held-out.ts";

/**
 * waiting (for a GPU) → ready → compiling → training ⇄ pausing → paused; then done. From anywhere on the way: stopped
 * (another view was opened) or failed.
 */
export type Phase =
  | "waiting"
  | "ready"
  | "compiling"
  | "training"
  | "pausing"
  | "paused"
  | "done"
  | "stopped"
  | "failed";

/** What the page shows of a session at a moment. */
export interface Snapshot {
  readonly phase: Phase;
  /** Epochs that are complete, and how many are wanted. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches of the present epoch that are submitted, and how many it has. */
  readonly batch: number;
  readonly batches: number;
  readonly stepsPerSecond: number | undefined;
  /** Mean squared error of the scaled temperature, by epoch. */
  readonly trainLoss: readonly number[];
  readonly validationLoss: readonly number[];
  readonly heldOut: HeldOut;
  /** The newest forecast, and the epoch whose weights made it. */
  readonly forecast: (Forecast & { readonly epoch: number }) | undefined;
  /** Why it failed. */
  readonly error: unknown;
}

/** The part of the snapshot that changed. */
export type Change = "phase" | "batch" | "epoch" | "forecast";

/** What can be shown before there is a model: the data, and how well the baselines forecast it. */
export function untrained(task: ForecastTask, { batchSize, epochs }: Settings, phase: Phase): Snapshot {
  return {
    phase,
    epoch: 0,
    epochs,
    batch: 0,
    batches: Math.ceil(task.train.length / batchSize),
    stepsPerSecond: undefined,
    trainLoss: [],
    validationLoss: [],
    heldOut: heldOutOf(task),
    forecast: undefined,
    error: undefined,
  };
}

/** The forecast chart and the table are refreshed after this many epochs: a forecast waits for the GPU. */
const EPOCHS_PER_FORECAST = 5;

/**
 * Trains a {@link Forecaster} on the visitor's settings. The page is told of every change and looks at `snapshot`.
 * Pausing takes effect when the present epoch is complete. When training is done, the weights of the epoch with the
 * smallest validation loss are the ones that forecast.
 */
export class TrainingSession {
  readonly #task: ForecastTask;
  readonly #model: Forecaster;
  readonly #optimizer: optim.Adam;
  readonly #trainer: Trainer;
  readonly #settings: Settings;
  readonly #notify: (change: Change) => void;
  readonly #abort = new AbortController();
  readonly #snapshot: { -readonly [K in keyof Snapshot]: Snapshot[K] };
  #wake: (() => void) | undefined;
  #training: Promise<void> = Promise.resolve();
  #best: { epoch: number; loss: number; weights: Map<string, NDArray> } | undefined;

  /** @param notify called after each change, often; it must be quick */
  constructor(device: Device, task: ForecastTask, settings: Settings, notify: (change: Change) => void) {
    const { horizon, hiddenSize, numLayers, learningRate } = settings;
    this.#task = task;
    this.#settings = settings;
    this.#notify = notify;
    manualSeed(DEFAULTS.seed);
    this.#model = new Forecaster({
      features: task.features,
      hidden: hiddenSize,
      layers: numLayers,
      horizon,
    });
    this.#optimizer = new optim.Adam(this.#model.parameters(), {
      lr: learningRate,
      weightDecay: DEFAULTS.weightDecay,
    });
    this.#trainer = new Trainer(device, this.#model, { loss: new nn.MSELoss(), optimizer: this.#optimizer });
    this.#snapshot = { ...untrained(task, settings, "ready") };
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Holds from the next step on. */
  set learningRate(value: number) {
    this.#optimizer.lr = value;
  }

  /** Trains in the background; to be called once. */
  start(): void {
    this.#enter("compiling");
    this.#training = this.#train().catch((error: unknown) => {
      if (this.#abort.signal.aborted) return;
      this.#snapshot.error = error;
      this.#enter("failed");
    });
  }

  pause(): void {
    if (this.#snapshot.phase === "training" || this.#snapshot.phase === "compiling") this.#enter("pausing");
  }

  resume(): void {
    if (this.#snapshot.phase !== "pausing" && this.#snapshot.phase !== "paused") return;
    this.#enter("training");
    this.#wake?.();
  }

  /** Ends training that is under way, as {@link dispose} does; what it came to is still shown. */
  stop(): Promise<void> {
    const { phase } = this.#snapshot;
    if (phase === "ready") return this.#training; // nothing runs, and it can still be started
    if (phase !== "done" && phase !== "failed") this.#enter("stopped");
    return this.dispose();
  }

  /**
   * Ends training before the next batch and frees what the model holds on the GPU; settles when that is done. Nothing is
   * told from here on.
   */
  dispose(): Promise<void> {
    this.#abort.abort();
    this.#wake?.();
    return this.#training;
  }

  async #train(): Promise<void> {
    const { batchSize, epochs } = this.#settings;
    const { signal } = this.#abort;
    const loader = new data.DataLoader(this.#task.train, { batchSize, shuffle: true, seed: DEFAULTS.seed });
    const validation = new data.DataLoader(this.#task.validation, { batchSize });
    try {
      const fit = this.#trainer.fit(loader, {
        epochs,
        validation,
        signal,
        onProgress: ({ batch }) => {
          this.#snapshot.batch = batch;
          if (this.#snapshot.phase === "compiling") this.#enter("training");
          this.#tell("batch");
          return this.#whilePaused();
        },
      });
      for await (const { epoch, loss, validationLoss, stepsPerSecond } of fit) {
        await this.#report(epoch, loss, validationLoss!, stepsPerSecond);
      }
      signal.throwIfAborted();
      const best = this.#best!;
      this.#model.loadStateDict(best.weights);
      await this.#forecast(best.epoch);
      this.#enter("done");
    } finally {
      await this.#trainer.dispose();
      this.#model.dispose();
    }
  }

  async #report(epoch: number, loss: number, validationLoss: number, stepsPerSecond: number): Promise<void> {
    if (!Number.isFinite(loss + validationLoss)) {
      throw new Error(`The loss is no number after epoch ${epoch}. Try a smaller learning rate.`);
    }
    const { trainLoss, validationLoss: judged } = this.#snapshot;
    Object.assign(this.#snapshot, {
      epoch,
      stepsPerSecond,
      trainLoss: [...trainLoss, loss],
      validationLoss: [...judged, validationLoss],
    });
    this.#tell("epoch");
    if (!this.#best || validationLoss < this.#best.loss) {
      this.#best = { epoch, loss: validationLoss, weights: await this.#model.stateDict() };
    }
    if (epoch === 1 || epoch % EPOCHS_PER_FORECAST === 0) await this.#forecast(epoch);
  }

  async #forecast(epoch: number): Promise<void> {
    const prediction = await this.#trainer.predict(this.#task.test.x, {
      batchSize: this.#settings.batchSize,
    });
    this.#snapshot.forecast = {
      ...judge(this.#task.celsius(prediction), this.#task.heldOut.measured),
      epoch,
    };
    this.#tell("forecast");
  }

  async #whilePaused(): Promise<void> {
    if (this.#snapshot.phase !== "pausing") return;
    await this.#forecast(this.#snapshot.epoch);
    if (this.#snapshot.phase !== "pausing") return;
    this.#enter("paused");
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#abort.signal.throwIfAborted();
  }

  #enter(phase: Phase): void {
    this.#snapshot.phase = phase;
    this.#tell("phase");
  }

  #tell(change: Change): void {
    if (!this.#abort.signal.aborted) this.#notify(change);
  }
}
