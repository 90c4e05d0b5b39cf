/** How the Forecast view reads files of other countries and tools, and what it says about them. */
import { describe, expect, test } from "vitest";
import { csvSeries, firstChoice, interpretCsv, readCsv } from "../../demo/forecast/own-series/csv-series.ts";
import { understood } from "../../demo/forecast/own-series/csv-understood.ts";
import { guessOrder, holdsDates, readDate } from "../../tasks/csv/dates.ts";
import { guessDecimal, readNumber } from "../../tasks/csv/numbers.ts";

const DAY = 86_400_000;
const START = Date.UTC(2022, 0, 31);
const two = (value: number) => String(value).padStart(2, "0");

/** The day, month and year of a row. */
function dayOf(t: number, start = START): readonly [string, string, string] {
  const date = new Date(start + t * DAY);
  return [two(date.getUTCDate()), two(date.getUTCMonth() + 1), String(date.getUTCFullYear())];
}

/** A file of 80 rows. */
function file(header: string, row: (t: number) => string, newestFirst = false): string {
  const rows = Array.from({ length: 80 }, (_, t) => row(t));
  return [header, ...(newestFirst ? rows.reverse() : rows)].join("\n");
}

const iso = (t: number) => dayOf(t).toReversed().join("-");
const value = (t: number) => 1234.5 + 10 * (t % 7);

interface Case {
  readonly text: string;
  readonly target: string;
  readonly first: number;
  readonly last: number;
  /** The first step; null for no dates. */
  readonly time: number | null;
  /** Parts of the line. */
  readonly says: readonly string[];
  readonly asks?: readonly ("decimal" | "order")[];
}

const CASES: Record<string, Case> = {
  "German, with semicolons": {
    text: file("Datum;Umsatz;Kunden", (t) => {
      const [whole, part] = value(t).toFixed(2).split(".");
      return `${dayOf(t).join(".")};${whole!.slice(0, 1)}.${whole!.slice(1)},${part};${17 + (t % 5)}`;
    }),
    target: "Umsatz",
    first: 1234.5,
    last: value(79),
    time: START,
    says: [
      "Semicolons between cells; decimal comma (1.234,50 is 1,234.5); dates in Datum with the day first",
      "(01.02.2022 is 1 February 2022); oldest row first; no gaps.",
    ],
  },
  "American and newest first, with quotes": {
    text: file(
      "Date,Close,Volume",
      (t) => {
        const [day, month, year] = dayOf(t);
        return `${month}/${day}/${year},"1,${value(t).toFixed(2).slice(1)}",${900 + t}`;
      },
      true,
    ),
    target: "Close",
    first: 1234.5,
    last: value(79),
    time: START,
    says: [
      "Commas between cells; decimal point (1,254.50 is 1,254.5)",
      "dates in Date with the month first",
      "newest row first, turned round; no gaps.",
      "Volume numbers the rows, so it is not forecast.",
    ],
  },
  "ISO and newest first": {
    text: file("date,load", (t) => `${iso(t)},${value(t)}`, true),
    target: "load",
    first: 1234.5,
    last: value(79),
    time: START,
    says: ["dates in date (2022-04-20 is 20 April 2022); newest row first, turned round"],
  },
  "of pandas, with an index": {
    text: file(",ds,y", (t) => `${t},${iso(t)} 00:00:00,${value(t)}`),
    target: "y",
    first: 1234.5,
    last: value(79),
    time: START,
    says: [
      "The first column has no name; it is called column 1 here.",
      "column 1 numbers the rows, so it is not forecast.",
    ],
  },
  "of pandas, with dates as its index": {
    text: file(",y", (t) => `${iso(t)},${value(t)}`),
    target: "y",
    first: 1234.5,
    last: value(79),
    time: START,
    says: ["dates in column 1 (2022-01-31 is 31 January 2022)"],
  },
  "with 1.355 beside decimal commas": {
    text: file("t;a;b", (t) => `${t};1.${355 + ((3 * t) % 80)};${(t % 9) + 0.25}`.replace(/\.25$/, ",25")),
    target: "a",
    first: 1355,
    last: 1432,
    time: null,
    says: ["decimal comma (1.355 is 1,355)", "no dates; oldest row first", "t numbers the rows"],
  },
  "with 1.355 and nothing else, between semicolons": {
    text: file("a;b", (t) => `1.${355 + (t % 7)};${t % 3}`),
    target: "a",
    first: 1355,
    last: 1357,
    time: null,
    says: ["decimal comma (1.355 is 1,355)"],
    asks: ["decimal"],
  },
  "of months whose day could be the month": {
    text: file("month,y", (t) => `01/${two((t % 12) + 1)}/${2015 + Math.floor(t / 12)},${value(t)}`),
    target: "y",
    first: 1234.5,
    last: value(79),
    time: Date.UTC(2015, 0, 1),
    says: ["dates in month with the day first (01/02/2015 is 1 February 2015)", "no gaps"],
    asks: ["order"],
  },
  "with an id before the numbers, gaps, text and clocks": {
    text: file(
      "id,date,clock,y,remark",
      (t) => `${(t * 37) % 80},${iso(t < 40 ? t : t + 3)},1h${t},${value(t)},dry`,
    ),
    target: "y",
    first: 1234.5,
    last: value(79),
    time: START,
    says: [
      "one gap after 11 March 2022 (4 days)",
      "id numbers the rows, so it is not forecast.",
      "clock is not used: “1h0” is neither a number nor a date.",
      "remark is text and not used.",
    ],
  },
};

