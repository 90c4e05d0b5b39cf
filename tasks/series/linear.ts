/** Linear regression on the model's own window: the simplest model that reads all that the network reads. */
import { applyLinear, type Linear, Ridge } from "../statistics/ridge.ts";
import type { Baseline } from "./baselines.ts";
import { rolling } from "./roll-out.ts";
import type { ForecastTask, Rows } from "./task.ts";

/** Products that a fit takes. */
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
  let [best, least] = [ridge.solve(PENALTIES[0]!), Number.POSITIVE_INFINITY];
  for (const penalty of PENALTIES) {
    const linear = ridge.solve(penalty);
    const said = applyLinear(linear, check.x.data);
    const error = said.reduce((sum, value, i) => sum + (value - check.y.data[i]!) ** 2, 0);
    if (error < least) [best, least] = [linear, error];
  }
  return best;
}

/** The last windows that are fitted: all, unless that takes more than about a second; ten for each input at least. */
function rowsOf({ train, window, horizon, features }: ForecastTask): number {
  const inputs = window * features;
  return Math.min(train[1] - train[0] - horizon + 1, Math.max(10 * inputs, Math.floor(WORK / inputs ** 2)));
}

/** Forecasts further ahead than the horizon feed its own forecasts back, as the network's roll-outs do. */
export function linearBaseline(task: ForecastTask, linear: Linear, given: Rows = task.rows): Baseline {
  const known = new Map<number, Float32Array>();
  const said = (origin: number, steps: number) => {
    const before = known.get(origin);
    if (before && before.length >= steps) return before;
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
    at: (origin, ahead) => said(origin, Math.max(ahead + 1, task.horizon))[ahead]!,
  };
}
