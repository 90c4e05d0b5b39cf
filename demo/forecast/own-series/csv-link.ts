/** The way of a file's numbers into a link: only at the visitor's wish, and only if they are few. */
import type { Series } from "../../../tasks/series/series.ts";
import { copyText } from "../../shell/copy.ts";
import { byId, setText } from "../../shell/dom.ts";
import { count } from "../../shell/format.ts";
import { packTable } from "./linked-table.ts";

export class CsvLink {
  readonly #card = byId("csv-link");
  readonly #button = byId<HTMLButtonElement>("csv-copy");
  readonly #note = byId("csv-link-note");
  readonly #addressWith: (data: string) => string;
  #series: Series | undefined;

  /** @param addressWith The view's address with these data */
  constructor(addressWith: (data: string) => string) {
    this.#addressWith = addressWith;
    this.#button.addEventListener("click", () => void this.#copy());
  }

  /**
   * Offers a link with the numbers of a series, or says why there is none.
   * @param isLinked Whether they came with a link; then the page's address has them
   */
  show(series: Series, isLinked: boolean): void {
    this.#series = series;
    this.#card.hidden = false;
    const fits = !isLinked && packTable(series) !== undefined;
    this.#button.hidden = !fits;
    const settingsOnly = "The page’s address has the settings and not your data";
    setText(
      this.#note,
      isLinked
        ? "These numbers came with a link; the page’s address has them."
        : fits
          ? `${settingsOnly}. A link can have both: whoever gets it gets these numbers.`
          : `${settingsOnly}: the file is too large for a link. Send it with the address.`,
    );
  }

  /** While there is no series. */
  hide(): void {
    this.#series = undefined;
    this.#card.hidden = true;
  }

  async #copy(): Promise<void> {
    const series = this.#series!;
    const { text, rounded } = packTable(series)!;
    const url = this.#addressWith(text);
    const copied = await copyText(url);
    if (series !== this.#series) return;
    const what = `${count(series.values.length)} rows${rounded === undefined ? "" : `, rounded to ${rounded} decimals`}`;
    // Emptied first, so that a screen reader reads it again.
    setText(this.#note, "");
    setText(
      this.#note,
      copied
        ? `The link is copied: ${count(url.length)} letters with ${what}.`
        : `The browser does not let this page copy the link with ${what}: ${url}`,
    );
  }
}
