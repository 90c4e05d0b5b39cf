/** The settings form of the Tune view: the task, the extent of the search, and the ranges. */
import type { CellKind } from "../../tasks/series/cells.ts";
import type { Series, SeriesId } from "../../tasks/series/series.ts";
import type { Settings } from "../../tasks/series/settings.ts";
import { ChoiceSlider } from "../shell/choice-slider.ts";
import { byId, element } from "../shell/dom.ts";
import type { TuneTask } from "./search.ts";
import { choicesOf, isSearched, RANGED, type Ranged, type Space, usualRange } from "./space.ts";

const TRIALS = [5, 10, 20, 40, 80, 160];
const EPOCHS = [2, 3, 5, 10, 20, 30, 60];
const JOBS = [1, 2, 3, 4];

const LABELS: Readonly<Record<Ranged, string>> = {
  hiddenSize: "Hidden size",
  numLayers: "Layers",
  learningRate: "Learning rate",
  batchSize: "Batch size",
  window: "Window",
};

/** The two ends of a range. */
interface Ends {
  readonly low: HTMLSelectElement;
  readonly high: HTMLSelectElement;
}

export class TuneControls {
  /** Called when another series is chosen. */
  onSeries: (id: Exclude<SeriesId, "csv">) => void = () => {};
  /** Called when the task or the space has changed. */
  onChange: () => void = () => {};
  readonly #form = byId<HTMLFormElement>("tune-settings");
  readonly #seriesId = byId<HTMLSelectElement>("tune-series");
  readonly #preset = byId<HTMLSelectElement>("tune-preset");
  readonly #cells = this.#form.querySelectorAll<HTMLInputElement>("#tune-cells input");
  readonly #sliders = new Map<string, ChoiceSlider>();
  readonly #ends = new Map<Ranged, Ends>();
  #series: Series | undefined;

  constructor() {
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    for (const row of this.#form.querySelectorAll<HTMLElement>(".slider")) {
      const slider = new ChoiceSlider(row, String);
      this.#sliders.set(row.dataset["input"]!, slider);
      slider.onChange = () => this.onChange();
    }
    this.#slider("tune-trials").show(TRIALS, 20);
    this.#slider("tune-epochs").show(EPOCHS, 10);
    this.#slider("tune-jobs").show(JOBS, 1);
    this.#seriesId.addEventListener("change", () =>
      this.onSeries(this.#seriesId.value as Exclude<SeriesId, "csv">),
    );
    this.#preset.addEventListener("change", () => this.#showBase());
    for (const cell of this.#cells) cell.addEventListener("change", () => this.onChange());
  }

  get trials(): number {
    return this.#slider("tune-trials").value;
  }

  get jobs(): number {
    return this.#slider("tune-jobs").value;
  }

  set jobs(value: number) {
    this.#slider("tune-jobs").show(JOBS, value);
  }

  get task(): TuneTask {
    const { name, settings } = this.#chosen;
    const epochs = this.#slider("tune-epochs").value;
    return { series: this.#series!, preset: name, base: { ...settings, epochs } };
  }

  get space(): Space {
    const cells = [...this.#cells].filter(({ checked }) => checked).map(({ value }) => value as CellKind);
    const ranges = Object.fromEntries(
      RANGED.map((name) => {
        const { low, high } = this.#ends.get(name)!;
        return [name, [Number(low.value), Number(high.value)]];
      }),
    ) as Record<Ranged, [number, number]>;
    return { cells, ranges };
  }

  /** Whether a search runs: then nothing can be changed. */
  set locked(value: boolean) {
    for (const input of this.#form.querySelectorAll<HTMLInputElement>("input, select, button"))
      input.disabled = value || input.dataset["fixed"] === "true";
  }

  /** Shows the choices of a series. */
  show(series: Series): void {
    this.#series = series;
    this.#seriesId.value = series.id;
    this.#preset.replaceChildren(...series.presets.map(({ name }) => new Option(name, name)));
    this.#showBase();
  }

  get #chosen() {
    const { presets } = this.#series!;
    return presets.find(({ name }) => name === this.#preset.value) ?? presets[0];
  }

  #slider(id: string): ChoiceSlider {
    return this.#sliders.get(id)!;
  }

  /** Shows what a preset's defaults allow. */
  #showBase(): void {
    const base = this.#chosen.settings;
    for (const cell of this.#cells) {
      const isDefault = cell.value === base.cell;
      cell.checked = isDefault || cell.value === "GRU";
      // The defaults are a trial.
      cell.dataset["fixed"] = String(isDefault);
      cell.disabled = isDefault;
    }
    this.#ends.clear();
    byId("tune-ranges").replaceChildren(...RANGED.map((name) => this.#range(name, base)));
    this.onChange();
  }

  #range(name: Ranged, base: Settings): HTMLElement {
    const [low, high] = usualRange(name, this.#series!, base);
    const own = base[name];
    const values = [...new Set([...choicesOf(name, this.#series!), own, low, high])].sort((a, b) => a - b);
    const select = (label: string, choices: readonly number[], value: number) => {
      const made = element("select", { "aria-label": `${LABELS[name]} ${label}` });
      made.append(...choices.map((choice) => new Option(String(choice), String(choice))));
      made.value = String(value);
      made.addEventListener("change", () => this.onChange());
      return made;
    };
    const ends = {
      low: select(
        "from",
        values.filter((value) => value <= own),
        low,
      ),
      high: select(
        "to",
        values.filter((value) => value >= own),
        high,
      ),
    };
    this.#ends.set(name, ends);
    const legend = element("legend", {}, LABELS[name]);
    const row = element("fieldset", { class: "tune-range" }, legend, ends.low, "to", ends.high);
    row.hidden = !isSearched(name, base);
    return row;
  }
}
