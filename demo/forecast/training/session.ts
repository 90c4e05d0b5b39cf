/** The current run of the view, and the forecasts during it. */
import type { NDArray } from "webgpu-lstm";
import type { RemoteTrainer } from "webgpu-lstm/worker";
import type { Snapshot } from "../../training/phase.ts";
import { TrainingRun } from "../../training/run.ts";
import { Forecaster, type Source } from "../forecasts/forecaster.ts";
import type { RollOutPanel } from "../forecasts/roll-out-panel.ts";
import type { ForecastConfig } from "../settings.ts";

/** The view's name, under which its runs are stored. */
export const VIEW = "forecast";

export interface SessionEvents {
  /** The snapshot has changed. */
  onChange(): void;
  /** @param forecast Of the held-out part, `[windows, horizon]`; @param when "After epoch 3" */
  onForecast(forecast: NDArray, when: string): void;
}

export class ForecastSession {
  readonly #events: SessionEvents;
  readonly #forecaster: Forecaster;
  #run: TrainingRun<ForecastConfig> | undefined;
  /** The configuration of the run. */
  #config: ForecastConfig | undefined;
  /** The trainer of the run, once its worker is ready. */
  #ready: Promise<RemoteTrainer> | undefined;
  /** The number of the latest model that was to be shown. */
  #shipping = 0;
  #started = false;
  #bestEpoch: number | undefined;

  constructor(panel: RollOutPanel, events: SessionEvents) {
    this.#events = events;
    this.#forecaster = new Forecaster(panel, (forecast, when) => events.onForecast(forecast, when));
  }

  get snapshot(): Snapshot | undefined {
    return this.#run?.snapshot;
  }

  /** Whether the run has been started, not only prepared. */
  get started(): boolean {
    return this.#started;
  }

  /** The epoch whose weights the model has at the end. */
  get bestEpoch(): number | undefined {
    return this.#bestEpoch;
  }

  /** The model that answers now, if there is one. */
  get source(): Source | undefined {
    return this.#forecaster.source;
  }

  /** Forecasts with a model that was trained before, until a run has learned something. */
  async ship(config: ForecastConfig, file: Uint8Array): Promise<void> {
    const shipping = ++this.#shipping;
    const trainer = await this.#ready!;
    // Of several, asked for in quick succession, only the last.
    if (shipping !== this.#shipping) return;
    try {
      await trainer.call("ship", config, file);
      if (shipping !== this.#shipping) return;
      this.#forecaster.source = { trainer, model: "shipped" };
      await this.#forecaster.forecast("Trained beforehand");
    } catch (error) {
      // Another model, or a run, has taken its place meanwhile.
      if (shipping === this.#shipping) throw error;
    }
  }

  /** Forgets the model that was trained before. */
  unship(): void {
    this.#shipping++;
    if (!this.#started) this.#forecaster.source = undefined;
  }

  /** Applies from the next step on. */
  set learningRate(value: number) {
    void this.#run?.trainer?.call("learningRate", value).catch(() => {});
  }

  /** Calls an action of the run's worker once it is ready; never settles if it does not become ready. */
  async ask<T>(action: string, ...args: unknown[]): Promise<T> {
    const trainer = await this.#ready!;
    return trainer.call<T>(action, ...args);
  }

  /** Starts the worker of the next run early, which shows whether there is a GPU. */
  prepare(config: ForecastConfig): void {
    if (!this.#run) this.#open(config, undefined);
  }

  /** @param resume The name of a stored run to continue */
  begin(config: ForecastConfig, resume: string | undefined): void {
    const prepared =
      resume === undefined &&
      !this.#started &&
      this.snapshot?.phase !== "failed" &&
      this.#config?.series === config.series &&
      this.#config.settings === config.settings;
    if (!prepared) {
      this.close();
      this.#open(config, resume);
    }
    this.#started = true;
    this.#shipping++;
    this.#forecaster.source = undefined;
    this.#bestEpoch = undefined;
    this.#run!.start();
  }

  /** Ends a run that has been started; a prepared run stays, since it may be used later. */
  close(): void {
    if (!this.#started) return;
    this.#run?.dispose();
    this.#run = undefined;
    this.#started = false;
    this.#config = undefined;
    this.#forecaster.source = undefined;
  }

  async pause(): Promise<void> {
    await this.#run?.pause();
  }

  resume(): void {
    this.#run?.resume();
  }

  /** Ends training. The last forecast is made with the weights that the model has then. */
  async cancel(): Promise<void> {
    const run = this.#run!;
    await run.cancel();
    if (run !== this.#run || !this.#started) return;
    // Without a trainer, its worker was ended.
    this.#forecaster.source = run.trainer && { trainer: run.trainer, model: "trained" };
    this.#events.onChange();
    if (!run.trainer || !hasLearned(run.snapshot)) return;
    try {
      await this.#forecaster.forecast(momentOf(run.snapshot));
    } catch (error) {
      // The next run has ended this one's worker.
      if (run === this.#run) throw error;
    }
  }

  /** Starts a new run in a new worker; the last run ends. */
  #open(config: ForecastConfig, resume: string | undefined): void {
    this.#run?.dispose();
    this.#config = config;
    let opened: (trainer: RemoteTrainer) => void;
    this.#ready = new Promise((resolve) => {
      opened = resolve;
    });
    const run: TrainingRun<ForecastConfig> = new TrainingRun({
      view: VIEW,
      worker: () => new Worker(new URL("./train.worker.ts", import.meta.url), { type: "module" }),
      config,
      epochs: config.settings.epochs,
      callbacks: ["best"],
      resume,
      onChange: () => {
        if (run.trainer) opened(run.trainer);
        this.#events.onChange();
      },
      onEpoch: async (trainer) => {
        this.#forecaster.source = { trainer, model: "trained" };
        await this.#forecaster.forecastIfDue(momentOf(run.snapshot));
      },
      onPause: async (trainer) => {
        if (!hasLearned(run.snapshot)) return;
        this.#forecaster.source = { trainer, model: "trained" };
        await this.#forecaster.forecast(momentOf(run.snapshot));
      },
      onDone: (trainer) => this.#finish(trainer),
    });
    this.#run = run;
  }

  /** From now on, forecasts use the weights of the best epoch. */
  async #finish(trainer: RemoteTrainer): Promise<void> {
    this.#bestEpoch = await trainer.call<number>("bestEpoch");
    this.#forecaster.source = { trainer, model: "trained" };
    await this.#forecaster.forecast(`With the weights of epoch ${this.#bestEpoch}`);
  }
}

/** Whether a step has been made. */
const hasLearned = ({ epoch, batch }: Snapshot) => epoch > 0 || batch > 0;

/** "After epoch 3", "In epoch 4" */
function momentOf({ epoch, batch }: Snapshot): string {
  return batch > 0 ? `In epoch ${epoch + 1}` : `After epoch ${epoch}`;
}
