/** A series of the visitor's own: drawn, or read from a CSV file; from this page, or from a link. */

import type { CsvError } from "../../../tasks/csv/table.ts";
import type { Series } from "../../../tasks/series/series.ts";
import type { LinkSettings } from "../../shell/address.ts";
import type { LinkContents } from "../../shell/copy.ts";
import { byId } from "../../shell/dom.ts";
import { CsvLink } from "./csv-link.ts";
import { CsvPanel } from "./csv-panel.ts";
import { DrawPanel } from "./draw-panel.ts";
import { packDrawing, unpackDrawing } from "./drawn-series.ts";
import { packTable, unpackTable } from "./linked-table.ts";

export class OwnSeries {
  /** Called with a drawing, with the columns of a file, or with the reason why a file has no series. */
  onSeries: (found: Series | CsvError) => void = () => {};
  /** Called when a file is chosen or dropped. */
  onFile: () => void = () => {};
  readonly #csv = new CsvPanel(byId("forecast-source"));
  readonly #draw = new DrawPanel();
  readonly #link: CsvLink;
  #shown: Series["id"] | undefined;

  /** @param addressWith The view's address with the data of a file */
  constructor(addressWith: (data: string) => string) {
    const link = new CsvLink(addressWith);
    this.#link = link;
    this.#draw.onSeries = (series) => this.onSeries(series);
    this.#csv.onSeries = (found) => {
      if (found instanceof Error) link.hide();
      else link.show(found, this.#csv.isLinked);
      this.onSeries(found);
    };
    this.#csv.onFile = () => {
      link.hide();
      this.onFile();
    };
  }

  /** Shows the panel of this kind of series. */
  set shown(id: Series["id"]) {
    this.#shown = id;
    this.#csv.shown = id === "csv";
    this.#draw.shown = id === "drawn";
  }

  /** Whether a model trains: then the series cannot be changed. */
  set locked(value: boolean) {
    this.#csv.locked = value;
    this.#draw.locked = value;
  }

  /** Reports the series of this kind, if there is one. */
  tell(id: "csv" | "drawn"): void {
    if (id === "csv") this.#csv.tell();
    else this.#draw.tell();
  }

  /** Reports a drawing's last keys at once, if they wait. */
  settle(): void {
    this.#draw.settle();
  }

  /** Shows the series of an interrupted run. */
  takeRun({ id, title, values }: Series): void {
    if (id === "csv") this.#csv.showName(title);
    if (id === "drawn") this.#draw.take(values);
  }

  /** Takes what a link says of the series; returns whether there is a series of this kind then. */
  restore(id: "csv" | "drawn", link: LinkSettings): boolean {
    if (id === "drawn") {
      const drawing = link.read("data", unpackDrawing);
      if (drawing) this.#draw.take(drawing);
      return true;
    }
    const table = link.read("data", unpackTable);
    if (table) this.#csv.take(table);
    else this.#csv.ask();
    return table !== undefined;
  }

  /** What the view's address holds of the series that is shown. */
  get linkContents(): LinkContents | undefined {
    if (this.#shown === "drawn") return { holds: "your drawing" };
    return this.#shown === "csv" ? this.#link.addressContents : undefined;
  }

  /** The data that the view's address has: a drawing, and what came with a link. A file's own stay in the page. */
  dataOf(series: Series): string | undefined {
    if (series.id === "drawn") return packDrawing(series.values);
    return series.id === "csv" && this.#csv.isLinked ? packTable(series)?.text : undefined;
  }
}
