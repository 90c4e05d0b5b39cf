/** The list of the model's texts, the newest first. */
import { element, scrolling } from "../../shell/dom.ts";
import { count } from "../../shell/format.ts";
import type { Sample } from "./sampler.ts";

export class SampleList {
  readonly #list = element("ol", { class: "text-samples", reversed: "" });
  readonly #none = document.getElementById("text-no-samples")!;

  constructor() {
    document.getElementById("text-samples")!.append(scrolling("What it has written", this.#list));
  }

  /** The number of samples in the list. */
  get length(): number {
    return this.#list.childElementCount;
  }

  /** @param samples In the order of writing. */
  add(samples: readonly Sample[]): void {
    for (const sample of samples) this.#list.prepend(entry(sample));
    this.staged = false;
  }

  /** Whether the newest one is on the stage, and not in the list as well. */
  set staged(staged: boolean) {
    this.#list.classList.toggle("staged", staged);
    this.#none.hidden = this.length > Number(staged);
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
    // The text may come from anyone, so it is never used as markup.
    element("p", { class: "text-written" }, element("b", {}, prompt), text),
  );
}
