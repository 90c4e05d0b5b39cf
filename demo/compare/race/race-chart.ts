/** The race's chart: every run's two losses against the libraries' own time. */
import { axis, Chart, colour, FONT, line } from "../../shell/chart.ts";
import { widthOf } from "../../shell/format.ts";
import { RUNS } from "./race.ts";
import { onGrid, type Run } from "./race-result.ts";

/** Few, since it is drawn while every core is busy. */
const POINTS = 120;

/** Powers of ten between two losses, with 2 and 5 where they are few. */
function logTicks(low: number, high: number): number[] {
  const from = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - from + 1 }, (_, i) => from + i);
  const inside = (steps: readonly number[]) =>
    powers
      .flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
      .filter((tick) => tick >= low && tick <= high);
  const tens = inside([1]);
  return tens.length >= 3 ? tens : inside([1, 2, 5]);
}

export class RaceChart extends Chart {
  constructor(container: HTMLElement) {
    // The latest run, and the earlier ones, thin.
    const curves = (label: string, name: string) => [
      line({ label, class: name, width: 2.5 }),
      ...Array.from({ length: RUNS - 1 }, (_, i) =>
        line({
          label: `${label}, ${i + 1} before`,
          class: "earlier",
          stroke: () => colour(name),
          width: 1,
        }),
      ),
    ];
    super(container, 300, {
      cursor: { drag: { x: false, y: false } },
      // Values in the legend would lay out the page at every drawing.
      legend: { live: false, markers: { show: false, stroke: "inherit" } },
      padding: [8, 24, 0, 0],
      scales: {
        x: { time: false },
        y: {
          distr: 3,
          range: (_, min, max) => (min == null || max == null ? [0.01, 1] : [min * 0.9, max * 1.1]),
        },
      },
      axes: [
        axis({ label: "seconds of training", labelSize: 18, labelFont: FONT, size: 30 }),
        axis({
          size: (_, labels) => widthOf(labels, 44),
          splits: (_, __, min, max) => logTicks(min, max),
          filter: (_, ticks) => ticks,
          values: (_, ticks) => ticks.map((tick) => (tick < 1e-3 ? tick.toExponential() : String(tick))),
        }),
      ],
      series: [
        { label: "seconds" },
        ...curves("webgpu-lstm", "model"),
        ...curves("TensorFlow.js", "validation"),
      ],
    });
  }

  /** @param seconds The time that is shown */
  draw(runs: readonly Run[], seconds: number): void {
    const grid = Array.from({ length: POINTS + 1 }, (_, i) => (i * seconds) / POINTS);
    const nothing = grid.map(() => null);
    const latestFirst = [...runs].reverse();
    const curves = (side: keyof Run) =>
      Array.from({ length: RUNS }, (_, i) => (latestFirst[i] ? onGrid(latestFirst[i][side], grid) : nothing));
    this.plot.setData([grid, ...curves("ours"), ...curves("theirs")]);
  }
}
