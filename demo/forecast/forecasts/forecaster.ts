/** Requests forecasts from a run's worker: of the held-out part at intervals, and a roll-out whenever the visitor wants another one. */
import type { NDArray } from "webgpu-lstm";
import type { RemoteTrainer } from "webgpu-lstm/worker";
import type { RollOutPanel } from "./roll-out-panel.ts";

/** Minimum seconds between two forecasts while a model trains. */
const INTERVAL = 1.5;

/** Forecasts take at most one part in this many of the time. */
const COST = 8;

/** A model that can be asked: the one that trains, or one that was trained before. */
export interface Source {
  readonly trainer: RemoteTrainer;
  readonly model: "trained" | "shipped";
}

export class Forecaster {
  readonly #panel: RollOutPanel;
  readonly #onForecast: (forecast: NDArray, when: string) => void;
  #source: Source | undefined;
  #next = 0;
  #rolling = false;
  #wanted = false;

  /** @param onForecast Called with a forecast of the held-out part, `[windows, horizon]`, and its moment: "After epoch 3". */
  constructor(panel: RollOutPanel, onForecast: (forecast: NDArray, when: string) => void) {
    this.#panel = panel;
    this.#onForecast = onForecast;
    panel.onChange = () => void this.#rollOut().catch(() => {});
  }

  /** The model that has learned something; undefined while there is none. */
  get source(): Source | undefined {
    return this.#source;
  }

  set source(source: Source | undefined) {
    if (source?.trainer === this.#source?.trainer && source?.model === this.#source?.model) return;
    this.#next = 0;
    this.#source = source;
  }

  async forecastIfDue(when: string): Promise<void> {
    if (now() >= this.#next) await this.forecast(when);
  }

  /** Forecasts the held-out part, and rolls out. */
  async forecast(when: string): Promise<void> {
    const source = this.#source!;
    const start = now();
    const forecast = await source.trainer.call<NDArray>("heldOut", source.model);
    if (source !== this.#source) return;
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
      while (this.#wanted && this.#source) {
        this.#wanted = false;
        const source = this.#source;
        const { origin, steps, edits } = this.#panel.wish;
        const values = await source.trainer.call<Float32Array>("rollOut", source.model, origin, steps, edits);
        // While a point is dragged, each answer is drawn, though the next is wanted already.
        const wish = this.#panel.wish;
        const isEdited = edits.length > 0;
        const fits = wish.origin === origin && wish.steps === steps && wish.edits.length > 0 === isEdited;
        if (source === this.#source && fits) this.#panel.draw(values);
      }
    } finally {
      this.#rolling = false;
      this.#wanted = false;
    }
  }
}

const now = () => performance.now() / 1000;
