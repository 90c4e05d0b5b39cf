/** A chart of the bits per character by training step, beside the baselines. */
import type uPlot from "uplot";
import { axis, Chart, colour, FONT, line } from "../../shell/chart.ts";
import { decimals } from "../../shell/format.ts";
import { BASELINE_NAMES, type Baselines } from "./baselines.ts";

/** The data of the chart: a point for each step number of `steps`. */
export interface BitsCurve {
  readonly steps: readonly number[];
  readonly train: readonly (number | null)[];
  readonly heldOut: readonly (number | null)[];
  /** The number of steps of the run. */
  readonly total: number;
  readonly baselines: Baselines | undefined;
}

/** The baselines' lines, by the custom properties of their colours. */
const BASELINES = { unigram: "soft", bigram: "out-4", trigram: "out-3", fiveGram: "alarm" } as const;
const NAMES = Object.keys(BASELINES) as (keyof Baselines)[];

export class BitsChart extends Chart {
  constructor(container: HTMLElement) {
    const bits = (_: uPlot, value: number | null) => (value == null ? "" : decimals(value, 2));
    const counted = { dash: [5, 4], width: 1.5, value: bits };
    super(container, 260, {
      // Room for half of the last number below.
      padding: [8, 24, 0, 0],
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: (_, __, max) => [0, Math.max(1, max ?? 100)] },
        y: {
          range: (_, min, max) =>
            min == null || max == null ? [1, 6] : [Math.floor(min * 2) / 2, Math.ceil(max * 2) / 2],
        },
      },
      axes: [
        axis({ label: "training step", labelSize: 18, labelFont: FONT, size: 30 }),
        axis({ size: 44, values: (_, ticks) => ticks.map(String) }),
      ],
      series: [
        { label: "step", value: (_, value) => (value == null ? "" : String(value)) },
        line({ label: "training", class: "model", value: bits }),
        line({ label: "held out", class: "validation", value: bits }),
        ...NAMES.map((name) =>
          line({
            label: BASELINE_NAMES[name],
            class: name,
            stroke: () => colour(BASELINES[name]),
            ...counted,
          }),
        ),
      ],
    });
  }

  draw({ steps, train, heldOut, total, baselines }: BitsCurve): void {
    // The baselines' lines span the whole chart.
    const level = (value: number | undefined) =>
      Array.from({ length: steps.length + 2 }, () => value ?? null);
    this.plot.setData([
      [0, ...steps, total],
      [null, ...train, null],
      [null, ...heldOut, null],
      ...NAMES.map((name) => level(baselines?.[name])),
    ]);
  }
}
