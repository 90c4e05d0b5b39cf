/** A visitor's CSV file as a series. */
import {
  type DateOrder,
  guessOrder,
  holdsDates,
  type OrderGuess,
  readDate,
} from "../../../tasks/csv/dates.ts";
import { type DecimalGuess, type DecimalSign, guessDecimal, readNumber } from "../../../tasks/csv/numbers.ts";
import {
  CsvError,
  type CsvTable,
  cellsOf,
  holesIn,
  parseCsv,
  selectColumns,
  selectTimes,
  UNNAMED,
} from "../../../tasks/csv/table.ts";
import { columnOf } from "../../../tasks/series/columns.ts";
import type { Series } from "../../../tasks/series/series.ts";
import { type Settings, USUAL } from "../../../tasks/series/settings.ts";
import { brief, counted } from "../../shell/format.ts";
import { CHOICES } from "../settings.ts";
import { rhythmOf } from "./rhythm.ts";

/** Maximum size of a file in bytes. */
export const LARGEST = 10_000_000;

/** Maximum number of rows; the newest rows of a longer file are used. */
export const MOST_ROWS = 20_000;

/** Minimum number of rows to learn from. */
export const FEWEST_ROWS = 60;

/** How a file writes its numbers and dates. */
export interface CsvReading {
  readonly decimal: DecimalSign;
  readonly order: DateOrder;
}

/** The content of a file. */
export interface CsvFile {
  readonly name: string;
  readonly table: CsvTable;
  readonly reading: CsvReading;
  /** What the file says about its reading. */
  readonly guess: { readonly decimal: DecimalGuess; readonly order: OrderGuess };
  /** Columns with numbers in most rows: possible targets and inputs. */
  readonly numbers: readonly NumberColumn[];
  /** Those of them that number the rows: no target unless the visitor wants it. */
  readonly counters: readonly string[];
  /** Columns with a date in most rows. */
  readonly dates: readonly string[];
  /** Whether it came with a link. */
  readonly isLinked?: boolean;
}

interface NumberColumn {
  readonly name: string;
  /** The number of cells that are not numbers. */
  readonly holes: number;
}

/** The columns that are used. */
export interface CsvChoice {
  readonly target: string;
  readonly inputs: readonly string[];
  /** null: the rows have no dates. */
  readonly date: string | null;
  /** Whether rows without dates begin with the newest. */
  readonly newestFirst?: boolean;
}

/** @throws CsvError, in words for the visitor, for a file without a column that can be forecast */
export function readCsv(name: string, text: string): CsvFile {
  const table = parseCsv(text);
  const cells = table.columns.map((column) => cellsOf(table, column));
  const areDates = cells.map(holdsDates);
  const decimal = guessDecimal(cells.filter((_, k) => !areDates[k]).flat(), table.delimiter);
  const dates = table.columns.filter((_, k) => areDates[k]);
  // The order is the file's; the column with the most to say decides.
  const orders = cells.filter((_, k) => areDates[k]).map(guessOrder);
  const order = orders.find(({ example }) => example !== undefined) ?? guessOrder([]);
  const file = interpretCsv(
    { name, table, dates, guess: { decimal, order } },
    { decimal: decimal.decimal, order: order.order },
  );
  if (file.numbers.length === 0) {
    throw new CsvError(
      `No column of ${name} holds numbers (${table.columns.slice(0, 8).join(", ")}). Numbers are written like 1234.5, up to 3.4e38.`,
    );
  }
  const rows = table.rows.length;
  if (rows < FEWEST_ROWS) {
    throw new CsvError(
      `${name} has ${counted(rows, "row")}; at least ${FEWEST_ROWS} are needed to learn from.`,
    );
  }
  return file;
}

/** Reads the cells of a file in another way. */
export function interpretCsv(
  { name, table, dates, guess }: Pick<CsvFile, "name" | "table" | "dates" | "guess">,
  reading: CsvReading,
): CsvFile {
  const read = (cell: string) => readNumber(cell, reading.decimal);
  const numbers = table.columns
    .filter((column) => !dates.includes(column))
    .map((column) => ({ name: column, holes: holesIn(table, column, read) }))
    .filter(({ holes }) => holes < table.rows.length / 2);
  const counters = numbers
    .map(({ name }) => name)
    .filter((column) => isCounter(column, cellsOf(table, column).map(read)));
  return { name, table, dates, guess, reading, numbers, counters };
}

