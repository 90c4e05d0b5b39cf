/** The messages between the page and a worker that trains. */
import type { NDArray } from "webgpu-lstm";
import type { Series } from "../../tasks/series/series.ts";
import type { Settings } from "../../tasks/series/settings.ts";

/** What a worker is to train. */
export interface Job {
  readonly series: Series;
  readonly settings: Settings;
}

export type Weights = ReadonlyMap<string, NDArray>;

/** To the worker. It trains one model at a time, and waits for `next` after each epoch. */
export type Order =
  | { readonly type: "train"; readonly job: Job }
  | { readonly type: "next"; readonly goOn: boolean }
  | { readonly type: "forecast"; readonly job: Job; readonly weights: Weights };

/** To the page. */
export type Answer =
  | { readonly type: "ready"; readonly adapter: string }
  | { readonly type: "epoch"; readonly epoch: number; readonly validationLoss: number }
  /** The weights of the best epoch; none if the page did not go on. */
  | { readonly type: "trained"; readonly weights: Weights | undefined }
  /** Of the held-out part, `[windows, horizon]`, in the series' unit. */
  | { readonly type: "forecast"; readonly forecast: NDArray }
  | { readonly type: "error"; readonly name: string; readonly message: string };
