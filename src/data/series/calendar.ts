import { checkOptions, show } from "../../checks.ts";
import { DataError, OptionError } from "../../errors.ts";
import type { Float64NDArray } from "../../shape.ts";

/** A recurring part of the calendar. */
export type CalendarFeature = "hourOfDay" | "dayOfWeek" | "dayOfMonth" | "dayOfYear" | "month";

/** Options of {@link calendarFeatures}. */
export interface CalendarOptions {
  /** The features, in column order; each takes two columns, its sine and its cosine. */
  readonly features: readonly CalendarFeature[];
  /** Time zone: an IANA name such as "Europe/Berlin" (default "UTC"). */
  readonly timeZone?: string;
}

/** A series with named columns. */
export interface NamedSeries extends Float64NDArray {
  /** One name for each column. */
  readonly names: readonly string[];
}

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** Position of a time in its cycle, from 0 to 1; the Date's UTC fields hold the wall clock. */
const PHASES: Record<CalendarFeature, (wall: Date) => number> = {
  hourOfDay: (wall) => positiveRemainder(wall.getTime(), MS_PER_DAY) / MS_PER_DAY,
  dayOfWeek: (wall) => ((wall.getUTCDay() + 6) % 7) / 7,
  dayOfMonth: (wall) =>
    (wall.getUTCDate() - 1) /
    new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + 1, 0)).getUTCDate(),
  dayOfYear: (wall) => {
    const year = wall.getUTCFullYear();
    const [start, end] = [startOfYear(year), startOfYear(year + 1)];
    return (Math.floor((wall.getTime() - start) / MS_PER_DAY) * MS_PER_DAY) / (end - start);
  },
  month: (wall) => wall.getUTCMonth() / 12,
};

/**
 * The position of each time in the day, week, month and year, as points on circles. So Sunday is as near to Monday as Monday is to
 * Tuesday, which a number from 1 to 7 would hide from a network.
 *
 * | feature | angle 0 | advances |
 * |---|---|---|
 * | `hourOfDay` | midnight | continuously, minutes and seconds included |
 * | `dayOfWeek` | Monday | by days, 7 a circle |
 * | `dayOfMonth` | the first | by days, the month's length a circle |
 * | `dayOfYear` | 1 January | by days, 365 or 366 a circle |
 * | `month` | January | by months, 12 a circle |
 *
 * @param times points in time, as a Date or in milliseconds since 1970-01-01T00:00Z
 * @returns `[times.length, 2 · features.length]`, each feature's sine and cosine, and the columns' names
 * @throws DataError for an empty list or an invalid time
 *
 * @example
 * const calendar = data.calendarFeatures(hours, { features: ["hourOfDay", "dayOfWeek"], timeZone: "Europe/Berlin" });
 * const series = data.columnStack([load, calendar]); // [time, 1 + 4]
 */
export function calendarFeatures(
  times: ArrayLike<number | Date>,
  options: CalendarOptions,
  ...more: never[]
): NamedSeries {
  const where = "calendarFeatures";
  checkOptions(where, options, ["features", "timeZone"], more);
  const { features, timeZone = "UTC" } = options;
  const known = Object.keys(PHASES) as CalendarFeature[];
  if (!Array.isArray(features) || features.length === 0) {
    throw new OptionError(`${where}: features must list some of ${known.join(", ")}, got ${show(features)}`);
  }
  for (const feature of features) {
    if (known.includes(feature)) continue;
    throw new OptionError(`${where}: unknown feature ${show(feature)}; there are ${known.join(", ")}`);
  }
  if (typeof times !== "object" || times === null || !Number.isInteger(times.length)) {
    throw new OptionError(`${where}: times must be a list of Dates or milliseconds, got ${show(times)}`);
  }
  if (times.length === 0) throw new DataError(`${where}: times is empty`);
  const wallClock = wallClockOf(where, timeZone);

  const phases = features.map((feature: CalendarFeature) => PHASES[feature]);
  const width = 2 * phases.length;
  const data = new Float64Array(times.length * width);
  for (let t = 0; t < times.length; t++) {
    const wall = wallClock(checkTime(where, times[t], t));
    phases.forEach((phase, i) => {
      const angle = 2 * Math.PI * phase(wall);
      data[t * width + 2 * i] = Math.sin(angle);
      data[t * width + 2 * i + 1] = Math.cos(angle);
    });
  }
  const names = features.flatMap((feature) => [`sine of ${feature}`, `cosine of ${feature}`]);
  return { data, shape: [times.length, width], names };
}

function checkTime(where: string, time: unknown, index: number): number {
  const milliseconds = time instanceof Date ? time.getTime() : time;
  // A Date reaches ±8.64e15 ms.
  if (typeof milliseconds === "number" && Math.abs(milliseconds) <= 8.64e15) return milliseconds;
  const got = time instanceof Date ? "an invalid Date" : show(time);
  throw new DataError(
    `${where}: times must be Dates or milliseconds since 1970, got ${got} at index ${index}; Date.parse reads a text`,
  );
}

/** Returns a Date whose UTC fields show the wall clock of the time zone. */
function wallClockOf(where: string, timeZone: string): (milliseconds: number) => Date {
  if (timeZone === "UTC") return (milliseconds) => new Date(milliseconds);
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en", {
      timeZone,
      calendar: "iso8601",
      numberingSystem: "latn",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (cause) {
    throw new OptionError(
      `${where}: timeZone must be an IANA name such as "Europe/Berlin", got ${show(timeZone)}`,
      {
        cause,
      },
    );
  }
  return (milliseconds) => {
    const parts = Object.fromEntries(
      format.formatToParts(milliseconds).map(({ type, value }) => [type, value]),
    );
    const field = (name: string) => Number(parts[name]);
    // Year 1 BC is year 0.
    const year = parts["era"]?.startsWith("B") ? 1 - field("year") : field("year");
    const wall = new Date(0);
    wall.setUTCFullYear(year, field("month") - 1, field("day"));
    wall.setUTCHours(field("hour"), field("minute"), field("second"), positiveRemainder(milliseconds, 1000));
    return wall;
  };
}

function startOfYear(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1);
}

function positiveRemainder(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
