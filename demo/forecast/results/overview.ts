/** The whole series, with its parts shaded: what is trained on, what chooses the best epoch, and what is never trained on. */
import type uPlot from "uplot";
import type { Series } from "../../../tasks/series/series.ts";
import type { ForecastTask, Span } from "../../../tasks/series/task.ts";
import { Chart, colour, FONT, line } from "../../shell/chart.ts";
import { byId } from "../../shell/dom.ts";
import { stepName } from "../format.ts";
import { stepOptions } from "./charts.ts";

/** A part of the series, its name, and the shade's colour and strength. */
interface Part {
  readonly name: string;
  readonly span: Span;
  readonly colour: string;
  readonly alpha: number;
}

export class Overview {
  readonly #chart: HTMLElement = byId("overview-chart");
  #plot: OverviewChart | undefined;

  show({ series, train, validation, test }: ForecastTask): void {
    const parts: Part[] = [
      { name: "training", span: [0, train[1]], colour: "soft", alpha: 0.1 },
      { name: "validation", span: validation, colour: "validation", alpha: 0.16 },
      { name: "test", span: test, colour: "model", alpha: 0.16 },
    ];
    this.#plot?.destroy();
    this.#plot = new OverviewChart(this.#chart, series, parts);
    const said = parts.map(
      ({ name, span: [from, to] }) => `${name} ${stepName(series, from)} to ${stepName(series, to - 1)}`,
    );
    byId("overview-parts").textContent =
      `Learned from: ${said[0]}. Chooses the best epoch: ${said[1]}. Only for scores: ${said[2]}.`;
  }

  /** Marks the steps that are looked at. */
  mark(span: Span): void {
    if (this.#plot) this.#plot.marked = span;
  }
}

class OverviewChart extends Chart {
  readonly #at: (step: number) => number;
  #marked: Span | undefined;

  constructor(container: HTMLElement, series: Series, parts: readonly Part[]) {
    const { times, values } = series;
    const at = (step: number) => (times ? times[Math.min(step, times.length - 1)]! / 1000 : step);
    super(container, 130, {
      ...stepOptions(series),
      cursor: { show: false },
      legend: { show: false },
      series: [{}, line({ class: "measured", width: 1 })],
      hooks: {
        drawClear: [(plot) => shade(plot, parts, at)],
        draw: [(plot) => this.#outline(plot)],
      },
    });
    this.#at = at;
    this.plot.setData([values.map((_, step) => at(step)), [...values]]);
  }

  set marked(span: Span) {
    if (String(span) === String(this.#marked)) return;
    this.#marked = span;
    this.plot.redraw(false);
  }

  #outline(plot: uPlot): void {
    if (!this.#marked) return;
    const { ctx } = plot;
    const [left, right] = this.#marked.map((step) => plot.valToPos(this.#at(step), "x", true));
    ctx.save();
    ctx.strokeStyle = colour("touch");
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.strokeRect(left!, plot.bbox.top, Math.max(2, right! - left!), plot.bbox.height);
    ctx.restore();
  }
}

function shade(plot: uPlot, parts: readonly Part[], at: (step: number) => number): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = FONT.replace("12px", `${12 * devicePixelRatio}px`);
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  for (const { name, span, colour: shown, alpha } of parts) {
    const [left, right] = span.map((step) => plot.valToPos(at(step), "x", true));
    ctx.globalAlpha = alpha;
    ctx.fillStyle = colour(shown);
    ctx.fillRect(left!, bbox.top, right! - left!, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour("soft");
    const [pad, width] = [4 * devicePixelRatio, right! - left!];
    // A narrow part has a shorter name; the text below the chart names all parts.
    const fits = [name, name.slice(0, 5), name.slice(0, 3)].find(
      (text) => ctx.measureText(text).width <= width - pad,
    );
    if (fits) ctx.fillText(fits, left! + pad, bbox.top + pad);
  }
  ctx.restore();
}
