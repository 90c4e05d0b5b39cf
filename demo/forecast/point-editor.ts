/**
 * Lets the visitor move points of a chart: with a finger or the mouse, or by the keyboard. Only the part of the chart above the points
 * takes the finger; the page still scrolls from the rest.
 */
import type uPlot from "uplot";
import { element } from "../shell/dom.ts";
import { attribute } from "../shell/format.ts";

/** Where points lie on a chart, in px of its drawing area. */
export interface PointPlace {
  /** The drawing area. */
  readonly area: HTMLElement;
  xOf(step: number): number;
  yOf(value: number): number;
  valueAt(y: number): number;
}

/** @param at The position of a step on the axis */
export function placeOn(plot: uPlot, at: (step: number) => number): PointPlace {
  return {
    area: plot.over,
    xOf: (step) => plot.valToPos(at(step), "x"),
    yOf: (value) => plot.valToPos(value, "y"),
    valueAt: (y) => plot.posToVal(y, "y"),
  };
}

/** The points that can be moved. */
interface Points {
  /** Consecutive steps. */
  readonly steps: readonly number[];
  /** The least and the largest value that can be chosen. */
  readonly range: readonly [number, number];
  at(step: number): number;
  /** "3 May 2015: 21.30 °C" */
  say(step: number): string;
}

/** The share of the range by which a key moves a point. */
const KEYS: Readonly<Record<string, number>> = {
  ArrowUp: 0.02,
  ArrowDown: -0.02,
  PageUp: 0.1,
  PageDown: -0.1,
};

export class PointEditor {
  /** Called with each new value, or with undefined for a point that goes back to its own. */
  onMove: (step: number, value: number | undefined) => void = () => {};
  /** Called when a finger comes down, and when it leaves. */
  onHold: (held: boolean) => void = () => {};
  readonly #cover: HTMLElement;
  readonly #mark = element("span", { class: "chosen-point", "aria-hidden": "true" });
  /** Whether a finger that moves sideways draws a line; else it keeps the point that it took. */
  readonly #draws: boolean;
  #place: PointPlace | undefined;
  #points: Points | undefined;
  #chosen = 0;
  #held: { readonly step: number; readonly value: number } | undefined;

  /** @param label The name of the control; @param about The id of the element that says how to use it */
  constructor(label: string, about: string, draws: boolean) {
    this.#draws = draws;
    this.#cover = element(
      "div",
      { class: "points", role: "slider", tabindex: "0", "aria-label": label, "aria-describedby": about },
      this.#mark,
    );
    this.#cover.addEventListener("pointerdown", (event) => this.#take(event));
    this.#cover.addEventListener("pointermove", (event) => {
      if (this.#held) this.#follow(event);
    });
    for (const end of ["pointerup", "pointercancel"])
      this.#cover.addEventListener(end, () => this.#release());
    // The chart below would zoom.
    this.#cover.addEventListener("mousedown", (event) => event.stopPropagation());
    this.#cover.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Whether points can be moved now. */
  set enabled(value: boolean) {
    this.#cover.hidden = !value;
  }

  /** Shows points on a chart that is drawn. */
  show(place: PointPlace, points: Points): void {
    if (place.area !== this.#place?.area) place.area.append(this.#cover);
    this.#place = place;
    this.#points = points;
    const { steps } = points;
    this.#chosen = Math.min(Math.max(this.#chosen, steps[0]!), steps.at(-1)!);
    const [left, right] = [place.xOf(steps[0]!), place.xOf(steps.at(-1)!)];
    const gap = steps.length > 1 ? (right - left) / (steps.length - 1) : 24;
    this.#cover.style.left = `${left - gap / 2}px`;
    this.#cover.style.width = `${right - left + gap}px`;
    this.#mark.style.left = `${place.xOf(this.#chosen) - left + gap / 2}px`;
    this.#mark.style.top = `${place.yOf(points.at(this.#chosen))}px`;
    const [least, most] = points.range;
    const now = points.at(this.#chosen);
    for (const [name, value] of [
      ["min", least],
      ["max", most],
      ["now", now],
    ] as const) {
      this.#cover.setAttribute(`aria-value${name}`, attribute(value));
    }
    this.#cover.setAttribute("aria-valuetext", points.say(this.#chosen));
  }

  #take(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#cover.setPointerCapture(event.pointerId);
    this.onHold(true);
    this.#held = this.#at(event);
    this.#move(this.#held.step, this.#held.value);
  }

  #follow(event: PointerEvent): void {
    const { step, value } = this.#at(event);
    const before = this.#held!;
    this.#held = { step: this.#draws ? step : before.step, value };
    if (!this.#draws) {
      this.#move(before.step, value);
      return;
    }
    // A quick finger leaves steps out.
    const way = Math.sign(step - before.step);
    for (let t = before.step + way; t !== step; t += way) {
      const share = (t - before.step) / (step - before.step);
      this.#move(t, before.value + share * (value - before.value));
    }
    this.#move(step, value);
  }

  #release(): void {
    if (!this.#held) return;
    this.#held = undefined;
    this.onHold(false);
  }

  /** The point nearest to the finger, and the value at its height. */
  #at({ clientX, clientY }: PointerEvent): { step: number; value: number } {
    const { area, xOf, valueAt } = this.#place!;
    const box = area.getBoundingClientRect();
    const { steps, range } = this.#points!;
    const distance = (step: number) => Math.abs(xOf(step) - (clientX - box.left));
    const step = steps.reduce((best, next) => (distance(next) < distance(best) ? next : best));
    const value = valueAt(clientY - box.top);
    return { step, value: Math.min(Math.max(value, range[0]), range[1]) };
  }

  #move(step: number, value: number | undefined): void {
    this.#chosen = step;
    this.onMove(step, value);
  }

  #key(event: KeyboardEvent): void {
    const { steps, range, at } = this.#points!;
    const [first, last] = [steps[0]!, steps.at(-1)!];
    const way = { ArrowLeft: -1, ArrowRight: 1, Home: first - last, End: last - first }[event.key];
    const share = KEYS[event.key];
    if (way !== undefined) {
      this.#chosen = Math.min(Math.max(this.#chosen + way, first), last);
      this.show(this.#place!, this.#points!);
    } else if (share !== undefined) {
      const value = at(this.#chosen) + share * (range[1] - range[0]);
      this.#move(this.#chosen, Math.min(Math.max(value, range[0]), range[1]));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.#move(this.#chosen, undefined);
    } else return;
    event.preventDefault();
  }
}
