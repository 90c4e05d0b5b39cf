/** A slider over a short list of sensible values. */
import { element } from "./dom.ts";

export class ChoiceSlider {
  /** Called when the thumb is released, so that dragging does not build a model for every value on the way. */
  onChange: (value: number) => void = () => {};
  readonly #input: HTMLInputElement;
  readonly #output: HTMLOutputElement;
  readonly #text: (value: number) => string;
  #choices: readonly number[] = [];

  /**
   * @param row An empty element that the slider fills. Its data attributes give the id of the input (`input`), the label (`label`) and,
   * if there is one, the id of an explanation (`about`).
   * @param text A value as people read it.
   */
  constructor(row: HTMLElement, text: (value: number) => string) {
    const { input: id = "", label = "", about } = row.dataset;
    this.#output = element("output", { for: id });
    this.#input = element("input", { type: "range", id, ...(about && { "aria-describedby": about }) });
    row.append(element("label", { for: id }, label), this.#output, this.#input);
    this.#text = text;
    this.#input.addEventListener("input", () => this.#showText());
    this.#input.addEventListener("change", () => this.onChange(this.value));
  }

  get value(): number {
    return this.#choices[this.#input.valueAsNumber]!;
  }

  /** Offers these values and shows `value`, or the first one if `value` is none of them. */
  show(choices: readonly number[], value: number): void {
    this.#choices = choices;
    this.#input.min = "0";
    this.#input.max = String(choices.length - 1);
    this.#input.step = "1";
    this.#input.value = String(Math.max(0, choices.indexOf(value)));
    this.#showText();
  }

  #showText(): void {
    const text = this.#text(this.value);
    this.#output.textContent = text;
    this.#input.setAttribute("aria-valuetext", text);
  }
}
