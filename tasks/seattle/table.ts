/** The result as a table with a verdict. */
import type { data, NDArray } from "webgpu-lstm";
import { type Errors, errorsOf } from "../series/errors.ts";
import type { ForecastTask } from "./task.ts";

/** MAE and RMSE in °C of model and baselines over the held-out days; with a longer horizon, also by day ahead. */
export function resultTable(
  { heldOut, horizon }: ForecastTask,
  forecast: NDArray | data.Float64NDArray,
): string {
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
  return [
    `Held-out: ${heldOut.dates.length} forecasts from ${heldOut.dates[0]} on, daily maximum temperature, °C`,
    ...all,
    ...(horizon > 1 ? [...byDay("mae"), ...byDay("rmse")] : []),
    verdict(rows.map(([, errors]) => errors)),
  ].join("\n");
}

/** Whether the first of `all` beats the others: by both errors over all days, and by the MAE of each day ahead. */
function verdict(all: readonly Errors[]): string {
  const better = (score: (errors: Errors) => number) => {
    const [model, ...baselines] = all.map(score);
    return baselines.every((baseline) => model! < baseline);
  };
  if (!better(({ mae }) => mae) || !better(({ rmse }) => rmse))
    return "The LSTM does NOT beat both baselines.";
  const horizon = all[0]!.perDay.length;
  if (horizon === 1) return "The LSTM beats both baselines.";
  const behind = all[0]!.perDay.flatMap((_, day) => (better((e) => e.perDay[day]!.mae) ? [] : [day + 1]));
  const single =
    behind.length > 0 ? `; by MAE alone, not on day ${behind.join(", ")}` : " and on every single one";
  return `The LSTM beats both baselines over all days${single}.`;
}

const line = (name: string, cells: string[]) =>
  name.padEnd(25) + cells.map((cell) => cell.padStart(7)).join("");
