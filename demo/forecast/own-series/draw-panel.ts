/** The pad on which the visitor draws a series. */
import type { Series } from "../../../tasks/series/series.ts";
import { axis, Chart, line, valueAxis } from "../../shell/chart.ts";
import { byId } from "../../shell/dom.ts";
import { decimals } from "../../shell/format.ts";
import { PointEditor, type PointPlace, placeOn } from "../point-editor.ts";
import { drawnSeries, firstDrawing, heightNear, LENGTH, RANGE } from "./drawn-series.ts";

/** Milliseconds after the last key until the drawing is taken. */
const SETTLED = 400;

export class DrawPanel {
  /** Called with the series of a finished stroke. */
  onSeries: (series: Series) => void = () => {};
  readonly #panel = byId("draw-panel");
  readonly #reset = byId<HTMLButtonElement>("draw-reset");
  readonly #editor = new PointEditor("Points of your series", "draw-hint", true);
  #values = firstDrawing();
  #chart: Pad | undefined;
  #frame = 0;
  #timer = 0;
  #held = false;
  #changed = false;

  constructor() {
    this.#editor.onHold = (held) => {
      this.#held = held;
      if (!held) this.#tellSoon(0);
    };
    this.#editor.onMove = (step, value) => {
      this.#values[step] = value === undefined ? firstDrawing()[step]! : heightNear(value);
      this.#changed = true;
      this.#reset.disabled = false;
      this.#drawSoon();
      if (!this.#held) this.#tellSoon(SETTLED);
    };
    this.#reset.addEventListener("click", () => {
      this.#values = firstDrawing();
      this.#changed = false;
      this.#reset.disabled = true;
      this.#draw();
      this.#tellSoon(0);
    });
  }

  /** Whether the pad is shown: only while a drawn series is chosen. */
  set shown(value: boolean) {
    this.#panel.hidden = !value;
    if (value) this.#draw();
  }

  /** Whether a model trains: then the drawing cannot be changed. */
  set locked(value: boolean) {
    this.#editor.enabled = !value;
    this.#reset.disabled = value || !this.#changed;
  }

  /** Reports the series as it is drawn. */
  tell(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.onSeries(drawnSeries(this.#values));
  }

  /** Reports the last keys at once, if they wait. */
  settle(): void {
    if (this.#timer) this.tell();
  }

  /** Shows the drawing of an interrupted run or of a link. */
  take(values: readonly number[]): void {
    this.#values = [...values];
    this.#changed = true;
    if (!this.#panel.hidden) this.#draw();
  }

  #tellSoon(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      if (!this.#panel.hidden) this.tell();
    }, milliseconds);
  }

  #drawSoon(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    this.#chart ??= new Pad(byId("draw-chart"), () => this.#showPoints());
    this.#chart.draw(this.#values);
  }

  #showPoints(): void {
    if (!this.#chart) return;
    this.#editor.show(this.#chart.place, {
      steps: Array.from({ length: LENGTH }, (_, t) => t),
      range: RANGE,
      at: (step) => this.#values[step]!,
      say: (step) => `step ${step + 1} of ${LENGTH}: ${decimals(this.#values[step]!, 1)}`,
    });
  }
}

class Pad extends Chart {
  /** @param onDraw Called after each drawing. */
  constructor(container: HTMLElement, onDraw: () => void) {
    super(container, 180, {
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false }, y: { range: [...RANGE] } },
      axes: [axis({ size: 30 }), valueAxis(42)],
      series: [{}, line({ class: "touch" })],
      hooks: { draw: [onDraw] },
    });
  }

  get place(): PointPlace {
    return placeOn(this.plot, (step) => step);
  }

  draw(values: readonly number[]): void {
    this.plot.setData([values.map((_, t) => t), [...values]]);
  }
}
