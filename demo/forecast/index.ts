/** The Forecast view: a series, settings, and one training run at a time, in a worker. */

import { NoAdapterError, WebGpuUnavailableError } from "webgpu-lstm";
import { CsvError } from "../../tasks/csv/table.ts";
import { byId } from "../shell/dom.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice, showText } from "../shell/notice.ts";
import type { View } from "../shell/view.ts";
import { RunPanel } from "../training/panel.ts";
import { isUnderWay, newSnapshot, type Snapshot } from "../training/phase.ts";
import { findKept, forget, type KeptRun } from "../training/store.ts";
import { Controls } from "./controls.ts";
import { CsvPanel } from "./csv-panel.ts";
import "./forecast.css";
import { type HeldOut, heldOutOf } from "../../tasks/series/held-out.ts";
import { loadSeries } from "../../tasks/series/index.ts";
import type { Series, SeriesId } from "../../tasks/series/series.ts";
import type { Settings } from "../../tasks/series/settings.ts";
import { ForecastTask } from "../../tasks/series/task.ts";
import type { Linear } from "../../tasks/statistics/ridge.ts";
import html from "./forecast.html?raw";
import { takeHandover } from "./handover.ts";
import { RollOutPanel } from "./roll-out-panel.ts";
import { ForecastSession, VIEW } from "./session.ts";
import type { ForecastConfig } from "./settings.ts";
import { ForecastDisplay } from "./view.ts";

const FIGURES = [
  { name: "epoch", label: "Epoch", initial: "0" },
  { name: "speed", label: "Steps per second" },
  { name: "train-loss", label: "Training loss" },
  { name: "validation-loss", label: "Validation loss" },
] as const;

export function mount(root: HTMLElement, gpu: Gpu): View {
  root.innerHTML = html;
  return new ForecastView(gpu);
}

