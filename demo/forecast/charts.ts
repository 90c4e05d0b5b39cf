/** The two pictures of the Forecast view. */
import uPlot from "uplot";
import { axis, Chart, FONT, line } from "../shell/chart.ts";

/** Ticks of a log axis: 1, 2, 5 in each decade, more of them where the range is short. */
function logTicks(min: number, max: number): number[] {
  for (const digits of [
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
          size: 52,
          splits: (_, __, min, max) => logTicks(min, max),
          filter: (_, ticks) => ticks,
          values: (_, ticks) => ticks.map(String),
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

/** Measured and forecast temperature over the held-out days. */
export class ForecastChart extends Chart {
  constructor(container: HTMLElement) {
    const degrees = (_: uPlot, value: number | null) => (value == null ? "" : `${value.toFixed(1)} °C`);
    const day = (_: uPlot, seconds: number | null) =>
      seconds == null
        ? ""
        : new Date(seconds * 1000).toLocaleDateString("en-GB", { timeZone: "UTC", dateStyle: "medium" });
    super(container, 300, {
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: {
        y: {
          range: (_, min, max) =>
            min == null || max == null ? [0, 35] : [Math.floor(min) - 1, Math.ceil(max) + 1],
        },
      },
      axes: [axis({ size: 40 }), axis({ size: 44, values: (_, ticks) => ticks.map((tick) => `${tick}°`) })],
      series: [
        { label: "day", value: day },
        line({ label: "measured", class: "measured", width: 1.5, value: degrees }),
        line({ label: "seasonal mean", class: "seasonal", width: 1.5, dash: [4, 4], value: degrees }),
        line({ label: "LSTM", class: "model", value: degrees }),
      ],
    });
  }

  /** @param days seconds since 1970 of each forecast day; the others °C on those days, null where there is none */
  draw(
    days: readonly number[],
    measured: readonly number[],
    seasonal: readonly number[],
    model: readonly (number | null)[],
  ): void {
    // A visitor who has dragged out a stretch to look at keeps it when the next forecast comes.
    const { min, max } = this.plot.scales["x"]!;
    const drawn = this.plot.data[0];
    const zoomed = drawn.length > 0 && min != null && max != null && (min > drawn[0]! || max < drawn.at(-1)!);
    this.plot.setData([[...days], [...measured], [...seasonal], [...model]], !zoomed);
    if (zoomed) this.plot.redraw();
  }
}
