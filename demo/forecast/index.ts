/** The Forecast view: a series, settings, and one training run at a time, in a worker. */

import { NoAdapterError, WebGpuUnavailableError } from "webgpu-lstm";
import { CsvError } from "../../tasks/csv/table.ts";
import type { LinkSettings } from "../shell/address.ts";
import { byId, setText } from "../shell/dom.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice, showText } from "../shell/notice.ts";
import type { Frame, View } from "../shell/view.ts";
import { RunPanel } from "../training/panel.ts";
import { isUnderWay, newSnapshot, type Snapshot } from "../training/phase.ts";
import { findKept, forget, type KeptRun } from "../training/store.ts";
import { carry } from "./carry.ts";
import { Controls } from "./controls.ts";
import "./forecast.css";
import { loadSeries } from "../../tasks/series/index.ts";
import { BUILT_IN, type BuiltIn, isBuiltIn, type Series } from "../../tasks/series/series.ts";
import type { Settings } from "../../tasks/series/settings.ts";
import html from "./forecast.html?raw";
import { takeHandover } from "./handover.ts";
import { linkOf, settingsForLater, settingsOfLink } from "./link.ts";
import { OwnSeries } from "./own-series/own-series.ts";
import { type Choice, SeriesChoice } from "./series-choice.ts";
import type { ForecastConfig } from "./settings.ts";
import { Stage } from "./stage.ts";
import { TakeAway } from "./take-away.ts";
import { VIEW } from "./training/session.ts";

const FIGURES = [
  { name: "epoch", label: "Epoch", initial: "0" },
  { name: "speed", label: "Steps per second" },
  { name: "train-loss", label: "Training loss" },
  { name: "validation-loss", label: "Validation loss" },
] as const;

export function mount(root: HTMLElement, gpu: Gpu, frame: Frame): View {
  root.innerHTML = html;
  return new ForecastView(gpu, frame);
}

class ForecastView implements View {
  readonly #gpu: Gpu;
  readonly #address: Frame;
  readonly #notice = byId("notice");
  readonly #controls = new Controls(byId<HTMLFormElement>("settings"));
  readonly #choice = new SeriesChoice();
  readonly #own: OwnSeries;
  readonly #stage = new Stage(() => this.#changed());
  readonly #session = this.#stage.session;
  readonly #panel: RunPanel;
  #series: Series | undefined;
  #kept: KeptRun<ForecastConfig> | undefined;
  #entered = false;
  /** Why training is impossible here; undefined if it is possible. */
  #unusable: unknown;
  #frame = 0;
  /** The number of the latest choice of a series, and a promise for its series. */
  #choices = 0;
  #fetching: Promise<void> = Promise.resolve();
  /** The settings that a link has for the visitor's next series. */
  #asked: ((series: Series) => Settings) | undefined;

