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
  if (!trend) {
    const simple = [persistence(series), mean(series, known)];
    return period === null ? simple : [...simple, anomaly(series, known)];
  }
  if (period === null) return [persistence(series), drift(series)];
  return [
    persistence(series),
    seasonalNaive(series, period),
    seasonalDrift(series, period),
    seasonalChange(series, period, known),
  ];
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

/** The seasonal mean, and the last distance from it, which fades by the factor that fits the known values best. */
function anomaly(series: Given, known: number): Baseline {
  const { values, step } = series;
  const usual = seasonalMeans(series, values.slice(0, known));
  const away = (t: number) => values[t]! - usual(t);
  let [both, square] = [0, 0];
  for (let t = 1; t < known; t++) {
    both += away(t - 1) * away(t);
    square += away(t - 1) ** 2;
  }
  const factor = square > 0 ? both / square : 0;
  return {
    name: "Anomaly persistence",
    rule: `the seasonal mean, and ${factor.toFixed(2)} of the last ${step}’s distance from it, less with each ${step}`,
    at: (origin, ahead) => usual(origin + ahead) + factor ** (ahead + 1) * away(origin - 1),
  };
}

/** The last known value, and what the steps since bring on average: the anomaly stays. */
function seasonalChange(series: Given, period: number, known: number): Baseline {
  const { values, step, log } = series;
  const level = (t: number) => (log ? Math.log(values[t]!) : values[t]!);
  const changes = Array.from({ length: known - 1 }, (_, t) => level(t + 1) - level(t));
  // The change to step 0 is unknown: that of the next season stands in.
  const usual = seasonalMeans(series, [changes[period - 1]!, ...changes]);
  return {
    name: "Anomaly persistence",
    rule: `the last known ${step}, and what the ${step}s since then bring on average`,
    at: (origin, ahead) => {
      let value = level(origin - 1);
      for (let k = 0; k <= ahead; k++) value += usual(origin + k);
      return log ? Math.exp(value) : value;
    },
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
