/** The numbers of the loss curve by epoch; filled only while it is open. */
import type { EpochReport } from "webgpu-lstm";
import { element, scrolling } from "../../shell/dom.ts";

export class LossTable {
  readonly #details: HTMLDetailsElement;
  readonly #body = element("tbody");
  readonly #text: (loss: number | undefined) => string;
  #reports: readonly EpochReport[] = [];

  constructor(
    details: HTMLDetailsElement,
    container: HTMLElement,
    text: (loss: number | undefined) => string,
  ) {
    this.#details = details;
    this.#text = text;
    const titles = ["Epoch", "Training", "Validation"].map((title) =>
      element("th", { scope: "col", class: "number" }, title),
    );
    const head = element("thead", {}, element("tr", {}, ...titles));
    container.append(
      scrolling(
        "Loss by epoch",
        element("table", { class: "data", "aria-label": "Loss by epoch" }, head, this.#body),
      ),
    );
    details.addEventListener("toggle", () => this.#fill());
  }

  draw(reports: readonly EpochReport[]): void {
    this.#reports = reports;
    this.#fill();
  }

  #fill(): void {
    if (!this.#details.open) return;
    const rows = this.#body.rows;
    // The rows of another run.
    if (rows.length > this.#reports.length) this.#body.replaceChildren();
    for (const { epoch, loss, validationLoss } of this.#reports.slice(rows.length)) {
      this.#body.append(
        element(
          "tr",
          {},
          element("th", { scope: "row", class: "number" }, String(epoch)),
          element("td", { class: "number" }, this.#text(loss)),
          element("td", { class: "number" }, this.#text(validationLoss)),
        ),
      );
    }
  }
}