/** Whether a column numbers the rows: by its name, or since each number is the next one. */
function isCounter(name: string, values: readonly number[]): boolean {
  if (name === UNNAMED || /^(id|index|row|nr|no|#|unnamed: \d+)\.?$|[_ -]id$/i.test(name)) {
    return values.every((value) => Number.isNaN(value) || Number.isInteger(value));
  }
  const step = values[1]! - values[0]!;
  return Math.abs(step) === 1 && values.every((value, t) => value === values[0]! + t * step);
}

/** The default choice: the first column without holes that does not number the rows, and the first column of dates. */
export function firstChoice({ numbers, counters, dates }: CsvFile): CsvChoice {
  const measured = numbers.filter(({ name }) => !counters.includes(name));
  const target =
    measured.find(({ holes }) => holes === 0) ??
    measured[0] ??
    numbers.find(({ holes }) => holes === 0) ??
    numbers[0]!;
  return { target: target.name, inputs: [], date: dates[0] ?? null };
}

/** Whether the newest row is the first: by most dates, or as the visitor says of rows without dates. */
export function isNewestFirst(
  { table, reading }: CsvFile,
  { date, newestFirst = false }: Pick<CsvChoice, "date" | "newestFirst">,
): boolean {
  if (date === null) return newestFirst;
  const times = cellsOf(table, date).map((cell) => readDate(cell, reading.order));
  const falls = times.filter((time, t) => t > 0 && time < times[t - 1]!).length;
  return 2 * falls > times.length - 1;
}

/** The series of a file, and notes for the visitor about it. */
export interface CsvSeries {
  readonly series: Series;
  readonly notes: readonly string[];
}

/**
 * The series runs forward in time, whichever way the file does.
 * @throws CsvError, in words for the visitor, for a hole in a chosen column, and for invalid or unsorted dates
 */
export function csvSeries(file: CsvFile, choice: CsvChoice): CsvSeries {
  const { name, reading } = file;
  const { target, inputs, date } = choice;
  const table = isNewestFirst(file, choice)
    ? { ...file.table, rows: file.table.rows.toReversed(), lines: file.table.lines.toReversed() }
    : file.table;
  const notes: string[] = [];
  const from = Math.max(0, table.rows.length - MOST_ROWS);
  if (from > 0) {
    notes.push(
      `The newest ${MOST_ROWS.toLocaleString("en-US")} of ${table.rows.length.toLocaleString("en-US")} rows are used.`,
    );
  }
  const used = { ...table, rows: table.rows.slice(from), lines: table.lines.slice(from) };
  const others = inputs.filter((column) => column !== target);
  const columns = selectColumns(used, [target, ...others], (cell) => readNumber(cell, reading.decimal));
  const times = date === null ? null : selectTimes(used, date, (cell) => readDate(cell, reading.order));
  const values = columnOf(columns, 0);
  const rows = values.length;
  const held = Math.floor(0.15 * rows);
  const train = rows - 2 * held;
  const { step, period, calendar, even } = rhythmOf(times, train);
  if (!even) notes.push("The dates are not evenly spaced; each row counts as one step all the same.");

  for (const [k, column] of [target, ...others].entries()) checkRange(column, columnOf(columns, k));
  const known = values.slice(0, train);
  const { trend, deviation } = shapeOf(known, period);
  const windows = [5, 7, 10, 12, 14, 20, 24, 30, 36, 48, 60, 90].filter((length) => length <= train / 3);
  const horizons = [1, 2, 3, 5, 7, 12, 24].filter((length) => length <= held / 3);
  return {
    notes,
    series: {
      id: "csv",
      title: name,
      about: [
        `${target} from its own values before`,
        others.length > 0 ? `, with ${others.join(", ")}` : "",
        calendar.length > 0 ? ", and the calendar." : ".",
      ].join(""),
      credit: `${name}, ${rows.toLocaleString("en-US")} rows; ${file.isLinked ? "they came with the link" : "it stays in this page"}`,
      caution: "",
      quantity: target,
      unit: "",
      digits: Math.max(0, 2 - Math.floor(Math.log10(deviation))),
      step,
      times,
      values,
      columns: others.map((column, k) => ({ name: column, values: columnOf(columns, k + 1) })),
      calendar,
      period,
      trend,
      log: false,
      scaled: true,
      shuffle: true,
      weightDecay: 0,
      test: held,
      validation: held,
      windows,
      horizons,
      rollOuts: [5, 10, 20, 50, 100, 200].filter((steps) => steps <= held),
      presets: [{ name: "For this file", settings: settingsFor(train, windows, period, trend) }],
    },
  };
}

/** Approximate number of training steps, which take some twenty seconds on a software adapter. */
const STEPS = 600;

function settingsFor(
  train: number,
  windows: readonly number[],
  period: number | null,
  trend: boolean,
): Settings {
  const wanted = period === null || period > 45 ? 20 : 2 * period;
  const batchSize = train > 4000 ? 256 : train > 500 ? 64 : 16;
  const perEpoch = Math.ceil(train / batchSize);
  return {
    ...USUAL,
    goal: trend ? "change" : "level",
    window: windows.findLast((length) => length <= wanted) ?? windows[0]!,
    horizon: 1,
    batchSize,
    epochs: CHOICES.epochs.findLast((epochs) => epochs * perEpoch <= STEPS) ?? CHOICES.epochs[0],
  };
}

/** How far apart the smallest and the largest number of a column may be, so that float32 takes its scale. */
const RANGES = [1e-30, 1e30] as const;

/** Refuses a column that float32 cannot scale; constant numbers need no scale. */
function checkRange(column: string, values: readonly number[]): void {
  const range = values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
  if (range === 0 || (range >= RANGES[0] && range <= RANGES[1])) return;
  const [size, change] = range < RANGES[0] ? ["close together", "Multiply"] : ["far apart", "Divide"];
  throw new CsvError(
    `The numbers of the column "${column}" are too ${size} to compute with: the smallest and the largest differ by ${brief(range)}. ${change} them by a power of ten first.`,
  );
}

/** Whether the values move by more than their deviation; and their deviation. */
function shapeOf(
  values: readonly number[],
  period: number | null,
): { readonly trend: boolean; readonly deviation: number } {
  const meanOf = (part: readonly number[]) => part.reduce((sum, value) => sum + value, 0) / part.length;
  const mean = meanOf(values);
  const deviation = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
  const quarter = Math.floor(values.length / 4);
  // Whole seasons, so that the difference between summer and winter is not a trend.
  const length =
    period !== null && period <= values.length / 2
      ? Math.max(1, Math.floor(quarter / period)) * period
      : quarter;
  const moved = Math.abs(meanOf(values.slice(-length)) - meanOf(values.slice(0, length)));
  return { trend: moved > deviation, deviation: deviation || 1 };
}
