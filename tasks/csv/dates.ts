/** Reads dates as files write them: ISO, day first, month first, with the name of the month, or in digits alone. */

/** Which comes first in a date such as 01/02/2022. */
export type DateOrder = "day" | "month";

const ISO =
  /^(?<date>\d{4}-\d\d(-\d\d)?)([T ](?<clock>\d\d:\d\d(:\d\d(\.\d+)?)?)(?<zone>Z|[+-]\d\d:\d\d)?)?$/;

const CLOCK =
  "(?:,?[T ]\\s*(?<hour>\\d{1,2}):(?<minute>\\d\\d)(?::(?<second>\\d\\d(?:\\.\\d+)?))?(?:\\s?(?<half>[AP])\\.?M\\.?)?)?$";
const pattern = (date: string) => new RegExp(`^${date}${CLOCK}`, "iu");

/** The order of day and month is open only in these. */
const TWO_NUMBERS = pattern(
  "(?<first>\\d{1,2})(?<sign>[./-])(?<second_>\\d{1,2})\\k<sign>(?<year>\\d{4}|\\d\\d)",
);

const OTHERS = [
  pattern("(?<year>\\d{4})(?<sign>[./-])(?<month>\\d{1,2})\\k<sign>(?<day>\\d{1,2})"),
  pattern("(?<day>\\d{1,2})\\.?[ -]?(?<name>\\p{L}{3,9})\\.?,?[ -]?(?<year>\\d{4}|\\d\\d)"),
  pattern("(?<name>\\p{L}{3,9})\\.? (?<day>\\d{1,2}),? (?<year>\\d{4})"),
  pattern("(?<name>\\p{L}{3,9})\\.?[ -](?<year>\\d{4})"),
  pattern("(?<month>0[1-9]|1[0-2])[/-](?<year>\\d{4})"),
];

/** These are numbers too. */
const DIGITS = [
  /^(?<year>(?:19|20)\d\d)(?<month>\d\d)(?<day>\d\d)$/,
  /^(?<month>0[1-9]|1[0-2])\.(?<year>(?:19|20)\d\d)$/,
];

/** The first letters of the months in English and German. */
const MONTHS = [
  "jan",
  "feb",
  "mar|mär",
  "apr",
  "may|mai",
  "jun",
  "jul",
  "aug",
  "sep",
  "oct|okt",
  "nov",
  "dec|dez",
];

/** Milliseconds since 1970, or NaN, of an ISO date; without a time zone it is UTC. */
export function readIsoDate(text: string): number {
  const { date = "", clock, zone = "Z" } = ISO.exec(text)?.groups ?? {};
  // Engines read 30 February as the first or second of March.
  const day = Date.parse(date);
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(date)) return Number.NaN;
  return clock === undefined ? day : Date.parse(`${date}T${clock}${zone}`);
}

/** Milliseconds since 1970, or NaN, of a date in any of the forms. */
export function readDate(text: string, order: DateOrder): number {
  const iso = readIsoDate(text);
  if (!Number.isNaN(iso)) return iso;
  const two = TWO_NUMBERS.exec(text)?.groups;
  if (two) {
    const [first, second] = [two["first"], two["second_"]];
    return timeOf({
      ...two,
      ...(order === "day" ? { day: first, month: second } : { day: second, month: first }),
    });
  }
  for (const form of [...OTHERS, ...DIGITS]) {
    const groups = form.exec(text)?.groups;
    if (groups) return timeOf(groups);
  }
  return Number.NaN;
}

type Parts = Readonly<Record<string, string | undefined>>;

