/** Says how a file was understood. */
import { readDate } from "../../../tasks/csv/dates.ts";
import { readNumber } from "../../../tasks/csv/numbers.ts";
import { cellsOf, UNNAMED } from "../../../tasks/csv/table.ts";
import { median } from "../../../tasks/statistics/statistics.ts";
import { count } from "../../shell/format.ts";
import { type CsvChoice, type CsvFile, isNewestFirst } from "./csv-series.ts";

const DELIMITERS: Readonly<Record<string, string>> = {
  ",": "commas between cells",
  ";": "semicolons between cells",
  "\t": "tabs between cells",
};

const LONG = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});

/** 31 January 2022 */
export const longDate = (time: number) => LONG.format(time);

/** In one line: the signs, the dates, the order, the gaps, and what becomes of the columns that are not used. */
export function understood(file: CsvFile, choice: CsvChoice): string {
  const facts = [
    DELIMITERS[file.table.delimiter]!,
    decimals(file),
    ...days(file, choice),
    ...direction(file, choice),
  ];
  const line = facts.filter((fact) => fact !== "").join("; ");
  const first = `${line[0]!.toUpperCase()}${line.slice(1)}.`;
  return [first, ...columns(file, choice)].join(" ");
}

function decimals({ table, reading, numbers, guess }: CsvFile): string {
  const sign = reading.decimal === "point" ? "." : ",";
  const example =
    guess.decimal.example ??
    numbers
      .flatMap(({ name }) => cellsOf(table, name))
      .find((cell) => cell.includes(sign) && !Number.isNaN(readNumber(cell, reading.decimal)));
  if (example === undefined) return "whole numbers";
  const value = readNumber(example, reading.decimal);
  const is = Number.isNaN(value)
    ? `${example} is no number`
    : `${example} is ${value.toLocaleString("en-US", { maximumFractionDigits: 12 })}`;
  return `decimal ${reading.decimal} (${is})`;
}

function days({ table, reading, guess }: CsvFile, { date }: CsvChoice): string[] {
  if (date === null) return ["no dates"];
  const cells = cellsOf(table, date);
  const example = guess.order.example;
  const shown = example !== undefined && cells.includes(example) ? example : cells[0]!;
  const time = readDate(shown, reading.order);
  if (Number.isNaN(time)) return [`dates in ${date}`];
  const order = shown === example ? ` with the ${reading.order} first` : "";
  return [`dates in ${date}${order} (${shown} is ${longDate(time)})`];
}

function direction(file: CsvFile, choice: CsvChoice): string[] {
  const { table, reading } = file;
  const newest = isNewestFirst(file, choice);
  const turned = newest ? "newest row first, turned round" : "oldest row first";
  if (choice.date === null) return [turned];
  const cells = cellsOf(table, choice.date);
  const times = cells.map((cell) => readDate(cell, reading.order));
  const signed = times.slice(1).map((time, t) => time - times[t]!);
  if (signed.some(Number.isNaN)) return [turned];
  if (!signed.every((step) => (newest ? step < 0 : step > 0))) return ["rows not in the order of time"];
  const steps = signed.map(Math.abs);
  const usual = median(steps);
  const gaps = steps.filter((step) => step > 1.5 * usual);
  if (gaps.length === 0) return [turned, "no gaps"];
  const longest = Math.max(...gaps);
  const at = steps.indexOf(longest);
  const before = Math.min(times[at]!, times[at + 1]!);
  const number = gaps.length === 1 ? "one gap" : `${count(gaps.length)} gaps, the longest`;
  return [turned, `${number} after ${longDate(before)} (${lengthOf(longest)})`];
}

function lengthOf(ms: number): string {
  const hours = ms / 3_600_000;
  const [value, unit] =
    hours >= 48 ? [hours / 24, "days"] : hours >= 2 ? [hours, "hours"] : [60 * hours, "minutes"];
  return `${count(Math.round(value))} ${unit}`;
}

/** What becomes of the columns that are not offered, or not as one might expect. */
function columns({ table, numbers, counters, dates }: CsvFile, { target }: CsvChoice): string[] {
  const said: string[] = [];
  if (table.columns[0] === UNNAMED) said.push(`The first column has no name; it is called ${UNNAMED} here.`);
  for (const name of counters)
    if (name !== target) said.push(`${name} numbers the rows, so it is not forecast.`);
  const unused = table.columns.filter(
    (name) => !dates.includes(name) && !numbers.some((column) => column.name === name),
  );
  const most = 4;
  for (const name of unused.slice(0, most)) {
    const example = cellsOf(table, name).find((cell) => /\d/.test(cell)) ?? "";
    said.push(
      example === ""
        ? `${name} is text and not used.`
        : `${name} is not used: “${example.slice(0, 24)}” is neither a number nor a date.`,
    );
  }
  if (unused.length > most) said.push(`${count(unused.length - most)} more columns are not used.`);
  return said;
}
