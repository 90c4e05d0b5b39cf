/** Reads a CSV file from an unknown source: columns by name, and errors that say which line is wrong. */
import { dsvFormat } from "d3-dsv";
import { data } from "webgpu-lstm";
import { readIsoDate } from "./dates.ts";

/** What is wrong with a file, in words for the person who chose it. */
export class CsvError extends Error {}

/** The cells of a file as text. */
export interface CsvTable {
  /** Names of the columns in the file's order, all different. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The line of the file on which each row starts, from 1. */
  readonly lines: readonly number[];
  /** The sign between cells. */
  readonly delimiter: string;
}

/** The name of a first column without one, as tools write for the numbers of rows. */
export const UNNAMED = "column 1";

/**
 * Reads a text with a header line. The delimiter is the comma, semicolon or tab, whichever the header has most of. Empty lines are
 * skipped. A first column without a name is called {@link UNNAMED}. Throws a {@link CsvError} for an empty file, a file that is not
 * text, a quote that is never closed, any other column without a name, two columns of the same name, and a row with more or fewer cells
 * than the header.
 */
export function parseCsv(text: string): CsvTable {
  const clean = text.replace(/^\uFEFF/, "");
  if (clean.trim() === "") throw new CsvError("The file is empty; it needs a header line and rows below it.");
  if (clean.includes("\0")) throw new CsvError("This is not a text file: it has zero bytes in it.");
  checkQuotes(clean);
  const delimiter = delimiterOf(clean);
  const { parseRows } = dsvFormat(delimiter);

  const table = { columns: [] as string[], rows: [] as string[][], lines: [] as number[], delimiter };
  let line = 1;
  for (const cells of parseRows(clean) as string[][]) {
    const start = line;
    line += 1 + cells.reduce((sum, cell) => sum + cell.split("\n").length - 1, 0);
    if (cells.every((cell) => cell.trim() === "")) continue;
    if (table.columns.length === 0) {
      table.columns = checkHeader(cells.map((cell) => cell.trim()));
      continue;
    }
    if (cells.length !== table.columns.length) {
      throw new CsvError(
        `Line ${start} has ${count(cells.length, "cell")}, but the header has ${count(table.columns.length, "column")}.`,
      );
    }
    table.rows.push(cells.map((cell) => cell.trim()));
    table.lines.push(start);
  }
  if (table.rows.length === 0) throw new CsvError("The file has a header, but no rows below it.");
  return table;
}

/** Reads a cell; NaN if it cannot. */
type Read = (text: string) => number;

/** The cells of a column. Throws a {@link CsvError} for a column that is not there. */
export function cellsOf(table: CsvTable, name: string): string[] {
  const column = columnIndex(table, name);
  return table.rows.map((row) => row[column]!);
}

/** The number of cells in a column that are not numbers; an empty cell is none. */
export function holesIn(table: CsvTable, name: string, read: Read = toNumber): number {
  return cellsOf(table, name).filter((cell) => Number.isNaN(read(cell))).length;
}

/**
 * A column of numbers in float64. Throws a {@link CsvError} for a column that is not there and, with its line, for a cell that is not
 * a number.
 */
export function selectNumbers(table: CsvTable, name: string, read: Read = toNumber): number[] {
  const column = columnIndex(table, name);
  return table.rows.map((row, t) => {
    const value = read(row[column]!);
    if (Number.isNaN(value)) throw new CsvError(notANumber(row[column]!, name, table.lines[t]!));
    return value;
  });
}

/** Columns of numbers as a series [rows, names.length]. Throws as {@link selectNumbers} does. */
export function selectColumns(table: CsvTable, names: readonly string[], read?: Read): data.Float64NDArray {
  if (names.length === 0) throw new CsvError("Choose at least one column.");
  const columns = names.map((name) => selectNumbers(table, name, read));
  return data.columnStack(columns);
}

/**
 * A column of dates as milliseconds since 1970, each later than the one before. A date without a time zone is UTC, so that a file gives
 * the same numbers everywhere. Throws a {@link CsvError} that names the line of a cell that is not a date or is out of order.
 */
export function selectTimes(table: CsvTable, name: string, read: Read = readIsoDate): number[] {
  const column = columnIndex(table, name);
  const times: number[] = [];
  table.rows.forEach((row, t) => {
    const text = row[column]!;
    const time = read(text);
    const where = `Line ${table.lines[t]}, column "${name}"`;
    if (Number.isNaN(time)) {
      throw new CsvError(
        `${where}: a date must read like 2012-01-31 or 2012-01-31T18:00, but this is "${text}".`,
      );
    }
    if (t > 0 && time <= times[t - 1]!) {
      throw new CsvError(`${where}: ${text} does not come after the row before it; sort the file by time.`);
    }
    times.push(time);
  });
  return times;
}

function columnIndex({ columns }: CsvTable, name: string): number {
  const index = columns.indexOf(name);
  if (index < 0) throw new CsvError(`There is no column "${name}"; the columns are ${columns.join(", ")}.`);
  return index;
}

/** NaN for an empty cell too, which `Number` reads as 0. */
function toNumber(text: string): number {
  const value = text === "" ? Number.NaN : Number(text);
  return Number.isFinite(Math.fround(value)) ? value : Number.NaN;
}

function notANumber(text: string, name: string, line: number): string {
  const where = `Line ${line}, column "${name}"`;
  if (text === "") return `${where}: the cell is empty; fill the gap or leave the row out.`;
  const hint = /^[+-]?\d+,\d+$/.test(text) ? " Write decimals with a point." : "";
  return `${where}: "${text}" is not a number.${hint}`;
}

function checkHeader(columns: string[]): string[] {
  if (columns[0] === "" && columns.length > 1) columns[0] = UNNAMED;
  columns.forEach((name, k) => {
    if (name === "") throw new CsvError(`Column ${k + 1} of the header has no name.`);
    if (columns.indexOf(name) < k) throw new CsvError(`The header names two columns "${name}".`);
  });
  return columns;
}

/** Throws for a quoted cell that is never closed: d3-dsv would read the rest of the file as its text. */
function checkQuotes(text: string): void {
  let open = -1;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) open = open < 0 ? at : -1;
  if (open < 0) return;
  const line = text.slice(0, open).split("\n").length;
  throw new CsvError(`Line ${line}: a quote (") is opened and never closed.`);
}

function delimiterOf(text: string): string {
  const header = text
    .trimStart()
    .split("\n", 1)[0]!
    .replace(/"[^"]*"/g, "");
  const counts = [",", ";", "\t"].map((sign) => ({ sign, count: header.split(sign).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).sign;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
