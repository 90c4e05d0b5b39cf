/** The result in words and columns. */
import type { NDArray } from "webgpu-lstm";
import { type Errors, errorsOf } from "./errors.ts";
import type { ForecastTask } from "./task.ts";

/** Model and baselines over the held-out days: MAE and RMSE in °C, and for several days each day's own. */
export function resultTable({ heldOut, horizon }: ForecastTask, forecast: NDArray): string {
  const rows: [string, Errors][] = [
    ["LSTM", errorsOf(forecast, heldOut.measured)],
    ["persistence", errorsOf(heldOut.persistence, heldOut.measured)],
    ["seasonal mean", errorsOf(heldOut.seasonal, heldOut.measured)],
  ];
  const degrees = (values: number[]) => values.map((value) => value.toFixed(2));
  const all = [
    line(horizon > 1 ? "all days" : "", ["MAE", "RMSE"]),
    ...rows.map(([who, { mae, rmse }]) => line(`  ${who}`, degrees([mae, rmse]))),
  ];
  const byDay = (name: "mae" | "rmse") => [
    line(
      `${name.toUpperCase()} by day ahead`,
      Array.from({ length: horizon }, (_, day) => String(day + 1)),
    ),
    ...rows.map(([who, { perDay }]) => line(`  ${who}`, degrees(perDay.map((score) => score[name])))),
  ];
  const [model, ...baselines] = rows.map(([, errors]) => errors) as [Errors, Errors, Errors];
  const beaten = baselines.every(({ mae, rmse }) => model.mae < mae && model.rmse < rmse);
  return [
    `Held-out: ${heldOut.dates.length} forecasts from ${heldOut.dates[0]} on, daily maximum temperature, °C`,
    ...all,
    ...(horizon > 1 ? [...byDay("mae"), ...byDay("rmse")] : []),
    beaten ? "The LSTM beats both baselines." : "The LSTM does NOT beat both baselines.",
  ].join("\n");
}

const line = (name: string, cells: string[]) =>
  name.padEnd(25) + cells.map((cell) => cell.padStart(7)).join("");
