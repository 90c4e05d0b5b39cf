/** A chart of the network's outputs at every step, over its input if that is one line. */
import type uPlot from "uplot";
import { axis, Chart, FONT, line, valueAxis } from "../shell/chart.ts";
import { short } from "../shell/format.ts";

/** Maximum number of lines. */
export const MOST_LINES = 4;

export interface Line {
  readonly label: string;
  readonly values: Float32Array;
}

export class OutputChart extends Chart {
  /** @param input Drawn behind the outputs; @param outputs at most {@link MOST_LINES} */
  constructor(container: HTMLElement, input: Line | undefined, outputs: readonly Line[]) {
    const value = (_: uPlot, v: number | null) => (v == null ? "" : short(v));
    super(container, 260, {
      scales: { x: { time: false } },
      axes: [axis({ label: "step", labelSize: 18, labelFont: FONT, size: 30 }), valueAxis(56)],
      series: [
        { label: "step", value: (_, v) => (v == null ? "" : String(v)) },
        ...(input ? [line({ label: input.label, class: "measured", width: 1.5, value })] : []),
        ...outputs.map(({ label }, i) => line({ label, class: `out-${i + 1}`, value })),
      ],
    });
    const lines = [...(input ? [input] : []), ...outputs];
    const steps = Array.from({ length: lines[0]!.values.length }, (_, t) => t);
    this.plot.setData([steps, ...lines.map(({ values }) => [...values])]);
  }
}

/** Column `index` of [steps, columns]. */
export function columnOf(data: Float32Array, columns: number, index: number): Float32Array {
  return Float32Array.from({ length: data.length / columns }, (_, t) => data[t * columns + index]!);
}
