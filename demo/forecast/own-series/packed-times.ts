/** The dates of a series, packed as runs of equal steps; months, quarters and years count as equal. */
import type { Packer, Unpacker } from "./packed.ts";

const DAY = 24 * 60 * 60 * 1000;
const [FIRST, LAST] = [Date.UTC(-1, 12), Date.UTC(9999, 11, 31)];

/** What steps are counted in: there are no dates; milliseconds; months, on the same day; months, on their last day. */
const NONE = 0;
const MILLISECONDS = 1;
const MONTHS = 2;
const MONTH_ENDS = 3;

/** @param times ms since 1970, each later than the one before */
export function packTimes(packer: Packer, times: readonly number[] | null): void {
  const kind = times ? kindOf(times) : NONE;
  packer.whole(kind);
  if (!times) return;
  const shift = shiftOf(kind);
  const places = kind === MILLISECONDS ? times : times.map((time) => monthOf(time + shift));
  const steps = places.slice(1).map((place, t) => place - places[t]!);
  const unit = steps.reduce(commonDivisor, 0);
  packer.whole(times[0]!);
  packer.whole(unit);
  for (let t = 0; t < steps.length; ) {
    let end = t;
    while (steps[end] === steps[t]) end++;
    packer.whole(steps[t]! / unit);
    packer.whole(end - t);
    t = end;
  }
}

/** @throws RangeError for dates that do not rise, or leave the years 0 to 9999 */
export function unpackTimes(from: Unpacker, rows: number): number[] | null {
  const kind = from.whole(NONE, MONTH_ENDS);
  if (kind === NONE) return null;
  const shift = shiftOf(kind);
  const first = from.whole(FIRST, LAST);
  const unit = from.whole(1, LAST - FIRST);
  const places = [kind === MILLISECONDS ? first : monthOf(first + shift)];
  while (places.length < rows) {
    const step = unit * from.whole(1, LAST - FIRST);
    for (let left = from.whole(1, rows - places.length); left > 0; left--) places.push(places.at(-1)! + step);
  }
  const times = kind === MILLISECONDS ? places : places.map((month) => inMonth(month, first + shift) - shift);
  if (!(times.at(-1)! <= LAST)) throw new RangeError("the dates do not end");
  return times;
}

/** The kind that takes the fewest numbers. */
function kindOf(times: readonly number[]): number {
  const kinds = [MONTHS, MONTH_ENDS].filter((kind) => {
    const moved = times.map((time) => time + shiftOf(kind));
    const isNewMonth = (time: number, t: number) => t === 0 || monthOf(time) > monthOf(moved[t - 1]!);
    return moved.every((time, t) => inMonth(monthOf(time), moved[0]!) === time && isNewMonth(time, t));
  });
  return kinds[0] ?? MILLISECONDS;
}

/** The day after a month's last is the first of the next, whatever the month. */
function shiftOf(kind: number): number {
  return kind === MONTH_ENDS ? DAY : 0;
}

/** The month of a time, counted from January of the year 0. */
function monthOf(time: number): number {
  const date = new Date(time);
  return 12 * date.getUTCFullYear() + date.getUTCMonth();
}

function startOf(month: number): number {
  return new Date(0).setUTCFullYear(Math.floor(month / 12), month % 12, 1);
}

/** The time that lies as far behind the start of a month as `like` lies behind the start of its own. */
function inMonth(month: number, like: number): number {
  return startOf(month) + like - startOf(monthOf(like));
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
