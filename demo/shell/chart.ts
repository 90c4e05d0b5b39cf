/**
 * Charts by uPlot. Each drawing takes its colours from the page's custom properties, so a change between light and
 * dark needs only a redraw; a ResizeObserver keeps each chart as wide as its card.
 */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { leastRange, tickLabels, widthOf } from "./format.ts";
import { THEME_CHANGE } from "./theme.ts";

/** The current value of a custom property of the page. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The font of all text in charts. */
export const FONT = "12px system-ui, sans-serif";

/** Size of a chart for a result card: its labels are then legible on it. */
const CARD_PICTURE = { width: 828, height: 225 };

/** The base of all charts: axes in the page's colours and a size that follows the container. */
export class Chart {
  protected readonly plot: uPlot;
  readonly #observer: ResizeObserver;
  readonly #repaint = () => this.plot.redraw(false);

  constructor(container: HTMLElement, height: number, options: Omit<uPlot.Options, "width" | "height">) {
    const width = () => Math.max(200, Math.floor(container.clientWidth));
    const empty = options.series.map(() => []) as unknown as uPlot.AlignedData;
    // The last date is centred at the edge; its half must fit.
    const dated = options.scales?.["x"]?.time !== false;
    const padding: uPlot.Padding = [8, dated ? 34 : 12, 0, 0];
    const scales: uPlot.Scales = { y: { range: (_, min, max) => leastRange(min, max) }, ...options.scales };
    const legend: uPlot.Legend = { markers: { show: false, stroke: "inherit" } };
    this.plot = new uPlot({ padding, legend, ...options, scales, width: width(), height }, empty, container);
    this.#observer = new ResizeObserver(() => {
      // A hidden view has no width; the chart keeps its last width.
      if (container.clientWidth > 0 && width() !== this.plot.width)
        this.plot.setSize({ width: width(), height });
    });
    this.#observer.observe(container);
    document.addEventListener(THEME_CHANGE, this.#repaint);
  }

  /** The drawing with its axes, as large as the picture of a result card, whatever the window's width. */
  async cardPicture(): Promise<HTMLCanvasElement> {
    const { width, height } = this.plot;
    this.plot.setSize(CARD_PICTURE);
    // It draws in a microtask; nothing of this is seen.
    await Promise.resolve();
    const { canvas } = this.plot.ctx;
    const copy = document.createElement("canvas");
    copy.width = canvas.width;
    copy.height = canvas.height;
    copy.getContext("2d")!.drawImage(canvas, 0, 0);
    this.plot.setSize({ width, height });
    return copy;
  }

  /** Shows no data. */
  clear(): void {
    this.plot.setData(this.plot.series.map(() => []) as unknown as uPlot.AlignedData);
  }

  /** Removes the chart from its container. */
  destroy(): void {
    this.#observer.disconnect();
    document.removeEventListener(THEME_CHANGE, this.#repaint);
    this.plot.destroy();
  }
}

/** An axis in the page's colours. */
export function axis(options: uPlot.Axis): uPlot.Axis {
  const grid = { stroke: () => colour("line"), width: 1 };
  return { stroke: () => colour("soft"), font: FONT, grid, ticks: { ...grid, size: 4 }, ...options };
}

/** An axis of values, as wide as its labels. @param least Its least width in px */
export function valueAxis(least: number): uPlot.Axis {
  return axis({ size: (_, labels) => widthOf(labels, least), values: (_, ticks) => tickLabels(ticks) });
}

/** A line whose class names its colour; the style sheet gives its legend entry the same colour. */
export function line(options: uPlot.Series & { class: string }): uPlot.Series {
  return { stroke: () => colour(options.class), width: 2, points: { show: false }, ...options };
}
