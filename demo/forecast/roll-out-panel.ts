/** Lets the visitor choose a point of the held-out part, and shows the model's roll-out from there. */

import type { HeldOut } from "../../tasks/series/held-out.ts";
import type { ForecastTask } from "../../tasks/series/task.ts";
import { byId } from "../shell/dom.ts";
import { SeriesChart } from "./charts.ts";
import { stepCount, stepName, withUnit } from "./format.ts";
import { rollOutVerdict } from "./verdict.ts";

/** The start and the length of a roll-out. */
export interface RollOutWish {
  readonly origin: number;
  readonly steps: number;
}

/** Windows that are shown before the point. */
const WINDOWS_BEFORE = 2;

export class RollOutPanel {
  /** Called when the visitor chooses another point or length. */
  onChange: () => void = () => {};
  readonly #origin = byId<HTMLInputElement>("roll-out-origin");
  readonly #steps = byId<HTMLInputElement>("roll-out-steps");
  #task: ForecastTask | undefined;
  #heldOut: HeldOut | undefined;
  #chart: SeriesChart | undefined;
  #cell = "";
  /** The forecast that is drawn. */
  #values: ArrayLike<number> | undefined;

  constructor() {
    byId<HTMLFormElement>("roll-out-form").addEventListener("submit", (event) => event.preventDefault());
    for (const input of [this.#origin, this.#steps]) {
      input.addEventListener("input", () => {
        this.#limit();
        this.draw(undefined);
        this.onChange();
      });
    }
  }

  /** The chosen roll-out; only after {@link show}. */
  get wish(): RollOutWish {
    return {
      origin: this.#origin.valueAsNumber,
      steps: this.#task!.series.rollOuts[this.#steps.valueAsNumber]!,
    };
  }

  /** Shows a task before there is a model for it; a new series starts at its default point. */
  show(task: ForecastTask, heldOut: HeldOut, cell: string): void {
    const { series, horizon, test } = task;
    const another = this.#task?.series !== series;
    this.#task = task;
    this.#heldOut = heldOut;
    this.#cell = cell;
    if (another) {
      this.#steps.min = "0";
      this.#steps.max = String(series.rollOuts.length - 1);
      this.#steps.value = String(Math.floor((series.rollOuts.length - 1) / 2));
      this.#origin.min = String(test[0]);
      // Before the value, which is limited by it.
      this.#origin.max = String(test[1]);
      this.#origin.value = String(test[0] + Math.floor((test[1] - test[0]) / 4));
    }
    this.#limit();
    byId("roll-out-rule").textContent = ruleOf(task, horizon);
    this.#chart?.destroy();
    this.#chart = new SeriesChart(byId("roll-out-chart"), series, {
      baseline: this.#baseline.name.toLowerCase(),
      model: cell,
    });
    this.draw(undefined);
  }

  /** Compares roll-outs with more baselines. */
  compare(heldOut: HeldOut): void {
    this.#heldOut = heldOut;
    this.#chart!.nameBaseline(this.#baseline.name.toLowerCase());
    this.draw(this.#values);
  }

  /** @param values The model's forecast of the chosen steps; undefined if there is none */
  draw(values: ArrayLike<number> | undefined): void {
    this.#values = values;
    const task = this.#task!;
    const { origin, steps: ahead } = this.wish;
    const from = Math.max(0, origin - WINDOWS_BEFORE * task.window);
    const steps = Array.from({ length: origin + ahead - from }, (_, i) => from + i);
    const { values: actual } = task.series;
    const believed = (value: (step: number) => number) =>
      // Both lines begin at the last known value.
      steps.map((step) => (step >= origin ? value(step) : step === origin - 1 ? actual[step]! : null));
    this.#chart!.draw({
      steps,
      actual: steps.map((step) => actual[step]!),
      baseline: believed((step) => this.#baseline.at(origin, step - origin)),
      model: values ? believed((step) => values[step - origin]!) : steps.map(() => null),
    });
    this.#judge(values);
  }

  /** The best one of the held-out part. */
  get #baseline() {
    const { baselines, best } = this.#heldOut!;
    return baselines.find(({ name }) => name === best.name)!;
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

  /** Says the errors of this roll-out, and its own verdict: that of the held-out part is of fewer steps ahead. */
  #judge(values: ArrayLike<number> | undefined): void {
    const { series } = this.#task!;
    const { origin, steps } = this.wish;
    const maeOf = (at: (ahead: number) => number) => {
      let sum = 0;
      for (let k = 0; k < steps; k++) sum += Math.abs(at(k) - series.values[origin + k]!);
      return sum / steps;
    };
    const baselines = this.#heldOut!.baselines.map(({ name, at }) => ({
      name,
      mae: maeOf((ahead) => at(origin, ahead)),
    }));
    const model = values && { name: this.#cell, mae: maeOf((ahead) => values[ahead]!) };
    const errors = [...(model ? [model] : []), ...baselines].map(
      ({ name, mae }) => `${name} ${withUnit(series, mae)}`,
    );
    byId("roll-out-note").textContent =
      `Mean absolute error over these ${stepCount(series, steps)}: ${errors.join(", ")}.`;
    const said = model && rollOutVerdict(series, steps, model, baselines);
    const verdict = byId("roll-out-verdict");
    verdict.classList.toggle("good", said?.good ?? false);
    verdict.textContent = said?.text ?? "";
  }
}

function ruleOf({ series, features }: ForecastTask, horizon: number): string {
  const fed =
    horizon === 1
      ? "From a point of the held-out part on, the model’s own forecasts are fed back, one by one, as if they had come."
      : `From a point of the held-out part on, the model’s own forecasts are fed back, ${horizon} at a time, as if they had come.`;
  const calendar = series.calendar.length > 0 ? " The calendar is known ahead." : "";
  const others =
    series.columns.length > 0
      ? ` What the other ${features > 2 ? "columns" : "column"} will be is not: they take ${
          series.period === null ? "their mean" : "their mean at that time of the season"
        } in the training part.`
      : "";
  return fed + calendar + others;
}