describe("a file", () => {
  test.each(Object.entries(CASES))("%s", (_, { text, target, first, last, time, says, asks = [] }) => {
    const read = readCsv("it.csv", text);
    const choice = firstChoice(read);
    expect(choice.target).toBe(target);
    const { series } = csvSeries(read, choice);
    expect(series.values.length).toBe(80);
    expect([series.values[0], series.values.at(-1)]).toEqual([first, last]);
    expect(series.times?.[0] ?? null).toBe(time);
    const line = understood(read, choice);
    for (const part of says) expect(line).toContain(part);
    const { decimal, order } = read.guess;
    expect({ decimal: !decimal.sure, order: !order.sure }).toEqual({
      decimal: asks.includes("decimal"),
      order: asks.includes("order"),
    });
  });

  test("can be read in the other way", () => {
    const decimals = readCsv("it.csv", CASES["with 1.355 and nothing else, between semicolons"]!.text);
    const points = interpretCsv(decimals, { ...decimals.reading, decimal: "point" });
    expect(csvSeries(points, firstChoice(points)).series.values[0]).toBe(1.355);
    expect(understood(points, firstChoice(points))).toContain("decimal point (1.355 is 1.355)");

    const months = readCsv("it.csv", CASES["of months whose day could be the month"]!.text);
    const days = interpretCsv(months, { ...months.reading, order: "month" });
    expect(csvSeries(days, firstChoice(days)).series.times!.slice(0, 2)).toEqual(
      [1, 2].map((day) => Date.UTC(2015, 0, day)),
    );
    expect(understood(days, firstChoice(days))).toContain(
      "6 gaps, the longest after 12 January 2016 (355 days)",
    );
  });

  test("without dates is turned round only if its reader says so", () => {
    const read = readCsv(
      "it.csv",
      file("y", (t) => String(t * t)),
    );
    const choice = firstChoice(read);
    const valuesOf = (newestFirst: boolean) => csvSeries(read, { ...choice, newestFirst }).series.values;
    expect(valuesOf(false)[1]).toBe(1);
    expect(valuesOf(true)).toEqual([...valuesOf(false)].reverse());
    expect(understood(read, { ...choice, newestFirst: true })).toContain("newest row first, turned round");
  });

  test("that is not in order says so, and names the line that breaks the file's own order", () => {
    const lines = CASES["ISO and newest first"]!.text.split("\n");
    [lines[10], lines[11]] = [lines[11]!, lines[10]!];
    const read = readCsv("it.csv", lines.join("\n"));
    expect(understood(read, firstChoice(read))).toContain("rows not in the order of time");
    expect(() => csvSeries(read, firstChoice(read))).toThrow(
      'Line 11, column "date": 2022-04-10 does not come after the row before it',
    );
  });
});

