/**
 * The settings form. Every slider walks over a short list of sensible values; what the list holds and how a value is
 * written for people is here, what a change means (a new model, or only a new learning rate) is the caller's.
 */

/** What the visitor may choose. */
export interface Settings {
  /** Days ahead. */
  readonly horizon: 1 | 7;
  readonly hiddenSize: number;
  readonly numLayers: number;
  /** Days the model looks back on. */
  readonly window: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly learningRate: number;
}

type SliderName = Exclude<keyof Settings, "horizon">;

const CHOICES: Record<SliderName, readonly number[]> = {
  hiddenSize: [8, 16, 24, 32, 48, 64, 96, 128],
  numLayers: [1, 2, 3],
  window: [5, 7, 10, 14, 21, 30, 45, 60],
  batchSize: [16, 32, 64, 128, 256],
  epochs: [10, 20, 30, 60, 100, 200],
  learningRate: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02],
};

const UNITS: Partial<Record<SliderName, string>> = { window: " days", batchSize: " samples" };

/** Binds the form; it is of no use until {@link enabled}. */
export class Controls {
  /** Called with the name of the setting that changed. */
  onChange: (changed: keyof Settings) => void = () => {};
  readonly #form: HTMLFormElement;
  #settings: Settings;

  constructor(form: HTMLFormElement, initial: Settings) {
    this.#form = form;
    this.#settings = initial;
    for (const name of Object.keys(CHOICES) as SliderName[]) this.#bindSlider(name);
    for (const radio of form.querySelectorAll<HTMLInputElement>("input[name=horizon]")) {
      radio.checked = Number(radio.value) === initial.horizon;
      radio.addEventListener("change", () => this.#set("horizon", radio.value === "7" ? 7 : 1));
    }
    form.addEventListener("submit", (event) => event.preventDefault());
    this.enabled = false;
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Whether the form can be used. */
  set enabled(value: boolean) {
    for (const input of this.#form.querySelectorAll("input")) input.disabled = !value;
  }

  #set<Name extends keyof Settings>(name: Name, value: Settings[Name]): void {
    this.#settings = { ...this.#settings, [name]: value };
    this.onChange(name);
  }

  #bindSlider(name: SliderName): void {
    const row = this.#form.querySelector<HTMLElement>(`[data-setting=${name}]`)!;
    const input = row.querySelector("input")!;
    const output = row.querySelector("output")!;
    const choices = CHOICES[name];
    const show = () => {
      const text = `${choices[input.valueAsNumber]}${UNITS[name] ?? ""}`;
      output.textContent = text;
      input.setAttribute("aria-valuetext", text);
    };
    input.min = "0";
    input.max = String(choices.length - 1);
    input.step = "1";
    input.value = String(Math.max(0, choices.indexOf(this.#settings[name])));
    show();
    input.addEventListener("input", show);
    // "change" comes when the thumb is let go, so that dragging does not build a model for every value on the way.
    input.addEventListener("change", () => this.#set(name, choices[input.valueAsNumber]!));
  }
}
