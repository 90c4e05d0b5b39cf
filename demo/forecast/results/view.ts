/** Draws a run's numbers and curve, and the held-out part with its table. */

import type { HeldOut, Judged } from "../../../tasks/series/held-out.ts";
import { LINEAR } from "../../../tasks/series/linear.ts";
import type { Series } from "../../../tasks/series/series.ts";
import { byId, element } from "../../shell/dom.ts";
import { counted, decimals, short } from "../../shell/format.ts";
import type { Snapshot } from "../../training/phase.ts";
import { numberOf, stepCount, stepName, withUnit } from "../format.ts";
import { LossChart, SeriesChart } from "./charts.ts";
import { LossTable } from "./loss-table.ts";
import { verdictOf } from "./verdict.ts";

/** A forecast of the held-out part, and its moment: "After epoch 3". */
export type Forecast = Judged & { readonly when: string };

const loss = (value: number | null | undefined): string => short(value ?? Number.NaN);

export class ForecastDisplay {
  readonly #lossChart = new LossChart(byId("loss-chart"));
  readonly #lossTable = new LossTable(byId<HTMLDetailsElement>("loss-details"), byId("loss-table"), loss);
  #forecastChart: SeriesChart | undefined;
  #series: Series | undefined;
  #heldOut: HeldOut | undefined;
  #forecast: Forecast | undefined;
  /** Whether there will be no linear regression. */
  #isUnfitted = false;
  #cell = "";

  /** The forecast that is shown. */
  get forecast(): Forecast | undefined {
    return this.#forecast;
  }

  /** Shows a series before there is a model for it. */
  show(series: Series, heldOut: HeldOut, cell: string): void {
    this.#series = series;
    this.#heldOut = heldOut;
    this.#cell = cell;
    const { horizon, steps, best } = heldOut;
    byId("loss-note").textContent = series.scaled
      ? "Mean squared error of the scaled values, log scale"
      : "Mean squared error, log scale";
    byId("scores-caption").textContent =
      `${horizon === 1 ? `The next ${series.step}` : `The next ${stepCount(series, horizon)}`}, ` +
      `${stepName(series, steps[0]!)} to ${stepName(series, steps.at(-1)!)}, never trained on`;
    byId("forecast-note").textContent =
      `${series.quantity}, each ${series.step} as forecast ${stepCount(series, horizon)} before.`;
    byId("caution").textContent = series.caution;
    this.#forecastChart?.destroy();
    this.#forecastChart = new SeriesChart(byId("forecast-chart"), series, {
      baseline: best.name.toLowerCase(),
      model: cell,
    });
    this.#forecast = undefined;
    this.#isUnfitted = false;
    this.compare(heldOut);
  }

  /** Compares the same forecasts with more baselines. */
  compare(heldOut: HeldOut): void {
    this.#heldOut = heldOut;
    const { baselines, best } = heldOut;
    byId("baseline-rules").replaceChildren(
      ...baselines.map(({ name, rule }) =>
        element("div", {}, element("dt", {}, name), element("dd", {}, rule)),
      ),
    );
    this.#forecastChart!.nameBaseline(best.name.toLowerCase());
    this.drawForecast(this.#forecast);
  }

  /** The numbers of a run and its curve. */
  drawRun({ epoch, epochs, reports }: Snapshot): void {
    const last = reports.at(-1);
    byId("epoch").textContent = `${epoch} of ${epochs}`;
    byId("speed").textContent = last ? decimals(last.stepsPerSecond, 1) : "–";
    byId("train-loss").textContent = loss(last?.loss);
    byId("validation-loss").textContent = loss(last?.validationLoss);
    this.#lossChart.draw(
      reports.map((report) => report.loss),
      reports.map(({ validationLoss }) => validationLoss ?? null),
    );
    this.#lossTable.draw(reports);
    byId("loss-summary").textContent = last
      ? `After ${counted(epoch, "epoch")}: training ${loss(last.loss)}, validation ${loss(last.validationLoss)}.`
      : "Nothing trained yet.";
  }

  /** Draws the model's forecast of the held-out part; undefined if there is none yet. */
  drawForecast(forecast: Forecast | undefined): void {
    const [series, heldOut] = [this.#series!, this.#heldOut!];
    const { steps, actual, best, baselines, fitted } = heldOut;
    this.#forecast = forecast;
    this.#forecastChart!.draw({
      steps,
      actual,
      baseline: best.line,
      model: forecast?.line ?? steps.map(() => null),
    });
    this.#drawScores([
      { name: this.#cell, forecast },
      ...baselines.map((b) => ({ name: b.name, forecast: b })),
      ...(fitted ? [] : [{ name: LINEAR, forecast: undefined }]),
    ]);
    const verdict = byId("verdict");
    const error = forecast && withUnit(series, forecast.mae);
    byId("forecast-summary").textContent = forecast
      ? `${forecast.when}: mean absolute error ${error}; ${best.name} ${withUnit(series, best.mae)}.`
      : `What came, and ${best.name}; no forecast yet.`;
    const said = forecast && fitted ? verdictOf(series, forecast.when, forecast, baselines) : undefined;
    verdict.classList.toggle("good", said?.good ?? false);
    verdict.textContent =
      said?.text ??
      (forecast
        ? `${forecast.when}; the linear regression ${this.#isUnfitted ? "was not fitted: no verdict without it" : "is still being fitted"}.`
        : `The ${this.#cell}’s row fills in while it trains.`);
  }

  /** Says that there will be no linear regression. */
  drawUnfitted(): void {
    this.#isUnfitted = true;
    this.drawForecast(this.#forecast);
  }

  /** Fills the table. With a longer horizon, it has a column for the last step ahead, which is the hardest. */
  #drawScores(rows: readonly { readonly name: string; readonly forecast: Judged | undefined }[]): void {
    const [series, { horizon }] = [this.#series!, this.#heldOut!];
    const unit = series.unit && `,${series.unit}`;
    const columns: [title: string, value: (forecast: Judged) => number][] = [
      [`MAE${unit}`, ({ mae }) => mae],
      [`RMSE${unit}`, ({ rmse }) => rmse],
    ];
    if (horizon > 1) columns.push([`MAE on ${series.step} ${horizon}`, ({ lastMae }) => lastMae]);
    byId("scores-head").replaceChildren(
      ...["Forecast", ...columns.map(([title]) => title)].map((title) =>
        element("th", { scope: "col" }, title),
      ),
    );
    byId("scores-body").replaceChildren(
      ...rows.map(({ name, forecast }, i) =>
        element(
          "tr",
          i === 0 ? { class: "model" } : {},
          element("th", { scope: "row" }, name),
          ...columns.map(([, value]) =>
            element("td", {}, forecast ? numberOf(series, value(forecast)) : "–"),
          ),
        ),
      ),
    );
  }
}
