/** The way of a file's numbers into a link: only at the visitor's wish, and only if they are few. */
import type { Series } from "../../../tasks/series/series.ts";
import { announce, copyLink, type LinkContents } from "../../shell/copy.ts";
import { byId, setText } from "../../shell/dom.ts";
import { counted } from "../../shell/format.ts";
import { packTable } from "./linked-table.ts";

const TOO_LARGE = "the file is too large for a link";

export class CsvLink {
  readonly #card = byId("csv-link");
  readonly #button = byId<HTMLButtonElement>("csv-copy");
  readonly #note = byId("csv-link-note");
  readonly #addressWith: (data: string) => string;
  #series: Series | undefined;
  #isLinked = false;

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
    this.#isLinked = isLinked;
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
          : `${settingsOnly}: ${TOO_LARGE}. Send it with the address.`,
    );
  }

  /** What the page's address holds. */
  get addressContents(): LinkContents {
    const settingsOnly = "It has the settings and not your data";
    if (!this.#series) return { lacks: `${settingsOnly}.` };
    if (this.#isLinked) return contentsOf(this.#series);
    return {
      lacks: this.#button.hidden
        ? `${settingsOnly}: ${TOO_LARGE}. Send it with the link.`
        : `${settingsOnly}: “${this.#button.textContent}” copies one that has both.`,
    };
  }

  /** While there is no series. */
  hide(): void {
    this.#series = undefined;
    this.#card.hidden = true;
  }

  async #copy(): Promise<void> {
    const series = this.#series!;
    const said = await copyLink(this.#addressWith(packTable(series)!.text), contentsOf(series));
    if (series === this.#series) announce(this.#note, said);
  }
}

/** What a link with a series' numbers holds. */
function contentsOf(series: Series): LinkContents {
  const { rounded } = packTable(series)!;
  const rows = counted(series.values.length, "row");
  return { holds: rounded === undefined ? rows : `${rows}, rounded to ${counted(rounded, "decimal")}` };
}
