/** Forecasts that need no training. A model is of use only if it beats them. */
import { seasonalMeans } from "./seasons.ts";
import type { Series } from "./series.ts";

/** Forecasts a step from the values before `origin`. */
export interface Baseline {
  readonly name: string;
  /** The rule of the forecast, in words. */
  readonly rule: string;
  /** @param ahead 0 for the origin itself */
  at(origin: number, ahead: number): number;
}

type Given = Pick<Series, "values" | "times" | "period" | "trend" | "step" | "log">;

/** @param known The number of steps before the held-out part, over which means are taken. */
export function baselinesOf(series: Given, known: number): Baseline[] {
  const { trend, period } = series;
  if (!trend) return [persistence(series), mean(series, known)];
  if (period === null) return [persistence(series), drift(series)];
  return [persistence(series), seasonalNaive(series, period), seasonalDrift(series, period)];
}

function persistence({ values, step }: Given): Baseline {
  return {
    name: "Persistence",
    rule: `the last known ${step} again`,
    at: (origin) => values[origin - 1]!,
  };
}

function mean(series: Given, known: number): Baseline {
  const at = seasonalMeans(series, series.values.slice(0, known));
  return {
    name: series.period === null ? "Mean" : "Seasonal mean",
    rule:
      series.period === null
        ? "the mean of all before the held-out part"
        : "the mean near the same time of the season, before the held-out part",
    at: (origin, ahead) => at(origin + ahead),
  };
}

/** Continues the mean change so far; for logarithms, the mean growth. */
function drift({ values, step, log }: Given): Baseline {
  return {
    name: "Drift",
    rule: `the last known ${step}, and the mean ${log ? "growth" : "change"} so far`,
    at: (origin, ahead) => {
      const last = values[origin - 1]!;
      if (log) return last * (last / values[0]!) ** ((ahead + 1) / (origin - 1));
      return last + ((last - values[0]!) * (ahead + 1)) / (origin - 1);
    },
  };
}

/** The number of seasons back to the last known value at the same time of the season. */
const seasonsBack = (ahead: number, period: number) => Math.floor(ahead / period) + 1;

function seasonalNaive({ values }: Given, period: number): Baseline {
  return {
    name: "Seasonal naive",
    rule: "the same time of the last season",
    at: (origin, ahead) => values[origin + ahead - seasonsBack(ahead, period) * period]!,
  };
}

function seasonalDrift(series: Given, period: number): Baseline {
  const naive = seasonalNaive(series, period);
  const { values } = series;
  return {
    name: "Seasonal naive + drift",
    rule: "the same time of the last season, and what a season has brought since",
    at: (origin, ahead) => {
      const season = values[origin - 1]! - values[origin - 1 - period]!;
      return naive.at(origin, ahead) + seasonsBack(ahead, period) * season;
    },
  };
}