function timeOf(parts: Parts): number {
  const { year = "", day = "1", hour = "0", minute = "0", second = "0", half } = parts;
  const month = parts["name"] === undefined ? Number(parts["month"]) - 1 : monthNamed(parts["name"]);
  const years = Number(year) + (year.length > 2 ? 0 : Number(year) < 70 ? 2000 : 1900);
  const date = Date.UTC(years, month, Number(day));
  const hours =
    half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toUpperCase() === "P" ? 12 : 0);
  const inRange =
    hours < 24 && Number(minute) < 60 && Number(second) < 60 && (half === undefined || Number(hour) < 13);
  if (!inRange || new Date(date).getUTCMonth() !== month || new Date(date).getUTCDate() !== Number(day)) {
    return Number.NaN;
  }
  return date + ((hours * 60 + Number(minute)) * 60 + Number(second)) * 1000;
}

/** −1 for a word that is not a month. */
function monthNamed(name: string): number {
  return MONTHS.findIndex((month) => month.split("|").includes(name.toLowerCase().slice(0, 3)));
}

/** Whether a column is one of dates: half of its cells or more, or all if they could be numbers as well. */
export function holdsDates(cells: readonly string[]): boolean {
  const filled = cells.filter((cell) => cell !== "");
  const isDate = (cell: string) =>
    !Number.isNaN(readDate(cell, "day")) || !Number.isNaN(readDate(cell, "month"));
  const isNumber = (cell: string) => DIGITS.some((form) => form.test(cell));
  if (filled.some(isNumber)) return filled.every(isDate);
  return filled.length > 0 && 2 * filled.filter(isDate).length >= cells.length;
}

/** What a file's dates say about the order of day and month. */
export interface OrderGuess {
  readonly order: DateOrder;
  /** Whether the dates leave no other reading. */
  readonly sure: boolean;
  /** A date that changes with the order, or was read by it; undefined if no date has an order. */
  readonly example: string | undefined;
}

/**
 * Finds the order of day and month: by a number above 12; by points, which stand between day and month; or by the only order in which
 * time runs one way. If none decides, the order with the more even steps is taken, and is not sure.
 */
export function guessOrder(cells: readonly string[]): OrderGuess {
  const counts = { day: 0, month: 0, points: 0 };
  let example: string | undefined;
  for (const cell of cells) {
    const groups = TWO_NUMBERS.exec(cell)?.groups;
    if (!groups) continue;
    const [first, second] = [Number(groups["first"]), Number(groups["second_"])];
    if (first > 12) counts.day++;
    else if (second > 12) counts.month++;
    if (groups["sign"] === ".") counts.points++;
    if (example === undefined || (isOpen(cell) && !isOpen(example))) example = cell;
  }
  if (example === undefined) return { order: "day", sure: true, example };
  if (counts.day > 0 || counts.month > 0) {
    const order = counts.day >= counts.month ? "day" : "month";
    return { order, sure: counts.day === 0 || counts.month === 0, example };
  }
  if (counts.points > 0 || !isOpen(example)) return { order: "day", sure: true, example };
  const [day, month] = (["day", "month"] as const).map((order) =>
    pace(cells.map((cell) => readDate(cell, order))),
  ) as [Pace, Pace];
  if (day.oneWay !== month.oneWay) return { order: day.oneWay ? "day" : "month", sure: true, example };
  return { order: month.even > day.even ? "month" : "day", sure: false, example };
}

/** Whether a date changes with the order. */
function isOpen(cell: string): boolean {
  const [day, month] = [readDate(cell, "day"), readDate(cell, "month")];
  return !Number.isNaN(day) && !Number.isNaN(month) && day !== month;
}

interface Pace {
  /** Whether time only rises, or only falls. */
  readonly oneWay: boolean;
  /** The share of steps that are as long as the usual one, give or take a tenth. */
  readonly even: number;
}

function pace(times: readonly number[]): Pace {
  const steps = times.slice(1).map((time, t) => time - times[t]!);
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const near = steps.filter((step) => Math.abs(step - usual) <= Math.abs(usual) / 10);
  return {
    oneWay: steps.every((step) => step > 0) || steps.every((step) => step < 0),
    even: near.length / Math.max(1, steps.length),
  };
}
