/** The Forecast view: one form, one training session at a time. */
import type { Device } from "webgpu-lstm";
import { seattleCsv } from "../../examples/seattle/csv.ts";
import { DEFAULTS } from "../../examples/seattle/defaults.ts";
import { forecastTask } from "../../examples/seattle/task.ts";
import { parseWeather } from "../../examples/seattle/weather.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice } from "../shell/notice.ts";
import type { View } from "../shell/view.ts";
import { Controls } from "./controls.ts";
import "./forecast.css";
import html from "./forecast.html?raw";
import { TrainingSession, untrained } from "./session.ts";
import { ForecastDisplay } from "./view.ts";

export function mount(root: HTMLElement, gpu: Gpu): View {
  root.innerHTML = html;
  return new Forecast(gpu);
}

class Forecast implements View {
  readonly #gpu: Gpu;
  readonly #weather = parseWeather(seattleCsv);
  readonly #display = new ForecastDisplay();
  readonly #notice = document.getElementById("notice")!;
  readonly #controls: Controls;
  #device: Device | undefined;
  #session: TrainingSession | undefined;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    const { window: days, hidden, layers, batchSize, epochs, learningRate } = DEFAULTS;
    this.#controls = new Controls(document.getElementById("settings") as HTMLFormElement, {
      horizon: 1,
      hiddenSize: hidden,
      numLayers: layers,
      window: days,
      batchSize,
      epochs,
      learningRate,
    });
    const { settings } = this.#controls;
    this.#display.drawAll(untrained(forecastTask(this.#weather, settings), settings, "waiting"));
    this.#controls.onChange = (changed) => {
      if (changed !== "learningRate") this.#renew();
      else if (this.#session) this.#session.learningRate = this.#controls.settings.learningRate;
    };
    this.#display.toggle.addEventListener("click", () => this.#toggle());
    this.#display.reset.addEventListener("click", () => this.#renew());
  }

  /** Asks for the device at the first visit. */
  enter(): void {
    if (!this.#device) void this.#open();
  }

  async leave(): Promise<void> {
    await this.#session?.stop();
  }

  async #open(): Promise<void> {
    try {
      const device = await this.#gpu.device();
      if (this.#device) return;
      this.#device = device;
      void device.lost.then((error) => {
        void this.#session?.dispose();
        this.#unusable(error);
      });
      this.#controls.enabled = true;
      this.#renew();
    } catch (error) {
      this.#unusable(error);
    }
  }

  /** A new session on the present settings; the one before, if any, ends. */
  #renew(): void {
    const { settings } = this.#controls;
    void this.#session?.dispose();
    const task = forecastTask(this.#weather, settings);
    const opened = new TrainingSession(this.#device!, task, settings, (change) => {
      this.#display.draw(opened.snapshot, change);
      if (opened.snapshot.phase === "failed") showNotice(this.#notice, opened.snapshot.error);
    });
    this.#session = opened;
    showNotice(this.#notice, undefined);
    this.#display.drawAll(opened.snapshot);
  }

  #toggle(): void {
    const { phase } = this.#session!.snapshot;
    if (phase === "compiling" || phase === "training") this.#session!.pause();
    else if (phase === "pausing" || phase === "paused") this.#session!.resume();
    else {
      if (phase !== "ready") this.#renew();
      this.#session!.start();
    }
  }

  /** Shows why nothing can be trained here (any more). */
  #unusable(error: unknown): void {
    this.#controls.enabled = false;
    this.#display.drawUnusable();
    showNotice(this.#notice, error);
  }
}
