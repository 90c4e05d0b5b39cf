/** What a card shows about work that takes its time: a status, a progress bar and the time that is left; and a list of figures. */
import { byId, element, setText } from "./dom.ts";

export class StatusLines {
  readonly #status: HTMLElement;
  readonly #progress: HTMLProgressElement;
  readonly #left: HTMLElement;

  /**
   * @param container An empty element.
   * @param label The progress bar's name for screen readers.
   * @param prefix Put before the test ids `status` and `time-left`.
   */
  constructor(container: HTMLElement, label: string, prefix = "") {
    this.#status = element("p", { class: "status", role: "status", "data-testid": `${prefix}status` });
    this.#progress = element("progress", { max: "1", value: "0", "aria-label": label });
    this.#left = element("p", { class: "time-left", "data-testid": `${prefix}time-left` });
    container.append(this.#status, this.#progress, this.#left);
  }

  set status(text: string) {
    setText(this.#status, text);
  }

  /** @param done The share that is done, 0 to 1. @param left The time that is left, in words; empty if it is not known. */
  draw(status: string, done: number, left: string): void {
    this.status = status;
    this.#progress.value = done;
    // Not in the status: a screen reader would read out every change.
    setText(this.#left, left);
  }
}

/** A number with its label. */
export interface Figure {
  /** Id and test id of the number's element; `NAME-label` is the label's id. */
  readonly name: string;
  readonly label: string;
  /** Shown before the first value; a dash if not given. */
  readonly initial?: string;
}

/** An element for each figure; the caller writes values into them by their ids. */
export function figureList(figures: readonly Figure[]): HTMLElement {
  const items = figures.map(({ name, label, initial = "–" }) =>
    element(
      "div",
      {},
      element("dt", { id: `${name}-label` }, label),
      element("dd", { id: name, "data-testid": name }, initial),
    ),
  );
  return element("dl", { class: "stats" }, ...items);
}

/** Shows the figures as they were before the first value. */
export function clearFigures(figures: readonly Figure[]): void {
  for (const { name, initial = "–" } of figures) setText(byId(name), initial);
}