  constructor(gpu: Gpu, frame: Frame) {
    this.#gpu = gpu;
    this.#address = frame;
    const takeAway = new TakeAway(
      frame,
      () => this.#stage.shown,
      (error) => showNotice(this.#notice, error),
    );
    this.#stage.onFitted = (error) => showNotice(this.#notice, error);
    this.#stage.onModel = (there) => {
      takeAway.enabled = there;
    };
    this.#panel = new RunPanel(byId("forecast-run"), FIGURES, {
      start: () => void this.#start(),
      pause: () => void this.#session.pause(),
      resume: () => this.#session.resume(),
      cancel: () => void this.#session.cancel().catch((error) => showNotice(this.#notice, error)),
      takeOffer: () => this.#takeOffer(),
      discardOffer: () => void this.#discardOffer(),
    });
    this.#choice.onChoose = (id) => this.#choose(id);
    this.#own = new OwnSeries((data) => frame.urlWith({ data }));
    this.#own.onFile = () => this.#showChoice("csv");
    this.#own.onSeries = (found) => this.#takeOwn(found);
    this.#controls.onChange = (changed) => this.#settingChanged(changed);
  }

  get linkContents() {
    return this.#own.linkContents;
  }

  enter(): void {
    const { adapter } = this.#session.snapshot ?? {};
    if (adapter) this.#gpu.describe(adapter);
    if (!this.#unusable) void this.#stage.compare();
    const handover = takeHandover();
    if (handover) this.#choose(handover.series, () => handover.settings);
    else if (this.#choices === 0) this.#choose(BUILT_IN[0]);
    if (!this.#entered && !handover && !this.#unusable) void this.#lookForKept();
    this.#entered = true;
  }

  /** Shows what a link says; a run under way ends. */
  async restore(link: LinkSettings): Promise<void> {
    const id = link.choice("series", [...BUILT_IN, "drawn", "csv"]) ?? BUILT_IN[0];
    const isThere = isBuiltIn(id) || this.#own.restore(id, link);
    this.#choose(id, isThere ? (series) => settingsOfLink(link, series) : settingsForLater(link));
    await this.#fetching;
  }

  /** Pauses training while another view is shown; the worker owns its memory. */
  async leave(): Promise<string | undefined> {
    const { snapshot } = this.#session;
    const underWay = snapshot !== undefined && isUnderWay(snapshot.phase);
    this.#stage.rest();
    await this.#session.pause();
    return underWay ? "paused" : undefined;
  }

  #checkGpu(): void {
    if ("gpu" in navigator) return;
    this.#gpu.describe("none");
    this.#refuse(new WebGpuUnavailableError("there is no WebGPU"));
  }

  async #lookForKept(): Promise<void> {
    const [kept] = await Promise.all([findKept<ForecastConfig>(VIEW), this.#fetching]);
    if (this.#session.started || this.#unusable) return;
    this.#kept = kept;
    this.#panel.offer(kept);
    // There is a run to go on with, though the address wants a file that is not there.
    if (kept && !this.#series) this.#choice.offer = true;
  }

  /** @param settings Those of the series' first preset if not given */
  #choose(id: Choice, settings?: (series: Series) => Settings): void {
    if (this.#choices === 0) this.#checkGpu();
    this.#showChoice(id);
    showNotice(this.#notice, this.#unusable);
    this.#asked = undefined;
    if (isBuiltIn(id)) this.#fetching = this.#fetch(id, settings);
    else {
      this.#asked = settings;
      this.#own.tell(id);
    }
  }

  async #fetch(id: BuiltIn, settings?: (series: Series) => Settings): Promise<void> {
    const choice = this.#choices;
    // The form still shows the settings of another series.
    this.#controls.locked = true;
    try {
      const series = await loadSeries(id);
      if (choice === this.#choices) this.#take(series, settings?.(series));
    } catch (error) {
      if (choice !== this.#choices) return;
      this.#controls.locked = false;
      // What is chosen is what trains.
      if (this.#series) this.#mark(this.#series.id);
      showNotice(this.#notice, error);
    }
  }

  /** Shows the chosen kind of series. */
  #showChoice(id: Choice): void {
    this.#choices++;
    this.#mark(id);
    if (id === "csv") this.#showNothing();
  }

  #mark(id: Choice): void {
    this.#choice.marked = id;
    this.#own.shown = id;
  }

  #showNothing(): void {
    this.#series = undefined;
    this.#session.close();
    this.#choice.show(undefined);
  }

  #takeOwn(found: Series | CsvError): void {
    if (found instanceof CsvError) {
      this.#showNothing();
      showText(this.#notice, { title: "This file cannot be used as it is", advice: found.message });
      return;
    }
    showNotice(this.#notice, this.#unusable);
    const asked = this.#asked?.(found);
    this.#asked = undefined;
    const { series: before, settings } = this.#controls;
    // A file, other columns of it and another stroke keep what was chosen.
    const isMore = found.id === "csv" || this.#series?.id === "drawn";
    const carried = !asked && before && isMore ? carry(before, settings, found) : undefined;
    setText(byId("csv-carried"), carried?.note ?? "");
    this.#take(found, asked ?? carried?.settings);
  }

  #take(series: Series, settings: Settings = series.presets[0].settings): void {
    this.#series = series;
    this.#choice.show(series);
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
    this.#address.keep(linkOf(config.series, config.settings, this.#own.dataOf(config.series)));
    this.#stage.show(config);
    this.#drawRun(newSnapshot("ready", config.settings.epochs));
    if (this.#unusable) return;
    this.#stage.prepare(config).catch((error) => {
      // A failed run says so itself.
      if (this.#session.snapshot?.phase !== "failed") showNotice(this.#notice, error);
    });
  }

  /** Starts a run; waits for a series that is still loading. */
  async #start(): Promise<void> {
    await this.#fetching;
    if (this.#series?.id === "drawn") this.#own.settle();
    const { settings } = this.#controls;
    if (this.#series) this.#begin({ series: this.#series, settings }, undefined);
  }

  #takeOffer(): void {
    const { name, config } = this.#kept!;
    const { series, settings } = config;
    this.#showChoice(series.id);
    this.#own.takeRun(series);
    this.#take(series, settings);
    this.#begin(config, name);
  }

  async #discardOffer(): Promise<void> {
    this.#panel.offer(undefined);
    if (!this.#series) this.#choice.offer = false;
    await forget(this.#kept!.name);
  }

  #begin(config: ForecastConfig, resume: string | undefined): void {
    this.#panel.offer(undefined);
    showNotice(this.#notice, undefined);
    this.#stage.begin(config, resume);
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
      if (started || snapshot.phase === "opening") this.#drawRun(snapshot);
      else if (this.#series) this.#drawRun(newSnapshot("ready", this.#controls.settings.epochs));
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

  #drawRun(snapshot: Snapshot): void {
    const { phase, reports } = snapshot;
    const note = phase === "done" ? `Best validation: epoch ${this.#session.bestEpoch}.` : "";
    if (this.#unusable) this.#panel.drawUnusable();
    else this.#panel.draw(snapshot, note);
    this.#stage.drawRun(snapshot);
    this.#lock(isUnderWay(phase));
    const { learningRate } = reports.at(-1) ?? {};
    // A resumed run keeps its own rate.
    if (phase === "compiling" && learningRate !== undefined) this.#controls.showLearningRate(learningRate);
  }

  #lock(locked: boolean): void {
    this.#controls.locked = locked;
    this.#own.locked = locked;
    this.#choice.locked = locked;
  }
}
