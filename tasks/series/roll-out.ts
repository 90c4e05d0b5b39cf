/** Forecasts many steps ahead by feeding the model's own forecasts back. */
import type { NDArray } from "webgpu-lstm";
import type { ForecastTask, Rows } from "./task.ts";

/**
 * Forecasts `steps` steps from `origin` on. It uses no value from the origin on, only the calendar.
 * @param predict The model: windows `[1, window, features]` in, `[1, horizon]` out.
 * @param given The rows before the origin
 * @returns one value for each step, in the series' unit
 */
export async function rollOut(
  task: ForecastTask,
  origin: number,
  steps: number,
  predict: (x: NDArray) => Promise<NDArray>,
  given: Rows = task.rows,
): Promise<Float32Array<ArrayBuffer>> {
  const roll = rolling(task, origin, steps, given);
  let next = roll.next();
  while (!next.done) next = roll.next(await predict(next.value));
  return next.value;
}

/** The same for any model: yields windows, takes the model's outputs, and returns the values. @param given The rows before the origin */
export function* rolling(
  task: ForecastTask,
  origin: number,
  steps: number,
  given: Rows,
): Generator<NDArray, Float32Array<ArrayBuffer>, NDArray> {
  const { horizon, length } = task;
  const end = Math.min(origin + steps, length);
  const fed = end - origin > horizon;
  const rows = fed ? { scaled: given.scaled.slice(), target: given.target.slice() } : given;
  const values: number[] = [];
  for (let next = origin; next < end; next += horizon) {
    const output = yield task.inputs([next], rows);
    const { data } = task.inUnits(output, [next], rows);
    for (let k = 0; k < horizon && next + k < end; k++) {
      values.push(data[k]!);
      if (fed) task.believe(rows, next + k, data[k]!);
    }
  }
  return Float32Array.from(values);
}
