/**
 * The settings form. Every slider offers a short list of sensible values, which are in `settings.ts` and, for window
 * and horizon, in the series. The caller decides what a change means: a new model, or only a new learning rate.
 */

import type { CellKind } from "../../tasks/series/cells.ts";
import type { Series } from "../../tasks/series/series.ts";
import { type Goal, type Settings, WHOLE } from "../../tasks/series/settings.ts";
import { ChoiceSlider } from "../shell/choice-slider.ts";
import { brief } from "../shell/format.ts";
import { stepCount } from "./format.ts";
import { CHOICES, type SliderName } from "./settings.ts";

const SLIDERS: readonly SliderName[] = [
  "window",
  "horizon",
  "hiddenSize",
  "numLayers",
  "learningRate",
  "batchSize",
  "epochs",
];

/** Binds the form. */
export class Controls {
  /** Called with the name of the setting that changed; undefined when a preset has changed several. */
  onChange: (changed: keyof Settings | undefined) => void = () => {};
  readonly #form: HTMLFormElement;
  readonly #preset: HTMLSelectElement;
  readonly #cell: HTMLSelectElement;
  readonly #goal: HTMLSelectElement;
  readonly #sliders: ReadonlyMap<SliderName, ChoiceSlider>;
  #series: Series | undefined;
  #settings: Settings | undefined;

  constructor(form: HTMLFormElement) {
    this.#form = form;
    this.#preset = form.querySelector("#preset")!;
    this.#cell = form.querySelector("#cell")!;
    this.#goal = form.querySelector("#goal")!;
    form.addEventListener("submit", (event) => event.preventDefault());
    this.#sliders = new Map(SLIDERS.map((name) => [name, this.#slider(name)]));
    this.#cell.addEventListener("change", () => this.#set("cell", this.#cell.value as CellKind));
    this.#goal.addEventListener("change", () => this.#set("goal", this.#goal.value as Goal));
    this.#preset.addEventListener("change", () => {
      const preset = this.#series!.presets.find(({ name }) => name === this.#preset.value);
      if (!preset) return;
      this.show(this.#series!, preset.settings);
      this.onChange(undefined);
    });
  }

  /** The series whose choices are shown; undefined before {@link show}. */
  get series(): Series | undefined {
    return this.#series;
  }

  /** The chosen settings; only after {@link show}. */
  get settings(): Settings {
    return this.#settings!;
  }

  /** Whether a model trains: then only its learning rate can be changed. */
  set locked(value: boolean) {
    for (const input of this.#form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select")) {
      input.disabled = value && input.id !== "learning-rate";
    }
  }

  /** Shows the choices of a series, with these settings. */
  show(series: Series, settings: Settings): void {
    this.#series = series;
    this.#settings = settings;
    this.#cell.value = settings.cell;
    this.#goal.value = settings.goal;
    for (const name of SLIDERS) this.#showSlider(name);
    this.#showPreset();
  }

  /** Shows the learning rate of a resumed run. */
  showLearningRate(value: number): void {
    if (!this.#settings || this.#settings.learningRate === value) return;
    this.#settings = { ...this.#settings, learningRate: value };
    this.#showSlider("learningRate");
    this.#showPreset();
  }

  #set<Name extends keyof Settings>(name: Name, value: Settings[Name]): void {
    this.#settings = { ...this.#settings!, [name]: value };
    this.#showPreset();
    this.onChange(name);
  }

  #showPreset(): void {
    const { presets } = this.#series!;
    const names = presets.map(({ name }) => name);
    const fits = presets.find(({ settings }) => sameSettings(settings, this.#settings!));
    const options = [...names, ...(fits ? [] : ["Your own"])].map((name) => new Option(name, name));
    this.#preset.replaceChildren(...options);
    this.#preset.value = fits?.name ?? "Your own";
  }

  #choices(name: SliderName): readonly number[] {
    if (name === "window") return this.#series!.windows;
    if (name === "horizon") return this.#series!.horizons;
    return CHOICES[name];
  }

  #text(name: SliderName, value: number): string {
    if (name === "window" || name === "horizon") return stepCount(this.#series!, value);
    if (name === "batchSize") return value === WHOLE ? "all at once" : `${value} windows`;
    return brief(value);
  }

  #slider(name: SliderName): ChoiceSlider {
    const row = this.#form.querySelector<HTMLElement>(`[data-setting=${name}]`)!;
    const slider = new ChoiceSlider(row, (value) => this.#text(name, value));
    slider.onChange = (value) => this.#set(name, value);
    return slider;
  }

  #showSlider(name: SliderName): void {
    const choices = this.#choices(name);
    const value = this.#settings![name];
    // A value that another view has found goes between those that the slider has.
    const after = choices.findIndex((choice) => choice > value || choice === WHOLE);
    const at = after < 0 ? choices.length : after;
    this.#sliders.get(name)!.show(choices.includes(value) ? choices : choices.toSpliced(at, 0, value), value);
  }
}

export function sameSettings(a: Settings, b: Settings): boolean {
  return (Object.keys(a) as (keyof Settings)[]).every((name) => a[name] === b[name]);
}
