/** The text that is being written: its last lines, each character in the colour of the chosen unit. */
import { element } from "../../shell/dom.ts";
import { shadeOf, type Thought } from "../model/signals.ts";
import type { Shaded } from "./picture.ts";
import { background } from "./shades.ts";

/** Characters that are kept; earlier lines are taken away. */
const KEPT = 900;

interface Written {
  readonly span: HTMLElement;
  readonly thought: Thought;
  readonly at: number;
}

export class Paper {
  readonly #container: HTMLElement;
  readonly #lines: HTMLElement;
  /** The same text for screen readers, which would read colours letter by letter. */
  readonly #plain: HTMLElement;
  #written: Written[] = [];
  #unit = 0;

  /** @param container An empty element, which shows the last lines. @param plain An element that only screen readers see */
  constructor(container: HTMLElement, plain: HTMLElement) {
    this.#lines = element("p", { class: "text-lines" });
    this.#plain = plain;
    this.#container = container;
    container.append(this.#lines);
  }

  /** The signals after the character that was written last. */
  get last(): { readonly thought: Thought; readonly at: number } | undefined {
    return this.#written.at(-1);
  }

  /** Begins a text. */
  clear(): void {
    this.#written = [];
    this.#lines.replaceChildren();
    this.#container.classList.remove("full");
  }

  /** Shows the last lines; called when characters were added. */
  scroll(): void {
    const { scrollHeight, clientHeight } = this.#container;
    if (scrollHeight <= clientHeight) return;
    this.#container.classList.add("full");
    this.#container.scrollTop = scrollHeight;
  }

  /** @param isPrompt Whether the visitor has written it */
  add(thought: Thought, at: number, isPrompt: boolean): void {
    const span = element(isPrompt ? "b" : "span", {}, thought.characters[at]!);
    span.style.backgroundColor = background(this.#shade(thought, at));
    this.#lines.append(span);
    this.#written.push({ span, thought, at });
    if (this.#written.length > KEPT) this.#takeAway();
  }

  /** Colours all characters by this unit. */
  set unit(unit: number) {
    this.#unit = unit;
    for (const { span, thought, at } of this.#written) {
      span.style.backgroundColor = background(this.#shade(thought, at));
    }
  }

  /** The characters with their shades. */
  get shaded(): Shaded[] {
    return this.#written.map(({ thought, at }) => ({
      character: thought.characters[at]!,
      shade: this.#shade(thought, at),
    }));
  }

  /** Gives screen readers the text as it is. */
  settle(): void {
    this.#plain.textContent = this.#written.map(({ span }) => span.textContent).join("");
  }

  /** The unit's shade, or that of the last one where there are fewer. */
  #shade(thought: Thought, at: number): number {
    return shadeOf(thought, at, Math.min(this.#unit, thought.units - 1));
  }

  /** Takes whole lines away, so that no word moves. */
  #takeAway(): void {
    const line = this.#written[KEPT / 3]!.span.offsetTop;
    const first = this.#written.findIndex(({ span }) => span.offsetTop >= line);
    for (const { span } of this.#written.splice(0, first)) span.remove();
  }
}
