/** A series of a CSV file as a text for an address: its columns with their dates, if they are few. */
import type { Series } from "../../../tasks/series/series.ts";
import { type CsvChoice, type CsvFile, FEWEST_ROWS, interpretCsv } from "./csv-series.ts";
import { Packer, type Unpacker, unpack } from "./packed.ts";
import { packTimes, unpackTimes } from "./packed-times.ts";

/** Letters of a packed table at most: programs that pass an address on take a few thousand. */
const LONGEST = 2000;

/** The version of a packed table, its first letter. */
const VERSION = "1";

const MOST_COLUMNS = 8;
const MOST_DECIMALS = 12;

/** Bytes of a name. */
const MOST_NAME = 80;

const MOST_VALUE = 2 ** 51;

export interface PackedTable {
  readonly text: string;
  /** Decimals to which the numbers are rounded; undefined if the text has every digit. */
  readonly rounded: number | undefined;
}

/** The columns of a series, as a link brings them. */
export interface LinkedTable {
  /** The file's name. */
  readonly name: string;
  /** The time of each row, ms since 1970. */
  readonly times: readonly number[] | null;
  /** The column to forecast, and further inputs. */
  readonly columns: readonly LinkedColumn[];
}

interface LinkedColumn {
  readonly name: string;
  /** Numbers, written with a decimal point. */
  readonly cells: readonly string[];
}

/** Packs the columns that a series is forecast from; undefined if they do not fit into a link. */
export function packTable({ title, times, quantity, values, columns }: Series): PackedTable | undefined {
  const all = [{ name: quantity, values }, ...columns];
  // Each number takes a letter at least.
  if (all.length * values.length > LONGEST) return undefined;
  const packer = new Packer();
  let rounded: number | undefined;
  try {
    packer.whole(values.length);
    packer.whole(all.length);
    packer.name(title);
    packTimes(packer, times);
    for (const column of all) {
      const { decimals, isExact } = decimalsOf(column.values);
      if (!isExact) rounded = Math.min(decimals, rounded ?? decimals);
      packer.name(column.name);
      packer.whole(decimals);
      packer.differences(column.values.map((value) => Math.round(value * 10 ** decimals)));
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const text = `${VERSION}${packer.text}`;
  // Too many letters, or a name that is too long.
  return unpackTable(text) && { text, rounded };
}

/** The table of a text; undefined if it is none. */
export function unpackTable(text: string): LinkedTable | undefined {
  if (!text.startsWith(VERSION)) return undefined;
  return unpack(text.slice(VERSION.length), LONGEST - VERSION.length, (from) => {
    const rows = from.whole(FEWEST_ROWS, LONGEST);
    const count = from.whole(1, MOST_COLUMNS);
    const name = from.name(MOST_NAME);
    const times = unpackTimes(from, rows);
    const columns = Array.from({ length: count }, () => unpackColumn(from, rows));
    if (new Set(columns.map((column) => column.name)).size < count) {
      throw new RangeError("two columns have the same name");
    }
    return { name, times, columns };
  });
}

function unpackColumn(from: Unpacker, rows: number): LinkedColumn {
  const name = from.name(MOST_NAME);
  const decimals = from.whole(0, MOST_DECIMALS);
  const values = from.differences(rows, -MOST_VALUE, MOST_VALUE);
  return { name, cells: values.map((value) => (value / 10 ** decimals).toFixed(decimals)) };
}

/** The fewest decimals with which every value is exact; at most a thousandth of what the values usually differ by. */
function decimalsOf(values: readonly number[]): { readonly decimals: number; readonly isExact: boolean } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const fine = 3 - Math.floor(Math.log10(Math.sqrt(variance) || 1));
  const most = Math.min(MOST_DECIMALS, Math.max(0, fine));
  for (let decimals = 0; decimals <= most; decimals++) {
    if (values.every((value) => Number(value.toFixed(decimals)) === value))
      return { decimals, isExact: true };
  }
  return { decimals: most, isExact: false };
}

/** A table as a file that could have been read, and the choice of its columns. */
export function fileOf({ name, times, columns }: LinkedTable): { file: CsvFile; choice: CsvChoice } {
  const [target, ...inputs] = columns.map((column) => column.name) as [string, ...string[]];
  let date = "date";
  while (columns.some((column) => column.name === date)) date += "_";
  const all = [...(times ? [{ name: date, cells: datesOf(times) }] : []), ...columns];
  const table = {
    columns: all.map((column) => column.name),
    rows: columns[0]!.cells.map((_, row) => all.map(({ cells }) => cells[row]!)),
    lines: columns[0]!.cells.map((_, row) => row + 2),
    delimiter: ",",
  };
  const sure = { sure: true, example: undefined };
  const guess = { decimal: { decimal: "point", ...sure }, order: { order: "day", ...sure } } as const;
  const reading = { decimal: "point", order: "day" } as const;
  const file = interpretCsv({ name, table, dates: times ? [date] : [], guess }, reading);
  return { file: { ...file, isLinked: true }, choice: { target, inputs, date: times ? date : null } };
}

/** ISO dates, without the clock if it is always midnight. */
function datesOf(times: readonly number[]): string[] {
  const dates = times.map((time) => new Date(time).toISOString());
  return dates.every((date) => date.endsWith("T00:00:00.000Z"))
    ? dates.map((date) => date.slice(0, 10))
    : dates;
}
