/**
 * The two pictures, drawn by uPlot. Colours come from the page's custom properties at each drawing, so a change
 * between light and dark needs only a redraw; a ResizeObserver keeps each chart as wide as its card.
 */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const FONT = "12px system-ui, sans-serif";

/** What both charts share: axes in the page's colours and a size that follows the container. */
class Chart {
  protected readonly plot: uPlot;
  readonly #observer: ResizeObserver;
  readonly #scheme = matchMedia("(prefers-color-scheme: dark)");
  readonly #repaint = () => this.plot.redraw(false);

  constructor(container: HTMLElement, height: number, options: Omit<uPlot.Options, "width" | "height">) {
    const width = () => Math.max(200, Math.floor(container.clientWidth));
    const empty = options.series.map(() => []) as unknown as uPlot.AlignedData;
    const padding: uPlot.Padding = [8, 12, 0, 0];
    const legend: uPlot.Legend = { markers: { show: false, stroke: "inherit" } };
    this.plot = new uPlot({ padding, legend, ...options, width: width(), height }, empty, container);
    this.#observer = new ResizeObserver(() => {
      if (width() !== this.plot.width) this.plot.setSize({ width: width(), height });
    });
    this.#observer.observe(container);
    this.#scheme.addEventListener("change", this.#repaint);
  }
}

/** An axis in the page's colours. */
function axis(options: uPlot.Axis): uPlot.Axis {
  const grid = { stroke: () => colour("line"), width: 1 };
  return { stroke: () => colour("soft"), font: FONT, grid, ticks: { ...grid, size: 4 }, ...options };
}

/** A line whose class names its colour; the style sheet marks it in the legend with the same. */
function line(options: uPlot.Series & { class: string }): uPlot.Series {
  return { stroke: () => colour(options.class), width: 2, points: { show: false }, ...options };
}

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
