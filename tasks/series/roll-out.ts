/** Forecasts many steps ahead by feeding the model's own forecasts back. */
import type { NDArray } from "webgpu-lstm";
import type { ForecastTask } from "./task.ts";

/**
 * Forecasts `steps` steps from `origin` on. It uses no value from the origin on, only the calendar.
 * @param predict The model: windows `[1, window, features]` in, `[1, horizon]` out.
 * @returns one value for each step, in the series' unit
 */
export async function rollOut(
  task: ForecastTask,
  origin: number,
  steps: number,
  predict: (x: NDArray) => Promise<NDArray>,
): Promise<Float32Array<ArrayBuffer>> {
  const { horizon, length } = task;
  const end = Math.min(origin + steps, length);
  const rows = { scaled: task.rows.scaled.slice(), target: task.rows.target.slice() };
  const values: number[] = [];
  for (let next = origin; next < end; next += horizon) {
    const output = await predict(task.inputs([next], rows));
    const { data } = task.inUnits(output, [next], rows);
    for (let k = 0; k < horizon && next + k < end; k++) {
      values.push(data[k]!);
      task.believe(rows, next + k, data[k]!);
    }
  }
  return Float32Array.from(values);
}