class ForecastView implements View {
  readonly #gpu: Gpu;
  readonly #notice = byId("notice");
  readonly #controls = new Controls(byId<HTMLFormElement>("settings"));
  readonly #csv = new CsvPanel(byId("forecast-source"));
  readonly #display = new ForecastDisplay();
  readonly #rollOut = new RollOutPanel();
  readonly #panel: RunPanel;
  readonly #session: ForecastSession;
  #series: Series | undefined;
  #task: ForecastTask | undefined;
  #heldOut: HeldOut | undefined;
  #kept: KeptRun<ForecastConfig> | undefined;
  #entered = false;
  /** Why training is impossible here; undefined if it is possible. */
  #unusable: unknown;
  #frame = 0;
  /** The number of the latest choice of a series, and a promise for its series. */
  #choices = 0;
  #fetching: Promise<void> = Promise.resolve();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#panel = new RunPanel(byId("forecast-run"), FIGURES, {
      start: () => void this.#start(),
      pause: () => void this.#session.pause(),
      resume: () => this.#session.resume(),
      cancel: () => void this.#session.cancel().catch((error) => showNotice(this.#notice, error)),
      takeOffer: () => this.#takeOffer(),
      discardOffer: () => void this.#discardOffer(),
    });
    this.#session = new ForecastSession(this.#rollOut, {
      onChange: () => this.#changed(),
      onForecast: (forecast, when) => {
        const { cell } = this.#controls.settings;
        this.#display.drawForecast({ ...this.#heldOut!.judge(cell, forecast), when });
      },
    });
    for (const radio of this.#radios) {
      radio.addEventListener("change", () => this.#choose(radio.value as SeriesId));
    }
    this.#csv.onFile = () => this.#showChoice("csv");
    this.#csv.onSeries = (found) => this.#takeFile(found);
    this.#controls.onChange = (changed) => this.#settingChanged(changed);
  }

  enter(): void {
    const { adapter } = this.#session.snapshot ?? {};
    if (adapter) this.#gpu.describe(adapter);
    const handover = takeHandover();
    if (this.#entered) {
      if (handover) this.#choose(handover.series, handover.settings);
      return;
    }
    this.#entered = true;
    if (!("gpu" in navigator)) {
      this.#gpu.describe("none");
      this.#refuse(new WebGpuUnavailableError("there is no WebGPU"));
    }
    this.#choose(handover?.series ?? "seattle", handover?.settings);
    if (!this.#unusable && !handover) void this.#lookForKept();
  }

  /** Pauses training while another view is shown; the worker owns its memory. */
  async leave(): Promise<string | undefined> {
    const { snapshot } = this.#session;
    const underWay = snapshot !== undefined && isUnderWay(snapshot.phase);
    await this.#session.pause();
    return underWay ? "paused" : undefined;
  }

  get #radios(): NodeListOf<HTMLInputElement> {
    return document.querySelectorAll("#series input");
  }

  async #lookForKept(): Promise<void> {
    const kept = await findKept<ForecastConfig>(VIEW);
    if (this.#session.started || this.#unusable) return;
    this.#kept = kept;
    this.#panel.offer(kept);
  }

  /** @param settings Those of the series' first preset if not given */
  #choose(id: SeriesId, settings?: Settings): void {
    this.#showChoice(id);
    showNotice(this.#notice, this.#unusable);
    if (id === "csv") this.#csv.tell();
    else this.#fetching = this.#fetch(id, settings);
  }

  async #fetch(id: Exclude<SeriesId, "csv">, settings: Settings | undefined): Promise<void> {
    const choice = this.#choices;
    // The form still shows the settings of another series.
    this.#controls.locked = true;
    try {
      const series = await loadSeries(id);
      if (choice === this.#choices) this.#take(series, settings);
    } catch (error) {
      if (choice !== this.#choices) return;
      this.#controls.locked = false;
      // What is chosen is what trains.
      if (this.#series) this.#mark(this.#series.id);
      showNotice(this.#notice, error);
    }
  }

  /** Shows the chosen kind of series. */
  #showChoice(id: SeriesId): void {
    this.#choices++;
    this.#mark(id);
    if (id === "csv") this.#showNothing();
  }

  #mark(id: SeriesId): void {
    for (const radio of this.#radios) radio.checked = radio.value === id;
    this.#csv.shown = id === "csv";
  }

  #showNothing(): void {
    this.#series = undefined;
    this.#session.close();
    byId("forecast-layout").hidden = true;
    byId("series-about").textContent = "";
    byId("credit-line").hidden = true;
  }

  #takeFile(found: Series | CsvError): void {
    if (!(found instanceof CsvError)) {
      showNotice(this.#notice, this.#unusable);
      this.#take(found);
      return;
    }
    this.#showNothing();
    showText(this.#notice, { title: "This file cannot be used as it is", advice: found.message });
  }

  #take(series: Series, settings: Settings = series.presets[0].settings): void {
    this.#series = series;
    byId("forecast-layout").hidden = false;
    byId("series-about").textContent = series.about;
    byId("credit-line").hidden = false;
    byId("credit").textContent = series.credit;
    this.#controls.show(series, settings);
    this.#renew();
  }

  #settingChanged(changed: keyof Settings | undefined): void {
    const { phase } = this.#session.snapshot ?? {};
    if (changed !== "learningRate" || !phase || !isUnderWay(phase)) this.#renew();
    else this.#session.learningRate = this.#controls.settings.learningRate;
  }

  /** Ends the last run and prepares a new model with the current settings. */
  #renew(): void {
    this.#session.close();
    showNotice(this.#notice, this.#unusable);
    const config = { series: this.#series!, settings: this.#controls.settings };
    this.#show(config);
    this.#draw(newSnapshot("ready", config.settings.epochs));
    if (this.#unusable) return;
    this.#session.prepare(config);
    void this.#compare(config);
  }

  #show({ series, settings }: ForecastConfig): void {
    const task = new ForecastTask(series, settings);
    this.#task = task;
    this.#heldOut = heldOutOf(task);
    this.#display.show(series, this.#heldOut, settings.cell);
    this.#rollOut.show(task, this.#heldOut, settings.cell);
  }

  /** Adds the linear regression, which the worker fits, to the baselines. */
  async #compare(config: ForecastConfig): Promise<void> {
    const task = this.#task!;
    const linear = await this.#session.ask<Linear>("linear", config).catch(() => undefined);
    if (!linear || task !== this.#task) return;
    this.#heldOut = heldOutOf(task, linear);
    this.#display.compare(this.#heldOut);
    this.#rollOut.compare(this.#heldOut);
  }

  /** Starts a run; waits for a series that is still loading. */
  async #start(): Promise<void> {
    await this.#fetching;
    const { settings } = this.#controls;
    if (this.#series) this.#begin({ series: this.#series, settings }, undefined);
  }

  #takeOffer(): void {
    const { name, config } = this.#kept!;
    const { series, settings } = config;
    this.#showChoice(series.id);
    if (series.id === "csv") this.#csv.showName(series.title);
    this.#take(series, settings);
    this.#begin(config, name);
  }

  async #discardOffer(): Promise<void> {
    this.#panel.offer(undefined);
    await forget(this.#kept!.name);
  }

  #begin(config: ForecastConfig, resume: string | undefined): void {
    this.#panel.offer(undefined);
    // Clears the results of the last run.
    if (this.#session.started) this.#show(config);
    showNotice(this.#notice, undefined);
    this.#session.begin(config, resume);
    if (!this.#heldOut!.fitted) void this.#compare(config);
  }

  /** Draws with the next frame, since training can be faster than frames. */
  #changed(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      const { snapshot, started } = this.#session;
      if (!snapshot) return;
      if (snapshot.adapter) this.#gpu.describe(snapshot.adapter);
      if (snapshot.phase === "failed") this.#failed(snapshot.error);
      // A run that is only prepared is not shown.
      if (started || snapshot.phase === "opening") this.#draw(snapshot);
      else if (this.#series) this.#draw(newSnapshot("ready", this.#controls.settings.epochs));
    });
  }

  #failed(error: unknown): void {
    if (error instanceof NoAdapterError || error instanceof WebGpuUnavailableError) {
      this.#gpu.describe("none");
      this.#refuse(error);
    } else showNotice(this.#notice, error);
  }

  /** Shows that training is impossible here. */
  #refuse(error: unknown): void {
    this.#unusable = error;
    this.#panel.drawUnusable();
    showNotice(this.#notice, error);
  }

  #draw(snapshot: Snapshot): void {
    const { phase, reports } = snapshot;
    const note = phase === "done" ? `Best validation: epoch ${this.#session.bestEpoch}.` : "";
    if (this.#unusable) this.#panel.drawUnusable();
    else this.#panel.draw(snapshot, note);
    this.#display.drawRun(snapshot);
    this.#lock(isUnderWay(phase));
    const { learningRate } = reports.at(-1) ?? {};
    // A resumed run keeps its own rate.
    if (phase === "compiling" && learningRate !== undefined) this.#controls.showLearningRate(learningRate);
  }

  #lock(locked: boolean): void {
    this.#controls.locked = locked;
    this.#csv.locked = locked;
    byId<HTMLFieldSetElement>("series").disabled = locked;
  }
}
