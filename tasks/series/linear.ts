/** Linear regression on the model's own window: the simplest model that reads all that the network reads. */
import { applyLinear, type Linear, Ridge } from "../statistics/ridge.ts";
import type { Baseline } from "./baselines.ts";
import { rolling } from "./roll-out.ts";
import type { ForecastTask, Rows } from "./task.ts";

/** The most products of a fit, unless it has many inputs. */
const WORK = 2e9;

export const LINEAR = "Linear regression";

/** The penalties that are tried; columns have a variance near 1. */
const PENALTIES = [1e-8, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

/** Fits the training part; the validation part chooses the penalty, as it chooses the network's best epoch. */
export function fitLinear(task: ForecastTask): Linear {
  const { x, y } = task.dataset(task.train);
  const check = task.dataset(task.validation);
  const inputs = task.window * task.features;
  const [all, rows] = [x.shape[0]!, rowsOf(task)];
  const ridge = new Ridge(
    { data: x.data.subarray((all - rows) * inputs), shape: [rows, inputs] },
    { data: y.data.subarray((all - rows) * task.horizon), shape: [rows, task.horizon] },
  );
  const tried = PENALTIES.map((penalty) => {
    const linear = ridge.solve(penalty);
    const said = applyLinear(linear, check.x.data);
    return { linear, error: said.reduce((sum, value, i) => sum + (value - check.y.data[i]!) ** 2, 0) };
  });
  return tried.reduce((best, next) => (next.error < best.error ? next : best)).linear;
}

/** The last windows that are fitted: all, unless that takes more than about a second; ten for each input at least. */
function rowsOf({ train, window, horizon, features }: ForecastTask): number {
  const inputs = window * features;
  return Math.min(train[1] - train[0] - horizon + 1, Math.max(10 * inputs, Math.floor(WORK / inputs ** 2)));
}

/** Forecasts further ahead than the horizon feed its own forecasts back, as the network's roll-outs do. */
export function linearBaseline(task: ForecastTask, linear: Linear, given: Rows = task.rows): Baseline {
  const known = new Map<number, Float32Array>();
  const most = task.series.rollOuts.at(-1) ?? task.horizon;
  const said = (origin: number, ahead: number) => {
    const before = known.get(origin);
    if (before && ahead < before.length) return before;
    // Scores need the horizon alone; a roll-out asks for one step after another.
    const steps = ahead < task.horizon ? task.horizon : Math.max(ahead + 1, most);
    const roll = rolling(task, origin, steps, given);
    let next = roll.next();
    while (!next.done) {
      const data = Float32Array.from(applyLinear(linear, next.value.data));
      next = roll.next({ data, shape: [1, task.horizon] });
    }
    known.set(origin, next.value);
    return next.value;
  };
  const rows = rowsOf(task);
  const fitted =
    rows < task.train[1] - task.train[0] - task.horizon + 1 ? `the last ${rows} windows of ` : "";
  return {
    name: LINEAR,
    rule: `ridge regression on the same window, fitted to ${fitted}the training part`,
    at: (origin, ahead) => said(origin, ahead)[ahead]!,
  };
}
