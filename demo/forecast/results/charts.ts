/** The charts of the Forecast view. */
import uPlot from "uplot";
import type { Series } from "../../../tasks/series/series.ts";
import { axis, Chart, colour, FONT, line, valueAxis } from "../../shell/chart.ts";
import { dateOf, withUnit } from "../format.ts";
import { type PointPlace, placeOn } from "../point-editor.ts";

/** Ticks of a log axis: 1, 2, 5 in each decade, more of them for a short range, only the decades for a long one. */
function logTicks(min: number, max: number): number[] {
  const decades = Math.log10(max / min);
  for (const digits of decades > 3
    ? [[1]]
    : [
        [1, 2, 5],
        [1, 1.5, 2, 3, 4, 5, 7],
      ]) {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
      for (const digit of digits) ticks.push(Number((digit * 10 ** power).toPrecision(3)));
    }
    const inside = ticks.filter((tick) => tick >= min && tick <= max);
    if (inside.length >= 3) return inside;
  }
  return Array.from({ length: 4 }, (_, i) => Number((min + ((max - min) * (i + 0.5)) / 4).toPrecision(3)));
}

/** Training and validation loss by epoch, on a log scale. */
export class LossChart extends Chart {
  constructor(container: HTMLElement) {
    const loss = (_: uPlot, value: number | null) => (value == null ? "" : value.toPrecision(3));
    super(container, 236, {
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: (_, __, max) => [0, Math.max(10, max ?? 0)] },
        y: {
          distr: 3,
          range: (_, min, max) => (min == null || max == null ? [0.01, 1] : [min * 0.9, max * 1.1]),
        },
      },
      axes: [
        axis({
          label: "epoch",
          labelSize: 18,
          labelFont: FONT,
          size: 30,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200],
        }),
        axis({
          size: 58,
          splits: (_, __, min, max) => logTicks(min, max),
          filter: (_, ticks) => ticks,
          values: (_, ticks) => ticks.map((tick) => (tick < 0.001 ? tick.toExponential() : String(tick))),
        }),
      ],
      series: [
        { label: "epoch", value: (_, value) => (value == null ? "" : String(value)) },
        line({ label: "training", class: "model", value: loss }),
        line({ label: "validation", class: "validation", value: loss }),
      ],
    });
  }

  /** @param train loss of epochs 1, 2, …; @param validation the same, null where it was not computed */
  draw(train: readonly number[], validation: readonly (number | null)[]): void {
    this.plot.setData([train.map((_, i) => i + 1), [...train], [...validation]]);
  }
}

const UTC = { timeZone: "UTC" } as const;
const YEAR = new Intl.DateTimeFormat("en-GB", { ...UTC, year: "numeric" });
const MONTH = new Intl.DateTimeFormat("en-GB", { ...UTC, month: "short" });
const DAY = new Intl.DateTimeFormat("en-GB", { ...UTC, day: "numeric", month: "short" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { ...UTC, hour: "2-digit", minute: "2-digit" });

const SECONDS_PER_DAY = 24 * 60 * 60;

/** Labels of a date axis, as detailed as the distance of the ticks requires; a new year is written below its first tick. */
function dateTicks(ticks: readonly number[], increment: number): string[] {
  if (increment >= 365 * SECONDS_PER_DAY) return ticks.map((tick) => YEAR.format(tick * 1000));
  const format = increment >= 28 * SECONDS_PER_DAY ? MONTH : increment >= SECONDS_PER_DAY ? DAY : CLOCK;
  const above = increment >= SECONDS_PER_DAY ? YEAR : DAY;
  let before = "";
  return ticks.map((tick) => {
    const text = format.format(tick * 1000);
    const beneath = above.format(tick * 1000);
    if (beneath === before) return text;
    before = beneath;
    return `${text}\n${beneath}`;
  });
}

/** The axes of a chart over the steps of a series: dates if it has them, else numbers. */
export function stepOptions({ times }: Series): Pick<uPlot.Options, "tzDate" | "scales" | "axes"> {
  const dates = axis({ size: 40, space: 64, values: (_, ticks, __, ___, step) => dateTicks(ticks, step) });
  return {
    ...(times && { tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") }),
    scales: { x: { time: times !== null } },
    axes: [times ? dates : axis({ size: 30 }), valueAxis(58)],
  };
}

/** Lines over steps of a series; null for a missing value. */
export interface Lines {
  readonly steps: readonly number[];
  readonly actual: readonly (number | null)[];
  readonly baseline: readonly (number | null)[];
  readonly model: readonly (number | null)[];
  /** Points that the visitor can move; only for a chart with {@link Names.points}. */
  readonly points?: readonly (number | null)[];
}

/** The names of lines in the legend. */
interface Names {
  readonly baseline: string;
  readonly model: string;
  readonly points?: string;
}

/** The true values of a series, a baseline's and the model's forecasts. */
export class SeriesChart extends Chart {
  readonly #series: Series;
  readonly #hasPoints: boolean;
  /** Keeps the scale of values as it is, while a point is dragged. */
  held = false;

  /** @param onDraw Called after each drawing, when positions on the chart are known */
  constructor(container: HTMLElement, series: Series, names: Names, onDraw: () => void = () => {}) {
    const inUnits = (_: uPlot, value: number | null) => (value == null ? "" : withUnit(series, value));
    const where = (_: uPlot, x: number | null) => (x == null ? "" : dateOf(series, x));
    super(container, 280, {
      ...stepOptions(series),
      hooks: { draw: [onDraw] },
      series: [
        { label: series.step, value: where },
        line({ label: "what came", class: "measured", width: 1.5, value: inUnits }),
        line({ label: names.baseline, class: "seasonal", width: 1.5, dash: [4, 4], value: inUnits }),
        line({ label: names.model, class: "model", value: inUnits }),
        ...(names.points
          ? [
              line({
                label: names.points,
                class: "touch",
                width: 1.5,
                value: inUnits,
                points: { show: true, size: 9, stroke: () => colour("touch"), fill: () => colour("card") },
              }),
            ]
          : []),
      ],
    });
    this.#series = series;
    this.#hasPoints = names.points !== undefined;
  }

  /** Where steps and values lie, for {@link PointEditor}. */
  get place(): PointPlace {
    return placeOn(this.plot, (step) => this.#at(step));
  }

  /** The position of a step on the axis. */
  #at(step: number): number {
    const { times } = this.#series;
    return times ? times[step]! / 1000 : step;
  }

  /** Names the baseline's line in the legend. */
  nameBaseline(name: string): void {
    this.plot.root.querySelector(".u-legend .seasonal .u-label")!.textContent = name;
  }

  draw({ steps, actual, baseline, model, points = [] }: Lines): void {
    const at = steps.map((step) => this.#at(step));
    // A zoomed chart stays zoomed when the next forecast is drawn.
    const { min, max } = this.plot.scales["x"]!;
    const drawn = this.plot.data[0];
    const same = drawn.length === at.length && drawn[0] === at[0];
    const zoomed =
      same && drawn.length > 0 && min != null && max != null && (min > drawn[0]! || max < drawn.at(-1)!);
    const lines = [actual, baseline, model, ...(this.#hasPoints ? [points] : [])].map((values) => [
      ...values,
    ]);
    const keep = zoomed || this.held;
    this.plot.setData([at, ...lines], !keep);
    if (keep) this.plot.redraw();
  }
}
