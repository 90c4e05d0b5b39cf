/** The sound and the probability of speech over the same seconds; segments of speech are shaded in both. */
import uPlot from "uplot";
import { SECONDS, type Segment } from "../../../tasks/speech/segments.ts";
import { axis, Chart, colour, FONT, line, valueAxis } from "../../shell/chart.ts";
import { brief, decimals } from "../../shell/format.ts";
import type { Hearing } from "./hearing.ts";

/** Seconds that are shown at least. */
const LEAST = 5;

/** The cursor of one chart shows in the other. */
const SYNC = "speech";

abstract class SpeechChart extends Chart {
  /** Begin and end of each segment, in s. */
  protected segments: readonly (readonly [number, number])[] = [];

  constructor(container: HTMLElement, height: number, options: Omit<uPlot.Options, "width" | "height">) {
    super(container, height, {
      ...options,
      cursor: { drag: { x: false, y: false }, sync: { key: SYNC } },
      scales: {
        ...options.scales,
        x: { time: false, range: (_, min, max) => [min ?? 0, Math.max((min ?? 0) + LEAST, max ?? 0)] },
      },
    });
    this.plot.hooks.drawClear = [(plot) => this.#shade(plot)];
  }

  #shade({ ctx, bbox, valToPos }: uPlot): void {
    ctx.save();
    ctx.fillStyle = `color-mix(in srgb, ${colour("model")} 16%, transparent)`;
    for (const [from, to] of this.segments) {
      const left = Math.max(bbox.left, valToPos(from, "x", true));
      const right = Math.min(bbox.left + bbox.width, valToPos(to, "x", true));
      if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
    ctx.restore();
  }
}

/** The times at which chunks begin and, last, end. */
function timesOf({ first, count }: Hearing): number[] {
  return Array.from({ length: count - first + 1 }, (_, i) => (first + i) * SECONDS);
}

function timesOfSegments({ first }: Hearing, segments: readonly Segment[]): [number, number][] {
  return segments.map(({ from, to }) => [(first + from) * SECONDS, (first + to) * SECONDS]);
}

export class WaveChart extends SpeechChart {
  constructor(container: HTMLElement) {
    const value = (_: uPlot, v: number | null) => (v == null ? "" : brief(v));
    super(container, 130, {
      scales: { y: { range: (_, min, max) => loudest(min, max) } },
      axes: [axis({ size: 24, values: () => [] }), valueAxis(44)],
      series: [
        { label: "second", value: (_, v) => (v == null ? "" : `${decimals(v, 2)} s`) },
        line({ label: "sound, from", class: "measured", width: 1, value }),
        line({ label: "to", class: "measured", width: 1, value }),
      ],
      bands: [{ series: [2, 1], fill: () => colour("measured") }],
      legend: { show: false },
    });
  }

  draw(hearing: Hearing, segments: readonly Segment[]): void {
    this.segments = timesOfSegments(hearing, segments);
    const { low, high } = hearing;
    this.plot.setData([timesOf(hearing), [...low, low.at(-1) ?? null], [...high, high.at(-1) ?? null]]);
  }
}

/** As much above zero as below, and never so little that silence looks loud. */
function loudest(min: number | null, max: number | null): [number, number] {
  const most = Math.max(0.05, -(min ?? 0), max ?? 0) * 1.05;
  return [-most, most];
}

export class ProbabilityChart extends SpeechChart {
  constructor(container: HTMLElement) {
    const value = (_: uPlot, v: number | null) => (v == null ? "" : decimals(v, 3));
    super(container, 190, {
      scales: { y: { range: [0, 1.02] } },
      axes: [axis({ label: "seconds", labelSize: 18, labelFont: FONT, size: 30 }), valueAxis(44)],
      series: [
        { label: "second", value: (_, v) => (v == null ? "" : `${decimals(v, 2)} s`) },
        line({
          label: "probability of speech",
          class: "model",
          value,
          paths: uPlot.paths.stepped!({ align: 1 }),
        }),
        line({ label: "threshold", class: "seasonal", width: 1.5, dash: [6, 4], value }),
      ],
    });
  }

  draw(hearing: Hearing, segments: readonly Segment[], threshold: number): void {
    this.segments = timesOfSegments(hearing, segments);
    const { probabilities } = hearing;
    const times = timesOf(hearing);
    this.plot.setData([times, [...probabilities, probabilities.at(-1) ?? null], times.map(() => threshold)]);
  }
}
