/** Reads the visitor's CSV file, and lets the visitor choose its columns. */
import { type DateOrder, readDate } from "../../../tasks/csv/dates.ts";
import { type DecimalSign, readNumber } from "../../../tasks/csv/numbers.ts";
import { CsvError } from "../../../tasks/csv/table.ts";
import type { Series } from "../../../tasks/series/series.ts";
import { byId, element } from "../../shell/dom.ts";
import { bytes, counted } from "../../shell/format.ts";
import {
  type CsvChoice,
  type CsvFile,
  type CsvSeries,
  csvSeries,
  firstChoice,
  interpretCsv,
  LARGEST,
  readCsv,
} from "./csv-series.ts";
import { longDate, understood } from "./csv-understood.ts";
import { fileOf, type LinkedTable } from "./linked-table.ts";

export class CsvPanel {
  /** Called with the series of a new file or of other columns, or with the reason why there is none. */
  onSeries: (found: Series | CsvError) => void = () => {};
  /** Called when a file is chosen or dropped. */
  onFile: () => void = () => {};
  readonly #panel = byId("csv-panel");
  readonly #input = byId<HTMLInputElement>("csv-file");
  readonly #target = byId<HTMLSelectElement>("csv-target");
  readonly #date = byId<HTMLSelectElement>("csv-date");
  readonly #order = byId<HTMLSelectElement>("csv-order");
  readonly #decimal = byId<HTMLSelectElement>("csv-decimal");
  readonly #direction = byId<HTMLSelectElement>("csv-direction");
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
    for (const select of [this.#target, this.#date, this.#direction]) {
      select.addEventListener("change", () => this.#choose());
    }
    for (const select of [this.#order, this.#decimal]) {
      select.addEventListener("change", () => this.#readAgain());
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

  /** Whether the numbers came with a link. */
  get isLinked(): boolean {
    return this.#file?.isLinked ?? false;
  }

  /** Takes the table of a link as a file. */
  take(table: LinkedTable): void {
    this.#reads++;
    const { file, choice } = fileOf(table);
    this.#file = file;
    this.#showReading(file);
    this.#showColumns(file, choice);
  }

  /** Asks for the file of a link that has its settings alone. */
  ask(): void {
    if (this.#file) return;
    byId("csv-status").textContent =
      "This link has the settings for a CSV file, and not its data. Choose the file to go on.";
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
    byId("csv-understood").textContent = "";
    try {
      if (file.size > LARGEST) {
        throw new CsvError(`${file.name} has ${bytes(file.size)}; files up to ${bytes(LARGEST)} are read.`);
      }
      const text = await file.text();
      if (read !== this.#reads) return;
      this.#file = readCsv(file.name, text);
      this.#showReading(this.#file);
      this.#showColumns(this.#file, firstChoice(this.#file));
      this.#choose();
    } catch (error) {
      if (read !== this.#reads) return;
      byId("csv-status").textContent = `${file.name} was not read.`;
      this.onSeries(
        error instanceof CsvError ? error : new CsvError(`${file.name} cannot be read: ${error}`),
      );
    }
  }

  /** Shows the choices of a reading that some cell depends on, and asks where the file does not decide. */
  #showReading({ guess, reading }: CsvFile): void {
    const { decimal, order } = guess;
    this.#order.value = reading.order;
    this.#decimal.value = reading.decimal;
    byId("csv-order-field").hidden = order.example === undefined;
    byId("csv-decimal-field").hidden = decimal.example === undefined && decimal.sure;
    this.#direction.value = "oldest";
    byId("csv-order-question").textContent = order.sure
      ? ""
      : askOf(order.example!, (cell, which: DateOrder) => longDate(readDate(cell, which)), ["day", "month"]);
    byId("csv-decimal-question").textContent = decimal.sure
      ? ""
      : decimal.example === undefined
        ? "Some numbers have a decimal point, others a comma. Please check."
        : askOf(
            decimal.example,
            (cell, which: DecimalSign) => readNumber(cell, which).toLocaleString("en-US"),
            ["point", "comma"],
          );
  }

  /** Reads the cells as the visitor says, and keeps what is chosen as far as it is still there. */
  #readAgain(): void {
    const before = this.#choice;
    const file = interpretCsv(this.#file!, {
      order: this.#order.value as DateOrder,
      decimal: this.#decimal.value as DecimalSign,
    });
    this.#file = file;
    const there = (name: string) => file.numbers.some((column) => column.name === name);
    if (file.numbers.length > 0) {
      const target = there(before.target) ? before.target : firstChoice(file).target;
      this.#showColumns(file, { ...before, target, inputs: before.inputs.filter(there) });
    }
    this.#choose();
  }

  #showColumns(file: CsvFile, choice: CsvChoice): void {
    this.#target.replaceChildren(
      ...file.numbers.map(
        ({ name, holes }) => new Option(holes ? `${name} (${counted(holes, "hole")})` : name, name),
      ),
    );
    this.#target.value = choice.target;
    this.#date.replaceChildren(new Option("none", ""), ...file.dates.map((name) => new Option(name, name)));
    this.#date.value = choice.date ?? "";
    this.#inputs.replaceChildren(
      ...file.numbers.map(({ name }) => {
        const box = element("input", { type: "checkbox", value: name });
        box.checked = choice.inputs.includes(name);
        return element("label", {}, box, name);
      }),
    );
    byId("csv-columns").hidden = false;
  }

  /** What is chosen; the target is always an input. */
  get #choice(): CsvChoice {
    const target = this.#target.value;
    const inputs = [...this.#inputs.querySelectorAll("input")]
      .filter(({ checked, value }) => checked && value !== target)
      .map(({ value }) => value);
    return {
      target,
      inputs,
      date: this.#date.value || null,
      newestFirst: this.#direction.value === "newest",
    };
  }

  #choose(): void {
    const file = this.#file!;
    const choice = this.#choice;
    const boxes = [...this.#inputs.querySelectorAll("input")];
    for (const box of boxes) box.parentElement!.hidden = box.value === choice.target;
    byId("csv-inputs").hidden = boxes.length < 2;
    // Dates say which way the rows run.
    byId("csv-direction-field").hidden = choice.date !== null;
    byId("csv-understood").textContent = understood(file, choice);
    const status = byId("csv-status");
    try {
      const { series, notes }: CsvSeries = csvSeries(file, choice);
      status.textContent = [`${file.name}: ${counted(file.table.rows.length, "row")}.`, ...notes].join(" ");
      this.onSeries(series);
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      status.textContent = `${file.name} is open; its columns cannot be used like this.`;
      this.onSeries(error);
    }
  }
}

/** "Does 01/02/2022 mean 1 February 2022 or 2 January 2022? Please check." */
function askOf<Which>(
  cell: string,
  say: (cell: string, which: Which) => string,
  [one, other]: [Which, Which],
): string {
  return `Does ${cell} mean ${say(cell, one)} or ${say(cell, other)}? Please check.`;
}
