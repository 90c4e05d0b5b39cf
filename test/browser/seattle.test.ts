/** `npm run train`: the default settings beat both baselines on the held-out year. */
import { describe, expect, test } from "vitest";
import { DivergedError } from "webgpu-lstm";
import { forecastTask } from "../../tasks/seattle/task.ts";
import { type TrainProgress, trainForecaster } from "../../tasks/seattle/train.ts";
import { errorsOf } from "../../tasks/series/errors.ts";
import { seattleCsv } from "../../tasks/series/seattle-csv.ts";
import { DEFAULTS } from "../../tasks/series/seattle-defaults.ts";
import { parseWeather } from "../../tasks/series/weather.ts";
import { withDevice } from "./gpu.ts";

const weather = parseWeather(seattleCsv);
// Seconds on a GPU; much longer in software on a busy machine.
const TIMEOUT = 900_000;

test.each([1, 7])(
  "an LSTM forecasts %i days better than persistence and the seasonal mean",
  { timeout: TIMEOUT },
  async (horizon) => {
    const task = forecastTask(weather, { horizon, window: DEFAULTS.window });
    const trained = await withDevice((device) => trainForecaster(device, task, DEFAULTS));
    const { heldOut } = task;
    const model = errorsOf(trained!.forecast, heldOut.measured);
    const baselines = [heldOut.persistence, heldOut.seasonal].map((forecast) =>
      errorsOf(forecast, heldOut.measured),
    );
    const shown = ({ mae, rmse }: { mae: number; rmse: number }) => `${mae.toFixed(2)} / ${rmse.toFixed(2)}`;
    console.log(
      `${horizon} days, MAE / RMSE in °C: LSTM ${shown(model)}, persistence ${shown(baselines[0]!)}, ` +
        `seasonal mean ${shown(baselines[1]!)}; ${trained!.seconds.toFixed(1)} s`,
    );
    for (const baseline of baselines) {
      expect(model.mae).toBeLessThan(baseline.mae);
      expect(model.rmse).toBeLessThan(baseline.rmse);
    }
    expect(trained!.validationLoss.length).toBe(DEFAULTS.epochs);
    expect(trained!.validationLoss[trained!.bestEpoch - 1]).toBe(Math.min(...trained!.validationLoss));
  },
);

describe("stopping", () => {
  const task = forecastTask(weather, { horizon: 1, window: 3 });
  const small = { ...DEFAULTS, hidden: 4, epochs: 50, batchSize: 256 };

  test("keeps the best complete epoch", { timeout: TIMEOUT }, async () => {
    const stop = new AbortController();
    const seen: TrainProgress[] = [];
    const onProgress = (progress: TrainProgress) => {
      seen.push(progress);
      if (progress.epoch === 3) stop.abort();
    };
    const trained = await withDevice((device) => {
      return trainForecaster(device, task, small, { signal: stop.signal, onProgress });
    });
    expect(trained!.trainLoss.length).toBe(2);
    expect(trained!.weights.get("lstm.weight_ih_l0")!.shape).toEqual([16, 6]);
    expect(trained!.forecast.shape).toEqual([365, 1]);
    expect(trained!.forecast.data.every(Number.isFinite)).toBe(true);
    const batches = Math.ceil(task.train.length / 256);
    expect(seen.length).toBe(2 * batches + 1);
    expect(seen[0]).toMatchObject({ epoch: 1, epochs: 50, batch: 1, batches, last: undefined });
    expect(seen.at(-1)!.last).toMatchObject({ loss: trained!.trainLoss[1] });
  });

  test("keeps nothing before the first epoch is complete", { timeout: TIMEOUT }, async () => {
    const signal = AbortSignal.abort();
    const trained = await withDevice((device) => trainForecaster(device, task, small, { signal }));
    expect(trained).toBeUndefined();
  });

  test("reports a loss that becomes NaN", { timeout: TIMEOUT }, async () => {
    const wild = { ...small, learningRate: 1e38, epochs: 3 };
    await withDevice(async (device) => {
      await expect(trainForecaster(device, task, wild)).rejects.toThrow(DivergedError);
    });
  });
});
