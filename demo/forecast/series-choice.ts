/** The choice of a series, what is said of it, and whether there is something to show below. */
import type { Series } from "../../tasks/series/series.ts";
import { byId } from "../shell/dom.ts";

/** What can be chosen. */
export type Choice = Series["id"];

export class SeriesChoice {
  /** Called when the visitor chooses. */
  onChoose: (id: Choice) => void = () => {};
  readonly #fields = byId<HTMLFieldSetElement>("series");
  readonly #layout = byId("forecast-layout");

  constructor() {
    this.#fields.addEventListener("change", ({ target }) => {
      this.onChoose((target as HTMLInputElement).value as Choice);
    });
  }

  set marked(id: Choice) {
    for (const radio of this.#fields.querySelectorAll("input")) {
      radio.checked = radio.value === id;
      if (radio.checked) this.#reveal(radio.parentElement!);
    }
  }

  /** Scrolls a choice into the row, which a phone shows in part. */
  #reveal(choice: HTMLElement): void {
    const [own, row] = [choice.getBoundingClientRect(), this.#fields.getBoundingClientRect()];
    this.#fields.scrollLeft += Math.max(0, own.right - row.right) - Math.max(0, row.left - own.left);
  }

  /** Whether a model trains: then no other series can be chosen. */
  set locked(value: boolean) {
    this.#fields.disabled = value;
  }

  /** Shows the view of a series; none of it for undefined. */
  show(series: Series | undefined): void {
    this.#layout.hidden = !series;
    this.#layout.classList.remove("offer-only");
    byId("series-about").textContent = series?.about ?? "";
    byId("credit-line").hidden = !series;
    byId("credit").textContent = series?.credit ?? "";
  }

  /** Without a series, shows the card with an interrupted run, or hides it again. */
  set offer(shown: boolean) {
    this.#layout.hidden = !shown;
    this.#layout.classList.toggle("offer-only", shown);
  }
}
