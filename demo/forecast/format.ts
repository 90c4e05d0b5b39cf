/** Formats values and steps of a series for display. */
import type { Series } from "../../tasks/series/series.ts";
import { brief, count, counted, decimals } from "../shell/format.ts";

type Spoken = Pick<Series, "unit" | "digits">;

/** 12.34 °C, 2,874.56 */
export function withUnit(series: Spoken, value: number): string {
  return `${numberOf(series, value)}${series.unit}`;
}

/** Whether a number would take more digits than people read. */
const isLong = ({ digits }: Pick<Spoken, "digits">, value: number) => digits > 12 || Math.abs(value) >= 1e15;

/** A number without its unit: 1,234.50; 6.56e28 where that is too long. */
export function numberOf(series: Spoken, value: number): string {
  if (isLong(series, value)) return brief(value);
  return decimals(value, series.digits).replace(/^−?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
}

/** A number as {@link numberOf} shows it. */
export function rounded(series: Spoken, value: number): number {
  return Number(isLong(series, value) ? value.toPrecision(3) : value.toFixed(series.digits));
}

const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const MONTH = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
const MINUTE = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});

/** The date of a position on a chart's axis, in seconds since 1970, or of a step's number if there are no dates. */
export function dateOf({ times, step }: Pick<Series, "times" | "step">, x: number): string {
  if (!times) return `${step} ${count(Math.round(x))}`;
  const format = step === "month" ? MONTH : step === "hour" ? MINUTE : DAY;
  return format.format(x * 1000);
}

/** The date of a step. */
export function stepName(series: Pick<Series, "times" | "step">, step: number): string {
  return dateOf(series, series.times ? series.times[step]! / 1000 : step);
}

/** "1 day", "7 days" */
export function stepCount({ step }: Pick<Series, "step">, steps: number): string {
  return counted(steps, step);
}
