/**
 * Roll-outs without a wait between their steps: window and forecasts stay on the GPU from run to run, and are read once at the end. The same
 * numbers as `rollOut` gives, up to rounding.
 */
import { type CompiledStep, cat, type Device, type NDArray } from "webgpu-lstm";
import type { ForecastModel } from "./model.ts";
import type { ForecastTask, Rows } from "./task.ts";

export class GpuRollOut {
  readonly #task: ForecastTask;
  readonly #step: CompiledStep<"window" | "said">;
  /** The most steps of a roll-out, a multiple of the horizon. */
  readonly #most: number;
  /** The columns beside the target as far as they are known ahead: the calendar, and usual values of the others. */
  readonly #usual: Rows;

  private constructor(task: ForecastTask, step: CompiledStep<"window" | "said">, most: number, usual: Rows) {
    this.#task = task;
    this.#step = step;
    this.#most = most;
    this.#usual = usual;
  }

  /** @param model It may go on learning; each roll-out uses its current weights. */
  static async of(device: Device, model: ForecastModel, task: ForecastTask): Promise<GpuRollOut> {
    const { window: length, horizon, features, changes, series } = task;
    const most = Math.ceil(series.rollOuts.at(-1)! / horizon) * horizon;
    const gain = changes ? changes.forecast / changes.window : 1;
    const step = await device.compile(
      ({ window, others, said }) => {
        const past = window!.slice(2, 0, 1);
        const last = past.slice(1, length - 1);
        const read = changes ? past.sub(last) : past;
        const output = model.forward(features > 1 ? cat([read, window!.slice(2, 1)], 2) : read);
        const next = output.reshape([1, horizon, 1]).mul(gain);
        const target = changes ? next.add(last) : next;
        const rows = features > 1 ? cat([target, others!.slice(2, 1)], 2) : target;
        return {
          window:
            length > horizon
              ? cat([window!.slice(1, horizon), rows], 1)
              : rows.slice(1, horizon - length).reshape([1, length, features]),
          said:
            most > horizon
              ? cat([said!.slice(1, horizon), target.reshape([1, horizon])], 1)
              : target.reshape([1, horizon]),
        };
      },
      {
        inputs: { window: [1, length, features], others: [1, horizon, features], said: [1, most] },
        carry: { window: "window", said: "said" },
      },
    );
    const usual = { scaled: task.rows.scaled.slice(), target: task.rows.target.slice() };
    for (let t = task.train[1]; t < task.length; t++) task.believe(usual, t, 1);
    return new GpuRollOut(task, step, most, usual);
  }

  /** @param rows The rows before the origin. @returns one value for each step, in the series' unit */
  async run(origin: number, steps: number, rows: Rows = this.#task.rows): Promise<Float32Array<ArrayBuffer>> {
    const { horizon, features, length } = this.#task;
    const end = Math.min(origin + steps, length);
    const runs = Math.ceil((end - origin) / horizon);
    const first = {
      window: this.#task.inputs([origin], rows),
      said: { data: new Float32Array(this.#most), shape: [1, this.#most] },
    };
    let result: NDArray | undefined;
    for (let run = 0; run < runs; run++) {
      const from = origin + run * horizon;
      const data = new Float32Array(horizon * features);
      data.set(this.#usual.scaled.subarray(from * features, (from + horizon) * features));
      const others = { data, shape: [1, horizon, features] };
      const { said } = this.#step.run(run === 0 ? { others, ...first } : { others });
      if (run === runs - 1) result = await said.read();
    }
    const relative = result!.data.subarray(this.#most - runs * horizon).slice(0, end - origin);
    return this.#task.fromRelative(relative, origin, rows);
  }

  dispose(): void {
    this.#step.dispose();
  }
}