test.each([
  ["1.234,50", Number.NaN, 1234.5],
  ["1,234.50", 1234.5, Number.NaN],
  ["1,234", 1234, 1.234],
  ["1.234.567", Number.NaN, 1234567],
  ["-12,5", Number.NaN, -12.5],
  ["−3e-2", -0.03, -0.03],
  ["1'234'567.5", 1234567.5, Number.NaN],
  ["1 234", 1234, 1234],
  ["1\u202f234,5", Number.NaN, 1234.5],
  ["0.123", 0.123, Number.NaN],
  [".5", 0.5, Number.NaN],
  ["1,23,456", Number.NaN, Number.NaN],
  ["1,234'567", Number.NaN, Number.NaN],
  ["", Number.NaN, Number.NaN],
  [".", Number.NaN, Number.NaN],
  ["0x10", Number.NaN, Number.NaN],
  ["1e60", Number.NaN, Number.NaN],
  ["31.01.2022", Number.NaN, Number.NaN],
])("the number %j", (text, point, comma) => {
  expect(readNumber(text, "point")).toBe(point);
  expect(readNumber(text, "comma")).toBe(comma);
});

test("the decimal sign", () => {
  const guess = (cells: string[], delimiter = ";") => guessDecimal(cells, delimiter);
  expect(guess(["1", "20"])).toEqual({ decimal: "point", sure: true, example: undefined });
  expect(guess(["1.234"], ",")).toEqual({ decimal: "point", sure: true, example: "1.234" });
  expect(guess(["1,234"], ",")).toEqual({ decimal: "point", sure: false, example: "1,234" });
  expect(guess(["1.234"])).toEqual({ decimal: "comma", sure: false, example: "1.234" });
  expect(guess(["0.5", "1,5", "2,5"])).toEqual({ decimal: "comma", sure: false, example: undefined });
});

test.each([
  ["31.01.2022", [2022, 0, 31], null],
  ["1/2/22", [2022, 1, 1], [2022, 0, 2]],
  ["01/02/1999 6:30 PM", [1999, 1, 1, 18, 30], [1999, 0, 2, 18, 30]],
  ["12/13/2022 12:00 am", null, [2022, 11, 13]],
  ["2022/1/31 07:05:09", [2022, 0, 31, 7, 5, 9], [2022, 0, 31, 7, 5, 9]],
  ["20220131", [2022, 0, 31], [2022, 0, 31]],
  ["01.2022", [2022, 0, 1], [2022, 0, 1]],
  ["31 Jan 2022", [2022, 0, 31], [2022, 0, 31]],
  ["3. März 2022", [2022, 2, 3], [2022, 2, 3]],
  ["Jan 1 2000", [2000, 0, 1], [2000, 0, 1]],
  ["Dec-2000", [2000, 11, 1], [2000, 11, 1]],
  ["30.02.2022", null, null],
  ["12/12/2022 24:00", null, null],
  ["about 2022", null, null],
  ["12.5", null, null],
] as const)("the date %j", (text, day, month) => {
  const time = (parts: readonly number[] | null) =>
    parts ? Date.UTC(...(parts as [number, number, number])) : Number.NaN;
  expect(readDate(text, "day")).toBe(time(day));
  expect(readDate(text, "month")).toBe(time(month));
});

test("a column of dates, and their order", () => {
  expect(holdsDates(["2022-01-01", "", "soon", "2022-01-03"])).toBe(true);
  expect(holdsDates(["20220101", "20220102", ""])).toBe(true);
  expect(holdsDates(["20220101", "20229999"])).toBe(false);
  expect(holdsDates(["10.1999", "10.2", "11.2001"])).toBe(false);
  expect(holdsDates(["", ""])).toBe(false);
  expect(guessOrder(["1/2/2022", "1/13/2022"])).toEqual({ order: "month", sure: true, example: "1/2/2022" });
  expect(guessOrder(["13/1/2022", "1/14/2022", "15/1/2022"])).toMatchObject({ order: "day", sure: false });
  // Only one order lets time run one way.
  expect(guessOrder(["1/11/2022", "1/12/2022", "2/1/2022"])).toMatchObject({ order: "month", sure: true });
  expect(guessOrder(["2022-01-01"])).toEqual({ order: "day", sure: true, example: undefined });
});
