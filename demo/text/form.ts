/** The two forms of the Text view: the text and the training settings, and the writing settings. */

import type { CellKind } from "../../tasks/series/cells.ts";
import { ChoiceSlider } from "../shell/choice-slider.ts";
import { partsOf, setText } from "../shell/dom.ts";
import { count, decimals } from "../shell/format.ts";
import {
  CHAPTERS,
  CHOICES,
  characterCount,
  type ModelSettings,
  type SliderName,
  type Source,
  type TextConfig,
  textProblem,
  type WritingSettings,
} from "./settings.ts";
import { expectationOf } from "./training/expected.ts";

/** An error that the visitor can correct; shown in a notice. */
export class SettingsError extends Error {
  readonly title: string;

  constructor(title: string, advice: string) {
    super(advice);
    this.title = title;
  }
}

const SLIDERS = Object.keys(CHOICES) as SliderName[];

const UNITS: Partial<Record<SliderName, string>> = { length: " characters", batchSize: " tracks" };

const byId = partsOf("text");

/** The form for the text and the training settings. */
export class SettingsForm {
  /** Called when the visitor has changed something. */
  onChange: () => void = () => {};
  readonly #form = byId<HTMLFormElement>("settings");
  readonly #pasted = byId<HTMLTextAreaElement>("pasted");
  readonly #from = byId<HTMLInputElement>("from");
  readonly #to = byId<HTMLInputElement>("to");
  readonly #sliders: Readonly<Record<SliderName, ChoiceSlider>>;

  constructor() {
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("change", () => {
      this.#showExpected();
      this.onChange();
    });
    const sliders = SLIDERS.map((name) => [name, this.#slider(name)] as const);
    this.#sliders = Object.fromEntries(sliders) as Record<SliderName, ChoiceSlider>;
    for (const radio of this.#radios) radio.addEventListener("change", () => this.#showSource());
    this.#pasted.addEventListener("input", () => this.#showCount());
    this.#showCount();
  }

  /** @throws {@link SettingsError} for a text that cannot be trained on */
  read(): Pick<TextConfig, "source" | "settings"> {
    const settings = this.#settings();
    return { settings, source: this.#source(settings) };
  }

  /** The current choices, even if the text cannot be trained on; undefined if the chapters do not exist. */
  get choices(): Pick<TextConfig, "source" | "settings"> | undefined {
    const settings = this.#settings();
    if (this.#kind === "own") return { settings, source: { kind: "own", text: this.#pasted.value } };
    const source = this.#chapters();
    return source && { settings, source };
  }

  /** Shows the settings of a run. */
  show({ source, settings }: Pick<TextConfig, "source" | "settings">): void {
    for (const radio of this.#radios) radio.checked = radio.value === source.kind;
    if (source.kind === "own") this.#pasted.value = source.text;
    else {
      this.#from.value = String(source.from);
      this.#to.value = String(source.to);
    }
    byId<HTMLSelectElement>("cell").value = settings.cell;
    for (const name of SLIDERS) this.#sliders[name].show(CHOICES[name], settings[name]);
    this.#showSource();
    this.#showCount();
    this.#showExpected();
  }

  get #radios(): NodeListOf<HTMLInputElement> {
    return this.#form.querySelectorAll("input[name=text-source]");
  }

  #settings(): ModelSettings {
    const of = (name: SliderName) => this.#sliders[name].value;
    return {
      cell: byId<HTMLSelectElement>("cell").value as CellKind,
      hiddenSize: of("hiddenSize"),
      numLayers: of("numLayers"),
      length: of("length"),
      batchSize: of("batchSize"),
      learningRate: of("learningRate"),
      steps: of("steps"),
    };
  }

  #source(settings: ModelSettings): Source {
    if (this.#kind === "own") {
      const text = this.#pasted.value;
      const problem = textProblem(text, settings);
      if (problem) throw new SettingsError(problem.title, problem.advice);
      return { kind: "own", text };
    }
    const chapters = this.#chapters();
    if (!chapters) {
      throw new SettingsError(
        "These are no chapters",
        `Moby-Dick has chapters 1 to ${CHAPTERS}; the first one chosen must not come after the last one.`,
      );
    }
    return chapters;
  }

  get #kind(): string {
    return [...this.#radios].find(({ checked }) => checked)!.value;
  }

  #chapters(): Source | undefined {
    const [from, to] = [this.#from.valueAsNumber, this.#to.valueAsNumber];
    const isChapter = (number: number) => Number.isInteger(number) && number >= 1 && number <= CHAPTERS;
    return isChapter(from) && isChapter(to) && from <= to ? { kind: "moby-dick", from, to } : undefined;
  }

  #showSource(): void {
    const own = [...this.#radios].some(({ checked, value }) => checked && value === "own");
    byId("own").hidden = !own;
    byId("chapters").hidden = own;
  }

  #showExpected(): void {
    const { choices } = this;
    setText(byId("expected"), choices ? expectationOf(choices) : "");
  }

  #showCount(): void {
    const characters = characterCount(this.#pasted.value);
    byId("pasted-note").textContent =
      characters === 0
        ? "Paste a text in any language and script. It stays in this page."
        : `${count(characters)} characters.`;
  }

  #slider(name: SliderName): ChoiceSlider {
    const row = this.#form.querySelector<HTMLElement>(`[data-setting=${name}]`)!;
    return new ChoiceSlider(row, (value) => `${value < 1 ? value : count(value)}${UNITS[name] ?? ""}`);
  }
}

/** The form for the writing settings. */
export class WritingForm {
  /** Called when the prompt or the temperature changes. */
  onChange: () => void = () => {};
  /** Called when the visitor requests a text. */
  onWrite: () => void = () => {};
  readonly #prompt = byId<HTMLInputElement>("prompt");
  readonly #temperature = byId<HTMLInputElement>("temperature");
  readonly #button = byId<HTMLButtonElement>("write");

  constructor() {
    this.#prompt.addEventListener("change", () => this.onChange());
    this.#temperature.addEventListener("input", () => this.#showTemperature());
    this.#temperature.addEventListener("change", () => this.onChange());
    byId<HTMLFormElement>("writing").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#button.disabled) this.onWrite();
    });
  }

  get settings(): WritingSettings {
    return { prompt: this.#prompt.value, temperature: this.#temperature.valueAsNumber };
  }

  show({ prompt, temperature }: WritingSettings): void {
    this.#prompt.value = prompt;
    this.#temperature.value = String(temperature);
    this.#showTemperature();
  }

  /** Whether a model can write now. */
  set enabled(value: boolean) {
    this.#button.disabled = !value;
  }

  #showTemperature(): void {
    byId("temperature-value").textContent = decimals(this.#temperature.valueAsNumber, 1);
  }
}
