/** Shows the model's roll-out from a point of the held-out part, and lets the visitor choose the point and move what came before it. */

import type { Baseline } from "../../../tasks/series/baselines.ts";
import type { HeldOut } from "../../../tasks/series/held-out.ts";
import type { ForecastTask } from "../../../tasks/series/task.ts";
import { byId } from "../../shell/dom.ts";
import { stepCount, stepName, withUnit } from "../format.ts";
import { PointEditor } from "../point-editor.ts";
import { SeriesChart } from "../results/charts.ts";
import { judgeRollOut, type RollOutWish, ruleOf } from "./roll-out-text.ts";
import { Reveal } from "./walk.ts";

/** Windows that are shown before the point. */
const WINDOWS_BEFORE = 2;

/** The least number of steps ahead at first. */
const FIRST_STEPS = 14;

/** Milliseconds in which a roll-out of a walk draws itself. */
const DRAWING = 900;

export class RollOutPanel {
  /** Called when the visitor chooses another roll-out. */
  onChange: () => void = () => {};
  /** Called when the visitor touches the panel. */
  onTouch: () => void = () => {};
  /** Called with the steps that are shown. */
  onShow: (from: number, to: number) => void = () => {};
  readonly #origin = byId<HTMLInputElement>("roll-out-origin");
  readonly #steps = byId<HTMLInputElement>("roll-out-steps");
  readonly #reset = byId<HTMLButtonElement>("roll-out-reset");
  readonly #editor = new PointEditor("Last points that the network reads", "roll-out-hint", false);
  readonly #reveal = new Reveal();
  readonly #edits = new Map<number, number>();
  #task: ForecastTask | undefined;
  #heldOut: HeldOut | undefined;
  #chart: SeriesChart | undefined;
  #cell = "";
  /** The forecast that is drawn. */
  #values: ArrayLike<number> | undefined;
  /** The baseline that is drawn, from the values as they are moved; undefined where it must be made anew. */
  #baseline: Baseline | undefined;
  #walks = false;
  #frame = 0;

