/** The settings form of the Tune view: the task, the extent of the search, and the ranges. */
import type { CellKind } from "../../tasks/series/cells.ts";
import type { BuiltIn, Series } from "../../tasks/series/series.ts";
import type { Settings } from "../../tasks/series/settings.ts";
import { ChoiceSlider } from "../shell/choice-slider.ts";
import { byId, element } from "../shell/dom.ts";
import { type Choices, EPOCHS, TRIALS, USUAL, usualChoices } from "./link.ts";
import type { TuneTask } from "./search.ts";
import { endsOf, isSearched, RANGED, type Ranged, type Space } from "./space.ts";

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
  onSeries: (id: BuiltIn) => void = () => {};
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
    this.#slider("tune-trials").show(TRIALS, USUAL.trials);
    this.#slider("tune-epochs").show(EPOCHS, USUAL.epochs);
    this.#slider("tune-jobs").show(JOBS, 1);
    this.#seriesId.addEventListener("change", () => this.onSeries(this.#seriesId.value as BuiltIn));
    this.#preset.addEventListener("change", () => {
      const { space } = usualChoices(this.#series!, this.#preset.value);
      this.#showSpace(space);
    });
    for (const cell of this.#cells) cell.addEventListener("change", () => this.onChange());
  }

  get choices(): Choices {
    return {
      preset: this.#chosen.name,
      ...this.#extent,
      space: this.space,
    };
  }

  get jobs(): number {
    return this.#slider("tune-jobs").value;
  }

  set jobs(value: number) {
    this.#slider("tune-jobs").show(JOBS, value);
  }

  get task(): TuneTask {
    const { name, settings } = this.#chosen;
    const { epochs } = this.#extent;
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

  get #extent() {
    return { trials: this.#slider("tune-trials").value, epochs: this.#slider("tune-epochs").value };
  }

  /** Shows choices for a series; the usual ones, with the search's extent as it is, if none are given. */
  show(
    series: Series,
    { preset, trials, epochs, space }: Choices = { ...usualChoices(series), ...this.#extent },
  ): void {
    this.#series = series;
    this.#seriesId.value = series.id;
    this.#preset.replaceChildren(...series.presets.map(({ name }) => new Option(name, name)));
    this.#preset.value = preset;
    this.#slider("tune-trials").show(TRIALS, trials);
    this.#slider("tune-epochs").show(EPOCHS, epochs);
    this.#showSpace(space);
  }

  get #chosen() {
    const { presets } = this.#series!;
    return presets.find(({ name }) => name === this.#preset.value) ?? presets[0];
  }

  #slider(id: string): ChoiceSlider {
    return this.#sliders.get(id)!;
  }

  /** Shows a space within what the preset's defaults allow. */
  #showSpace({ cells, ranges }: Space): void {
    const base = this.#chosen.settings;
    for (const cell of this.#cells) {
      cell.checked = cells.includes(cell.value as CellKind);
      // The defaults are a trial.
      cell.disabled = cell.value === base.cell;
      cell.dataset["fixed"] = String(cell.disabled);
    }
    this.#ends.clear();
    byId("tune-ranges").replaceChildren(...RANGED.map((name) => this.#range(name, base, ranges[name])));
    this.onChange();
  }

  #range(name: Ranged, base: Settings, [from, to]: readonly [number, number]): HTMLElement {
    const select = (label: string, choices: readonly number[], value: number) => {
      const made = element("select", { "aria-label": `${LABELS[name]} ${label}` });
      made.append(...choices.map((choice) => new Option(String(choice), String(choice))));
      made.value = String(value);
      made.addEventListener("change", () => this.onChange());
      return made;
    };
    const { low, high } = endsOf(name, this.#series!, base);
    const ends = { low: select("from", low, from), high: select("to", high, to) };
    this.#ends.set(name, ends);
    const legend = element("legend", {}, LABELS[name]);
    const row = element("fieldset", { class: "tune-range" }, legend, ends.low, "to", ends.high);
    row.hidden = !isSearched(name, base);
    return row;
  }
}
