/** What is said below a roll-out: its rule, its errors and its verdict. */
import type { HeldOut } from "../../../tasks/series/held-out.ts";
import type { ForecastTask } from "../../../tasks/series/task.ts";
import { byId, setText } from "../../shell/dom.ts";
import { stepCount, stepName, withUnit } from "../format.ts";
import { rollOutVerdict } from "../results/verdict.ts";
import type { Edits } from "./forecasts.ts";

/** The start and the length of a roll-out, and the values that are moved before it. */
export interface RollOutWish {
  readonly origin: number;
  readonly steps: number;
  readonly edits: Edits;
}

/** Says the errors of this roll-out, and its own verdict: that of the held-out part is of fewer steps ahead. */
export function judgeRollOut(
  { series }: ForecastTask,
  { baselines, fitted }: HeldOut,
  cell: string,
  { origin, steps, edits }: RollOutWish,
  values: ArrayLike<number> | undefined,
): void {
  const [note, verdict] = [byId("roll-out-note"), byId("roll-out-verdict")];
  const say = (text: string, said: string, good: boolean) => {
    setText(note, text);
    setText(verdict, said);
    verdict.classList.toggle("good", good);
  };
  if (edits.length > 0) {
    const moved = edits.length === 1 ? "One point is moved" : `${edits.length} points are moved`;
    const next = values
      ? ` For ${stepName(series, origin)} the ${cell} now says ${withUnit(series, values[0]!)}.`
      : "";
    say(`${moved}: what came followed the real ones, so nothing is scored here.${next}`, "", false);
    return;
  }
  const maeOf = (at: (ahead: number) => number) => {
    let sum = 0;
    for (let k = 0; k < steps; k++) sum += Math.abs(at(k) - series.values[origin + k]!);
    return sum / steps;
  };
  const rivals = baselines.map(({ name, at }) => ({ name, mae: maeOf((ahead) => at(origin, ahead)) }));
  const model = values && { name: cell, mae: maeOf((ahead) => values[ahead]!) };
  const errors = [...(model ? [model] : []), ...rivals].map(
    ({ name, mae }) => `${name} ${withUnit(series, mae)}`,
  );
  const text = `Mean absolute error over these ${stepCount(series, steps)}: ${errors.join(", ")}.`;
  const said = model && fitted ? rollOutVerdict(series, steps, model, rivals) : undefined;
  say(text, said?.text ?? "", said?.good ?? false);
}

export function ruleOf({ series, features, horizon }: ForecastTask): string {
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
