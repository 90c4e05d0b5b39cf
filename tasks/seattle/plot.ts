/** The plot that `npm run train` saves: forecast and measurement, the loss curve, and the error by day ahead. */
import type { data, NDArray } from "webgpu-lstm";
import { type Errors, errorsOf } from "../series/errors.ts";
import { INK, panel, SOFT } from "../svg/panel.ts";
import { svg, text } from "../svg/svg.ts";
import type { ForecastTask } from "./task.ts";

/** What {@link plotForecast} draws. */
export interface PlotInput {
  readonly task: ForecastTask;
  /** The model's forecast of the held-out days, °C, `[windows, horizon]`. */
  readonly forecast: NDArray | data.Float64NDArray;
  readonly trainLoss: readonly number[];
  readonly validationLoss: readonly number[];
  /** The epoch, from 1, whose weights made the forecast. */
  readonly bestEpoch: number;
  /** The model in words. */
  readonly model: string;
}

// Okabe and Ito's colours: people with any kind of colour vision can distinguish them.
const MEASURED = INK;
const MODEL = "#0072b2";
const PERSISTENCE = "#d55e00";
const SEASONAL = "#e69f00";

/** An SVG of 1080 × 800. */
export function plotForecast(input: PlotInput): string {
  const { task, forecast, model } = input;
  const { heldOut, horizon } = task;
  const ahead = horizon === 1 ? "one day ahead" : `${horizon} days ahead`;
  const last = (array: NDArray | data.Float64NDArray) =>
    Array.from(heldOut.dates, (_, i) => array.data[(i + 1) * horizon - 1]!);
  const days = heldOut.dates.map((date) => new Date(Date.parse(date) + (horizon - 1) * 86_400_000));
  const errors = {
    model: errorsOf(forecast, heldOut.measured),
    persistence: errorsOf(heldOut.persistence, heldOut.measured),
    seasonal: errorsOf(heldOut.seasonal, heldOut.measured),
  };
  const year = days[0]!.getUTCFullYear();
  const title = `Daily maximum temperature in Seattle, ${year}, forecast ${ahead}`;

  let body = text(70, 36, title, { size: 20, bold: true }, { fill: INK });
  body += text(70, 58, `${model}. ${summary(errors, horizon)}`, { size: 13 }, { fill: SOFT });
  body += panel({
    left: 70,
    top: 130,
    width: 970,
    height: 300,
    title: "Held-out days: forecast and measurement",
    yLabel: "°C",
    xTicks: days.flatMap((day, at) => (day.getUTCDate() === 1 ? [{ at, label: monthOf(day) }] : [])),
    lines: [
      { name: "measured", color: MEASURED, y: last(heldOut.measured), width: 1.1 },
      { name: "seasonal mean", color: SEASONAL, y: last(heldOut.seasonal), width: 1.6, dashes: "6 4" },
      { name: "LSTM", color: MODEL, y: last(forecast), width: 1.9 },
    ],
  });
  body += lossPanel(input, horizon === 1 ? 970 : 450);
  if (horizon > 1) body += errorPanel(errors, horizon);
  return svg(1080, 800, title, body, { background: { fill: "#ffffff" } });
}

interface AllErrors {
  readonly model: Errors;
  readonly persistence: Errors;
  readonly seasonal: Errors;
}

function summary({ model, persistence, seasonal }: AllErrors, horizon: number): string {
  const days = horizon === 1 ? "" : ` over the ${horizon} days`;
  return (
    `Mean absolute error${days}: LSTM ${model.mae.toFixed(2)} °C, ` +
    `persistence ${persistence.mae.toFixed(2)} °C, seasonal mean ${seasonal.mae.toFixed(2)} °C`
  );
}

function lossPanel({ trainLoss, validationLoss, bestEpoch }: PlotInput, width: number): string {
  const epochs = trainLoss.length;
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((s) => epochs / s <= 10) ?? epochs;
  const xTicks = Array.from({ length: epochs }, (_, at) => ({ at, label: String(at + 1) }));
  return panel({
    left: 70,
    top: 530,
    width,
    height: 200,
    title: "Mean squared error while training (scaled)",
    yLabel: "loss",
    xLabel: "epoch",
    xTicks: xTicks.filter(({ at }) => at === 0 || (at + 1) % step === 0),
    fromZero: true,
    mark: { at: bestEpoch - 1, label: `best epoch: ${bestEpoch}` },
    lines: [
      { name: "training", color: MEASURED, y: trainLoss, dots: epochs < 3 },
      { name: "validation", color: MODEL, y: validationLoss, width: 1.9, dots: epochs < 3 },
    ],
  });
}

function errorPanel({ model, persistence, seasonal }: AllErrors, horizon: number): string {
  const perDay = ({ perDay }: Errors) => perDay.map(({ mae }) => mae);
  return panel({
    left: 600,
    top: 530,
    width: 440,
    height: 200,
    title: "Mean absolute error by day ahead",
    yLabel: "°C",
    xLabel: "days ahead",
    xTicks: Array.from({ length: horizon }, (_, at) => ({ at, label: String(at + 1) })),
    fromZero: true,
    lines: [
      { name: "persistence", color: PERSISTENCE, y: perDay(persistence), dots: true },
      { name: "seasonal mean", color: SEASONAL, y: perDay(seasonal), dots: true },
      { name: "LSTM", color: MODEL, y: perDay(model), width: 1.9, dots: true },
    ],
  });
}

const monthOf = (day: Date) => day.toLocaleDateString("en", { month: "short", timeZone: "UTC" });
