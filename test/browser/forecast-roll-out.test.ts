/** Roll-outs that stay on the GPU say what roll-outs step by step say. */
import { expect, test } from "vitest";
import { manualSeed } from "../../src/index.ts";
import { GpuRollOut } from "../../tasks/series/gpu-roll-out.ts";
import { loadSeries } from "../../tasks/series/index.ts";
import { ForecastModel } from "../../tasks/series/model.ts";
import { rollOut } from "../../tasks/series/roll-out.ts";
import { USUAL } from "../../tasks/series/settings.ts";
import { ForecastTask } from "../../tasks/series/task.ts";
import { withDevice } from "./gpu.ts";

const settings = { ...USUAL, hiddenSize: 4, epochs: 1 };

test.each([
  ["seattle", { window: 5, horizon: 1, goal: "level" }, 20],
  ["seattle", { window: 5, horizon: 7, goal: "level" }, 30],
  ["co2", { window: 12, horizon: 12, goal: "change" }, 24],
  ["sp500", { window: 10, horizon: 2, goal: "change" }, 25],
  ["sine", { window: 20, horizon: 1, goal: "level" }, 20],
] as const)("%s, %j", async (id, given, steps) => {
  const series = await loadSeries(id);
  const task = new ForecastTask(series, given);
  const origin = task.test[0] + 3;
  const moved = new Map([[origin - 2, series.values[origin - 2]! * 1.1 + 0.1]]);
  manualSeed(3);
  const model = new ForecastModel(task.features, { ...settings, ...given });
  await withDevice(async (device) => {
    const step = await device.compile(({ x }) => ({ y: model.forward(x) }), {
      inputs: { x: [1, task.window, task.features] },
    });
    const gpu = await GpuRollOut.of(device, model, task);
    // Twice, since a run must not begin where the last one ended; and with a moved point.
    const said: Float32Array[] = [];
    for (const edits of [new Map<number, number>(), new Map<number, number>(), moved]) {
      const rows = task.rowsWith(edits);
      said.push(await gpu.run(origin, steps, rows));
      const wanted = await rollOut(task, origin, steps, async (x) => step.ask({ x }, "y"), rows);
      expect(said.at(-1)!.length).toBe(steps);
      const size = Math.max(...wanted.map(Math.abs));
      // Every step rounds once more than the last.
      said.at(-1)!.forEach((value, k) => {
        expect(Math.abs(value - wanted[k]!)).toBeLessThan(2e-5 * size);
      });
    }
    expect(said[1]).toEqual(said[0]);
    expect(said[2]).not.toEqual(said[0]);
    gpu.dispose();
    step.dispose();
    model.dispose();
  });
});
