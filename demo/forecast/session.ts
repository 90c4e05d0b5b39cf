/** The view's present run, and the forecasts that its worker is asked for meanwhile. */
import type { NDArray } from "webgpu-lstm";
import type { RemoteTrainer } from "webgpu-lstm/worker";
import type { Snapshot } from "../training/phase.ts";
import { TrainingRun } from "../training/run.ts";
import { Forecaster } from "./forecaster.ts";
import type { RollOutPanel } from "./roll-out-panel.ts";
import type { ForecastConfig } from "./settings.ts";

/** The view's name: its run is kept under it. */
export const ID = "forecast";

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
  /** What the run is of. */
  #config: ForecastConfig | undefined;
  #started = false;
  #bestEpoch: number | undefined;

  constructor(panel: RollOutPanel, events: SessionEvents) {
    this.#events = events;
    this.#forecaster = new Forecaster(panel, (forecast, when) => events.onForecast(forecast, when));
  }

  get snapshot(): Snapshot | undefined {
    return this.#run?.snapshot;
  }

  /** Whether the run is more than prepared. */
  get started(): boolean {
    return this.#started;
  }

  /** Whose weights the model has, once it is done. */
  get bestEpoch(): number | undefined {
    return this.#bestEpoch;
  }

  /** Holds from the next step on. */
  set learningRate(value: number) {
    void this.#run?.trainer?.call("learningRate", value).catch(() => {});
  }

  /** The first run's worker is begun before it is wanted, and says whether there is a GPU; another's when it is started. */
  prepare(config: ForecastConfig): void {
    if (!this.#run) this.#open(config, false);
  }

  /** @param resume Whether to go on from the kept checkpoint */
  begin(config: ForecastConfig, resume: boolean): void {
    const prepared =
      !resume &&
      !this.#started &&
      this.snapshot?.phase !== "failed" &&
      this.#config?.series === config.series &&
      this.#config.settings === config.settings;
    if (!prepared) {
      this.close();
      this.#open(config, resume);
    }
    this.#started = true;
    this.#bestEpoch = undefined;
    this.#run!.start();
  }

  /** Ends a run that has been started; one that has not may still be of use. */
  close(): void {
    if (!this.#started) return;
    this.#run?.dispose();
    this.#started = false;
    this.#config = undefined;
    this.#forecaster.trainer = undefined;
  }

  async pause(): Promise<void> {
    await this.#run?.pause();
  }

  resume(): void {
    this.#run?.resume();
  }

  async cancel(): Promise<void> {
    const run = this.#run!;
    await run.cancel();
    // Its worker had to be ended.
    if (run === this.#run && !run.trainer) this.#forecaster.trainer = undefined;
    this.#events.onChange();
  }

  /** A new run in a new worker; the one before ends. */
  #open(config: ForecastConfig, resume: boolean): void {
    this.#run?.dispose();
    this.#config = config;
    const after = () => `After epoch ${run.snapshot.epoch}`;
    const run = new TrainingRun<ForecastConfig>({
      id: ID,
      worker: () => new Worker(new URL("./train.worker.ts", import.meta.url), { type: "module" }),
      config,
      epochs: config.settings.epochs,
      callbacks: ["best"],
      resume,
      onChange: () => this.#events.onChange(),
      onEpoch: async (trainer) => {
        this.#forecaster.trainer = trainer;
        await this.#forecaster.forecastIfDue(after());
      },
      onPause: async (trainer) => {
        const { epoch, batch } = run.snapshot;
        if (epoch === 0) return;
        this.#forecaster.trainer = trainer;
        await this.#forecaster.forecast(batch > 0 ? `In epoch ${epoch + 1}` : after());
      },
      onDone: (trainer) => this.#finish(trainer),
    });
    this.#run = run;
  }

  /** The weights of the best epoch are the ones that forecast from now on. */
  async #finish(trainer: RemoteTrainer): Promise<void> {
    this.#bestEpoch = await trainer.call<number>("bestEpoch");
    this.#forecaster.trainer = trainer;
    await this.#forecaster.forecast(`With the weights of epoch ${this.#bestEpoch}`);
  }
}
