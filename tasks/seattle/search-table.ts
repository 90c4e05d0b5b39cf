/** What a search has found, as text. */
import type { FrozenTrial, Params } from "webgpu-lstm/search";
import { counted } from "../search/plot-data.ts";
import { shown } from "../search/plot-parts.ts";
import { type Errors, errorsOf } from "../series/errors.ts";
import type { ForecastTask } from "./task.ts";
import type { TrainedForecaster } from "./train.ts";

/** A trial's settings in a line. */
export function settingsLine(params: Params): string {
  return Object.entries(params)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(", ");
}

/** The best trials of a study that minimizes, one a line, after a line of numbers. */
export function bestTable(trials: readonly FrozenTrial[], defaults: number, most: number): readonly string[] {
  const best = [...counted(trials)].sort((a, b) => a.value - b.value).slice(0, most);
  const of = (state: FrozenTrial["state"]) => trials.filter((trial) => trial.state === state).length;
  const states = `${of("COMPLETE")} complete, ${of("PRUNED")} pruned, ${of("FAIL")} failed`;
  return [
    `trial  validation  settings (${states})`,
    ...best.map(({ trial: { number, params }, value }) =>
      [
        String(number).padStart(5),
        value.toFixed(5).padStart(11),
        ` ${settingsLine(params)}${number === defaults ? "  <- the defaults" : ""}`,
      ].join(" "),
    ),
  ];
}

/** Settings with what they give on the held-out year. */
interface Held extends TrainedForecaster {
  readonly task: ForecastTask;
}

/** Validation and held-out year of the best and of the defaults, beside two baselines, and what follows. */
export function verdict(best: Held, defaults: Held): string {
  const { heldOut } = best.task;
  const lossOf = ({ validationLoss }: Held) => Math.min(...validationLoss).toFixed(5);
  const rows: readonly (readonly [string, string, Errors])[] = [
    ["best", lossOf(best), errorsOf(best.forecast, heldOut.measured)],
    ["defaults", lossOf(defaults), errorsOf(defaults.forecast, defaults.task.heldOut.measured)],
    ["persistence", "", errorsOf(heldOut.persistence, heldOut.measured)],
    ["seasonal mean", "", errorsOf(heldOut.seasonal, heldOut.measured)],
  ];
  const [mine, shipped] = [rows[0]![2], rows[1]![2]];
  const judge = (a: number, b: number) => (a < b ? "better" : a > b ? "WORSE" : "no better");
  const chosen = judge(Math.min(...best.validationLoss), Math.min(...defaults.validationLoss));
  const [mae, rmse] = [judge(mine.mae, shipped.mae), judge(mine.rmse, shipped.rmse)];
  const beaten = rows
    .slice(2)
    .filter(([, , errors]) => !(mine.mae < errors.mae))
    .map(([name]) => name);
  const held =
    mae === rmse
      ? `${mae} by MAE and RMSE`
      : `${mae} by MAE (${percent(mine.mae, shipped.mae)}), ${rmse} by RMSE`;
  return [
    `${"".padEnd(16)}validation loss   held-out MAE, °C   held-out RMSE, °C`,
    ...rows.map(([name, loss, errors]) =>
      [
        name.padEnd(16),
        loss.padStart(15),
        errors.mae.toFixed(3).padStart(19),
        errors.rmse.toFixed(3).padStart(20),
      ].join(""),
    ),
    `On validation, which chose it, the best is ${chosen} than the defaults; on the held-out year, which chose nothing, it is ${held}.`,
    ...(beaten.length > 0
      ? [`By MAE on the held-out year the best does NOT beat ${beaten.join(" and ")}.`]
      : []),
  ].join("\n");
}

function percent(a: number, b: number): string {
  const change = 100 * (a / b - 1);
  return `${change > 0 ? "+" : ""}${change.toFixed(1)} %`;
}