  constructor() {
    byId<HTMLFormElement>("roll-out-form").addEventListener("submit", (event) => event.preventDefault());
    for (const input of [this.#origin, this.#steps]) {
      input.addEventListener("input", () => {
        this.onTouch();
        if (input === this.#origin) this.#putBack();
        this.#choose();
      });
    }
    this.#reset.addEventListener("click", () => {
      this.onTouch();
      this.#putBack();
      this.#choose();
    });
    this.#editor.onHold = (held) => {
      this.onTouch();
      this.#chart!.held = held;
      if (!held) this.#redraw();
    };
    this.#editor.onMove = (step, value) => {
      this.onTouch();
      this.#baseline = undefined;
      if (value === undefined) this.#edits.delete(step);
      else this.#edits.set(step, value);
      this.#moved();
    };
  }

  /** The chosen roll-out; only after {@link show}. */
  get wish(): RollOutWish {
    return {
      origin: this.#origin.valueAsNumber,
      steps: this.#task!.series.rollOuts[this.#steps.valueAsNumber]!,
      edits: [...this.#edits],
    };
  }

  /** The chart as it is drawn. */
  picture(): Promise<HTMLCanvasElement> {
    return this.#chart!.cardPicture();
  }

  /** Shows a task before there is a model for it; a new series starts at its default point. */
  show(task: ForecastTask, heldOut: HeldOut, cell: string): void {
    const { series, window } = task;
    const another = this.#task?.series !== series;
    this.#task = task;
    this.#values = undefined;
    this.#cell = cell;
    this.#putBack();
    if (another) {
      this.#steps.min = "0";
      this.#steps.max = String(series.rollOuts.length - 1);
      const enough = series.rollOuts.findIndex((steps) => steps >= Math.max(window, FIRST_STEPS));
      this.#steps.value = String(enough < 0 ? series.rollOuts.length - 1 : enough);
    }
    if (another || this.#walks) this.toFirst();
    this.#limit();
    byId("roll-out-rule").textContent = ruleOf(task);
    this.#chart?.destroy();
    const names = {
      baseline: heldOut.best.name.toLowerCase(),
      model: cell,
      points: "the points to drag",
    };
    this.#chart = new SeriesChart(byId("roll-out-chart"), series, names, () => this.#showPoints());
    this.compare(heldOut);
  }

  /** Compares roll-outs with more baselines. */
  compare(heldOut: HeldOut): void {
    this.#heldOut = heldOut;
    this.#baseline = undefined;
    this.#chart!.nameBaseline(heldOut.best.name.toLowerCase());
    this.draw(this.#values);
  }

  /** Starts where a walk, or a visitor, begins. */
  toFirst(): void {
    const [from, to] = this.#task!.test;
    this.#origin.min = String(from);
    // Before the value, which is limited by it.
    this.#origin.max = String(to);
    this.#origin.value = String(from + Math.floor((to - from) / 4));
    this.#walks = false;
  }

  /** Moves the start on by half of the steps ahead; from the last one to the first. */
  walkOn(): void {
    const next = this.#origin.valueAsNumber + Math.ceil(this.wish.steps / 2);
    this.#origin.value = next > Number(this.#origin.max) ? this.#origin.min : String(next);
    this.#walks = true;
    this.#putBack();
    this.#limit();
    this.onChange();
  }

  /** Ends a walk: the start stays where it is. */
  stay(): void {
    this.#walks = false;
  }

  /** @param values The model's forecast of the chosen steps; undefined if there is none */
  draw(values: ArrayLike<number> | undefined): void {
    this.#values = values;
    const { origin, steps } = this.wish;
    if (values && this.#walks) this.#reveal.run(DRAWING, (share) => this.#redraw(Math.ceil(share * steps)));
    else {
      this.#reveal.stop();
      this.#redraw();
    }
    this.#reset.disabled = this.#edits.size === 0;
    judgeRollOut(this.#task!, this.#heldOut!, this.#cell, this.wish, values);
    this.onShow(origin, origin + steps);
  }

  /** All points go back to their own values. */
  #putBack(): void {
    this.#edits.clear();
    this.#baseline = undefined;
  }

  #choose(): void {
    this.#limit();
    this.draw(undefined);
    this.onChange();
  }

  /** A point has moved: the forecast follows with the next frame, until then the last one stays. */
  #moved(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.draw(this.#values);
      this.onChange();
    });
  }

  /** @param shown Steps of the model's forecast that are drawn; all if not given */
  #redraw(shown = Number.POSITIVE_INFINITY): void {
    const { length, window, series } = this.#task!;
    const { origin, steps: ahead } = this.wish;
    const from = Math.max(0, origin - WINDOWS_BEFORE * window);
    const steps = Array.from({ length: Math.min(origin + ahead, length) - from }, (_, i) => from + i);
    const moved = (step: number) => this.#edits.get(step) ?? series.values[step]!;
    const believed = (value: (step: number) => number | null) =>
      // Both lines begin at the last known value.
      steps.map((step) => (step >= origin ? value(step) : step === origin - 1 ? moved(step) : null));
    const values = this.#values;
    // A point may have moved since the last answer.
    this.#baseline ??= this.#heldOut!.rivals(this.#edits).find(
      ({ name }) => name === this.#heldOut!.best.name,
    )!;
    const baseline = this.#baseline;
    this.#chart!.draw({
      steps,
      actual: steps.map((step) => series.values[step]!),
      baseline: believed((step) => baseline.at(origin, step - origin)),
      model: values
        ? believed((step) => (step - origin < shown ? values[step - origin]! : null))
        : steps.map(() => null),
      points: steps.map((step) => (step >= origin - window && step < origin ? moved(step) : null)),
    });
  }

  #showPoints(): void {
    const { series, window } = this.#task!;
    const at = (step: number) => this.#edits.get(step) ?? series.values[step]!;
    const { origin } = this.wish;
    const place = this.#chart!.place;
    const range = [place.area.clientHeight, 0].map((y) => place.valueAt(y)) as [number, number];
    this.#editor.show(place, {
      steps: Array.from({ length: window }, (_, t) => origin - window + t),
      // A logarithm needs a number above zero.
      range: series.log ? [Math.max(range[0], range[1] / 1000), range[1]] : range,
      at,
      say: (step) => `${stepName(series, step)}: ${withUnit(series, at(step))}`,
    });
  }

  /** Limits the point so that the true values of all steps are known. */
  #limit(): void {
    const { series, length } = this.#task!;
    const { steps } = this.wish;
    this.#origin.max = String(length - steps);
    const say = (input: HTMLInputElement, text: string) => {
      input.parentElement!.querySelector("output")!.textContent = text;
      input.setAttribute("aria-valuetext", text);
    };
    say(this.#origin, stepName(series, this.#origin.valueAsNumber));
    say(this.#steps, stepCount(series, steps));
  }
}
