/** Reads the visitor's CSV file, and lets the visitor choose its columns. */
import { CsvError } from "../../tasks/csv/table.ts";
import type { Series } from "../../tasks/series/series.ts";
import { byId, element } from "../shell/dom.ts";
import { bytes, count } from "../shell/format.ts";
import { type CsvFile, type CsvSeries, csvSeries, firstChoice, LARGEST, readCsv } from "./csv-series.ts";

export class CsvPanel {
  /** Called with the series of a new file or of other columns, or with the reason why there is none. */
  onSeries: (found: Series | CsvError) => void = () => {};
  /** Called when a file is chosen or dropped. */
  onFile: () => void = () => {};
  readonly #panel = byId("csv-panel");
  readonly #input = byId<HTMLInputElement>("csv-file");
  readonly #target = byId<HTMLSelectElement>("csv-target");
  readonly #date = byId<HTMLSelectElement>("csv-date");
  readonly #inputs = byId("csv-inputs-list");
  #file: CsvFile | undefined;
  #locked = false;
  #reads = 0;

  /** @param dropZone The element on which files can be dropped. */
  constructor(dropZone: HTMLElement) {
    this.#input.addEventListener("change", () => {
      const [file] = this.#input.files ?? [];
      if (file) void this.#read(file);
      // Lets the visitor choose the same file again after correcting it.
      this.#input.value = "";
    });
    for (const select of [this.#target, this.#date]) {
      select.addEventListener("change", () => this.#choose());
    }
    this.#inputs.addEventListener("change", () => this.#choose());
    this.#bindDrop(dropZone);
  }

  /** Whether the panel is shown: only while the visitor's file is the chosen series. */
  set shown(value: boolean) {
    this.#panel.hidden = !value;
  }

  /** Whether a model trains: then the file cannot be changed. */
  set locked(value: boolean) {
    this.#locked = value;
    for (const input of this.#panel.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select")) {
      input.disabled = value;
    }
  }

  /** Reports the series of the current file again, if there is a file. */
  tell(): void {
    if (this.#file) this.#choose();
  }

  /** Shows the name of a series whose file is gone, since the page was reloaded during its run. */
  showName(name: string): void {
    if (this.#file) return;
    byId("csv-status").textContent =
      `${name}, from the interrupted run. Choose the file again to change columns.`;
  }

  #bindDrop(zone: HTMLElement): void {
    let depth = 0;
    const over = (change: number) => {
      depth = Math.max(0, depth + change);
      zone.classList.toggle("dropping", depth > 0 && !this.#locked);
    };
    zone.addEventListener("dragenter", () => over(1));
    zone.addEventListener("dragleave", () => over(-1));
    zone.addEventListener("dragover", (event) => event.preventDefault());
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      over(-depth);
      const file = event.dataTransfer?.files[0];
      if (file && !this.#locked) void this.#read(file);
    });
  }

  async #read(file: File): Promise<void> {
    const read = ++this.#reads;
    this.onFile();
    this.#file = undefined;
    byId("csv-columns").hidden = true;
    try {
      if (file.size > LARGEST) {
        throw new CsvError(`${file.name} has ${bytes(file.size)}; files up to ${bytes(LARGEST)} are read.`);
      }
      const text = await file.text();
      if (read !== this.#reads) return;
      this.#file = readCsv(file.name, text);
      this.#showColumns(this.#file);
      this.#choose();
    } catch (error) {
      if (read !== this.#reads) return;
      byId("csv-status").textContent = `${file.name} was not read.`;
      this.onSeries(
        error instanceof CsvError ? error : new CsvError(`${file.name} cannot be read: ${error}`),
      );
    }
  }

  #showColumns(file: CsvFile): void {
    const first = firstChoice(file);
    this.#target.replaceChildren(
      ...file.numbers.map(
        ({ name, holes }) => new Option(holes ? `${name} (${count(holes)} holes)` : name, name),
      ),
    );
    this.#target.value = first.target;
    this.#date.replaceChildren(new Option("none", ""), ...file.dates.map((name) => new Option(name, name)));
    this.#date.value = first.date ?? "";
    this.#inputs.replaceChildren(
      ...file.numbers.map(({ name }) =>
        element("label", {}, element("input", { type: "checkbox", value: name }), name),
      ),
    );
    byId("csv-columns").hidden = false;
  }

  #choose(): void {
    const file = this.#file!;
    const target = this.#target.value;
    const boxes = [...this.#inputs.querySelectorAll("input")];
    // The target is always an input.
    for (const box of boxes) box.parentElement!.hidden = box.value === target;
    byId("csv-inputs").hidden = boxes.length < 2;
    const inputs = boxes
      .filter(({ checked, value }) => checked && value !== target)
      .map(({ value }) => value);
    const status = byId("csv-status");
    try {
      const { series, notes }: CsvSeries = csvSeries(file, {
        target,
        inputs,
        date: this.#date.value || null,
      });
      status.textContent = [`${file.name}: ${count(file.table.rows.length)} rows.`, ...notes].join(" ");
      this.onSeries(series);
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      status.textContent = `${file.name} is open; its columns cannot be used like this.`;
      this.onSeries(error);
    }
  }
}
