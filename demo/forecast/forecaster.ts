/** Requests forecasts from a run's worker: of the held-out part at intervals, and a roll-out whenever the visitor wants another one. */
import type { NDArray } from "webgpu-lstm";
import type { RemoteTrainer } from "webgpu-lstm/worker";
import type { RollOutPanel } from "./roll-out-panel.ts";

/** Minimum seconds between two forecasts while a model trains. */
const INTERVAL = 1.5;

/** Forecasts take at most one part in this many of the time. */
const COST = 8;

export class Forecaster {
  readonly #panel: RollOutPanel;
  readonly #onForecast: (forecast: NDArray, when: string) => void;
  #trainer: RemoteTrainer | undefined;
  #next = 0;
  #rolling = false;
  #wanted = false;

  /** @param onForecast Called with a forecast of the held-out part, `[windows, horizon]`, and its moment: "After epoch 3". */
  constructor(panel: RollOutPanel, onForecast: (forecast: NDArray, when: string) => void) {
    this.#panel = panel;
    this.#onForecast = onForecast;
    panel.onChange = () => void this.#rollOut().catch(() => {});
  }

  /** The trainer of a model that has learned something; undefined while there is none. */
  set trainer(trainer: RemoteTrainer | undefined) {
    if (trainer !== this.#trainer) this.#next = 0;
    this.#trainer = trainer;
  }

  async forecastIfDue(when: string): Promise<void> {
    if (now() >= this.#next) await this.forecast(when);
  }

  /** Forecasts the held-out part, and rolls out. */
  async forecast(when: string): Promise<void> {
    const trainer = this.#trainer!;
    const start = now();
    const forecast = await trainer.call<NDArray>("heldOut");
    if (trainer !== this.#trainer) return;
    this.#onForecast(forecast, when);
    await this.#rollOut();
    this.#next = now() + Math.max(INTERVAL, COST * (now() - start));
  }

  /** Rolls out as the panel wants; during a roll-out, only the latest request is kept. */
  async #rollOut(): Promise<void> {
    this.#wanted = true;
    if (this.#rolling) return;
    this.#rolling = true;
    try {
      while (this.#wanted && this.#trainer) {
        this.#wanted = false;
        const trainer = this.#trainer;
        const { origin, steps } = this.#panel.wish;
        const values = await trainer.call<Float32Array>("rollOut", origin, steps);
        if (trainer === this.#trainer && !this.#wanted) this.#panel.draw(values);
      }
    } finally {
      this.#rolling = false;
      this.#wanted = false;
    }
  }
}

const now = () => performance.now() / 1000;
