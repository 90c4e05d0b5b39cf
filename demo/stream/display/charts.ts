/** The two charts of the Stream view. */
import uPlot from "uplot";
import { axis, Chart, colour, FONT, line, valueAxis } from "../../shell/chart.ts";
import { brief, count, leastRange, short } from "../../shell/format.ts";
import { EDGES } from "../watching/latency.ts";
import { POINTS, type Watch } from "../watching/watch.ts";

/** A signal's latest values and their predictions, with the band of normal values. */
export class SignalChart extends Chart {
  /** The chart shows at least this far from zero on both sides, as room for a hand; 0 for only the values. */
  room = 0;

  constructor(container: HTMLElement) {
    const value = (_: uPlot, v: number | null) => (v == null ? "" : short(v));
    const range = ({ data }: uPlot, low: number | null, _: number, i: number | null) =>
      low == null || i == null ? "" : `${short(low)} to ${short(data[2]![i]!)}`;
    const edge = { stroke: "transparent", width: 0, points: { show: false } };
    super(container, 300, {
      cursor: { drag: { x: false, y: false } },
      scales: {
        // Always as wide: a signal that has just begun comes in from the right.
        x: { time: false, range: (_, __, max) => [(max ?? POINTS) - POINTS, max ?? POINTS] },
        y: { range: (_, min, max) => this.#range(min, max) },
      },
      axes: [
        axis({
          label: "step",
          labelSize: 18,
          labelFont: FONT,
          size: 30,
          values: (_, ticks) => ticks.map((tick) => (tick < 0 ? "" : brief(tick))),
        }),
        valueAxis(56),
      ],
      series: [
        { label: "step", value: (_, v) => (v == null ? "" : String(v)) },
        { ...edge, label: "normal", class: "stream-band", value: range },
        { ...edge, label: "normal up to", class: "stream-band-to", value },
        line({ label: "measured", class: "measured", width: 1.5, value }),
        line({ label: "predicted one step before", class: "model", value }),
        line({
          label: "anomaly",
          class: "alarm",
          value,
          paths: () => null,
          points: {
            show: true,
            size: 9,
            width: 2,
            stroke: () => colour("alarm"),
            fill: () => colour("card"),
          },
        }),
      ],
      bands: [{ series: [2, 1], fill: () => `color-mix(in srgb, ${colour("model")} 14%, transparent)` }],
    });
  }

  /** What a pointer touches. */
  get surface(): HTMLElement {
    return this.plot.over;
  }

  valueAt(y: number): number {
    return this.plot.posToVal(y, "y");
  }

  heightOf(value: number): number {
    return this.plot.valToPos(value, "y");
  }

  #range(min: number | null, max: number | null): [number, number] {
    const [low, high] = leastRange(min, max);
    return this.room === 0 ? [low, high] : [Math.min(low, -this.room), Math.max(high, this.room)];
  }

  /** @param center The median of the residuals on normal data; @param threshold the largest normal distance from it */
  draw({ points, predicted }: Watch, center: number, threshold: number): void {
    const steps = points.map(({ step }) => step);
    const measured = points.map(({ value }) => value);
    const predictions = points.map((point) => point.predicted);
    const anomalies = points.map(({ value, anomalous }) => (anomalous ? value : null));
    if (predicted !== null && steps.length > 0) {
      steps.push(steps.at(-1)! + 1);
      measured.push(null);
      predictions.push(predicted);
      anomalies.push(null);
    }
    const edge = (by: number) => predictions.map((p) => (p === null ? null : p + center + by));
    this.plot.setData([steps, edge(-threshold), edge(threshold), measured, predictions, anomalies]);
  }
}

/** A histogram of the times of steps, in the worker and as the page measures them. */
export class LatencyChart extends Chart {
  constructor(container: HTMLElement) {
    const steps = (_: uPlot, v: number | null) => (v == null ? "" : String(v));
    const bars = (align: 1 | -1, name: string) => ({
      width: 1,
      fill: () => colour(name),
      paths: uPlot.paths.bars!({ size: [0.42, 40], align }),
    });
    super(container, 190, {
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: (_, min, max) => [(min ?? 0) - 0.7, (max ?? EDGES.length) + 0.7] },
        y: { range: (_, __, max) => [0, Math.max(5, (max ?? 0) * 1.08)] },
      },
      axes: [
        axis({
          label: "ms, from",
          labelSize: 18,
          labelFont: FONT,
          size: 30,
          grid: { show: false },
          splits: (_, __, min, max) =>
            EDGES.map((_, i) => i).filter((i) => i % 2 === 0 && i >= min && i <= max),
          values: (_, ticks) => ticks.map((i) => (i === 0 ? "0" : brief(EDGES[i]!))),
        }),
        axis({
          size: 44,
          values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? count(tick) : "")),
        }),
      ],
      series: [
        { label: "from", value: (_, i) => (i == null ? "" : `from ${brief(EDGES[i]!)} ms`) },
        line({ label: "in the worker", class: "model", value: steps, ...bars(-1, "model") }),
        line({ label: "round trip", class: "validation", value: steps, ...bars(1, "validation") }),
      ],
    });
  }

  draw(inWorker: readonly number[], roundTrip: readonly number[]): void {
    const used = EDGES.map((_, i) => i).filter((i) => inWorker[i]! + roundTrip[i]! > 0);
    const first = Math.max(0, (used[0] ?? 4) - 2);
    const last = Math.min(EDGES.length - 1, Math.max((used.at(-1) ?? 12) + 2, first + 8));
    const bins = EDGES.map((_, i) => i).slice(first, last + 1);
    this.plot.setData([bins, bins.map((i) => inWorker[i]!), bins.map((i) => roundTrip[i]!)]);
  }
}
