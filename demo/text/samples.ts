/** The list of what the model has written, the newest first. */
import { element, scrolling } from "../shell/dom.ts";
import { count } from "../shell/format.ts";
import type { Sample } from "./sampler.ts";

export class SampleList {
  readonly #list = element("ol", { class: "text-samples", reversed: "" });
  readonly #none = document.getElementById("text-no-samples")!;

  constructor() {
    document.getElementById("text-samples")!.append(scrolling("What it has written", this.#list));
  }

  /** How many it has: those that come later follow from there. */
  get length(): number {
    return this.#list.childElementCount;
  }

  /** @param samples In the order in which they were written. */
  add(samples: readonly Sample[]): void {
    for (const sample of samples) this.#list.prepend(entry(sample));
    this.#none.hidden = this.length > 0;
  }

  clear(): void {
    this.#list.replaceChildren();
    this.#none.hidden = false;
  }
}

function entry({ step, asked, prompt, temperature, text }: Sample): HTMLElement {
  const about = `Step ${count(step)}${asked ? ", asked for" : ""} · temperature ${temperature.toFixed(1)}`;
  return element(
    "li",
    {},
    element("p", { class: "note" }, about),
    // A text of anybody's: nothing in it is markup.
    element("p", { class: "text-written" }, element("b", {}, prompt), text),
  );
}
