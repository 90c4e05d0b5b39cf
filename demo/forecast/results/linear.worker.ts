/** Fits the linear regression of a task, in a worker of its own: with many inputs it takes long, and training need not wait. */
import { fitLinear } from "../../../tasks/series/linear.ts";
import { ForecastTask } from "../../../tasks/series/task.ts";
import type { Linear } from "../../../tasks/statistics/ridge.ts";
import type { ForecastConfig } from "../settings.ts";

/** The worker's answer. */
export type Fitted = { readonly linear: Linear } | { readonly error: Error };

addEventListener("message", ({ data }: MessageEvent<ForecastConfig>) => {
  let answer: Fitted;
  try {
    answer = { linear: fitLinear(new ForecastTask(data.series, data.settings)) };
  } catch (error) {
    answer = { error: error as Error };
  }
  postMessage(answer);
});
