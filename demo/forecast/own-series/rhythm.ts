/** Finds the step and the season of a dated series, and the calendar features that help a model. */
import type { data } from "webgpu-lstm";
import { median } from "../../../tasks/statistics/statistics.ts";

export interface Rhythm {
  /** "day"; or "row" for a step without a name. */
  readonly step: string;
  readonly period: number | null;
  readonly calendar: readonly data.CalendarFeature[];
  /** Whether all steps are equally long. */
  readonly even: boolean;
}

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

interface Step {
  readonly name: string;
  /** Shortest and longest, ms. */
  readonly lengths: readonly [number, number];
  /** The longest season of which the training part has two, with its part of the calendar. */
  readonly seasons: readonly { readonly period: number; readonly feature: data.CalendarFeature }[];
}

const STEPS: readonly Step[] = [
  {
    name: "hour",
    lengths: [HOUR, HOUR],
    seasons: [
      { period: 24, feature: "hourOfDay" },
      { period: 168, feature: "dayOfWeek" },
    ],
  },
  {
    name: "day",
    lengths: [DAY, DAY],
    seasons: [
      { period: 7, feature: "dayOfWeek" },
      { period: 365, feature: "dayOfYear" },
    ],
  },
  { name: "week", lengths: [7 * DAY, 7 * DAY], seasons: [{ period: 52, feature: "dayOfYear" }] },
  { name: "month", lengths: [28 * DAY, 31 * DAY], seasons: [{ period: 12, feature: "month" }] },
];

/** @param train Number of training steps: a season counts if they have two of it. */
export function rhythmOf(times: readonly number[] | null, train: number): Rhythm {
  const none: Rhythm = { step: "row", period: null, calendar: [], even: true };
  if (!times) return none;
  const lengths = times.slice(1).map((time, t) => time - times[t]!);
  const usual = median(lengths);
  const step = STEPS.find(({ lengths: [least, most] }) => usual >= least && usual <= most);
  const [least, most] = step?.lengths ?? [usual, usual];
  const even = lengths.every((length) => length >= least && length <= most);
  if (!step) return { ...none, even };
  const seasons = step.seasons.filter(({ period }) => 2 * period <= train);
  return {
    step: step.name,
    period: seasons.at(-1)?.period ?? null,
    calendar: seasons.map(({ feature }) => feature),
    even,
  };
}
