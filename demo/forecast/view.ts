/** Draws a session's snapshot: numbers, table and charts. It reads and never decides. */
import { ForecastChart, LossChart } from "./charts.ts";
import type { Forecast } from "./held-out.ts";
import type { Change, Phase, Snapshot } from "./session.ts";

function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

function loss(value: number | null | undefined): string {
  return value == null ? "–" : value.toFixed(4);
}

const hundredths = (value: number) => Math.round(value * 100);

/** The view's main button in each phase. */
const TOGGLE: Record<Phase, string> = {
  waiting: "Start",
  ready: "Start",
  compiling: "Pause",
  training: "Pause",
  pausing: "Resume",
  paused: "Resume",
  done: "Start again",
  stopped: "Start again",
  failed: "Start again",
};

export class ForecastDisplay {
  readonly #lossChart = new LossChart(byId("loss-chart"));
  readonly #forecastChart = new ForecastChart(byId("forecast-chart"));
  /** The view's two buttons. */
  readonly toggle = byId<HTMLButtonElement>("toggle");
  readonly reset = byId<HTMLButtonElement>("reset");
  readonly #stale = new Set<Change>();
  #snapshot: Snapshot | undefined;

  /** Draws everything at once, for a new model. */
  drawAll(snapshot: Snapshot): void {
    const { span, horizon } = snapshot.heldOut;
    const dates = DATE.formatRange(...span);
    byId("scores-caption").textContent =
      horizon === 1
        ? `Next day's maximum, ${dates}, never trained on`
        : `The next ${horizon} days' maximum, ${dates}, never trained on`;
    const before = horizon === 1 ? "the day" : `${horizon} days`;
    byId("forecast-note").textContent = `Each day's maximum temperature as forecast ${before} before.`;
    this.#stale.clear();
    this.#drawPhase(snapshot);
    this.#drawProgress(snapshot);
    this.#drawEpoch(snapshot);
    this.#drawForecast(snapshot);
  }

  /** Draws the part that changed with the next frame: training can be far quicker than frames are. */
  draw(snapshot: Snapshot, change: Change): void {
    if (this.#stale.size === 0) requestAnimationFrame(() => this.#drawStale());
    this.#stale.add(change);
    this.#snapshot = snapshot;
  }

  /** Without a device there is nothing to press. */
  drawUnusable(): void {
    this.#stale.clear();
    this.toggle.textContent = TOGGLE.ready;
    this.toggle.disabled = true;
    this.reset.disabled = true;
    byId("status").textContent = "Training is not possible.";
  }

  #drawStale(): void {
    const snapshot = this.#snapshot!;
    const stale = [...this.#stale];
    this.#stale.clear();
    for (const change of stale) {
      if (change === "phase") this.#drawPhase(snapshot);
      else if (change === "batch") this.#drawProgress(snapshot);
      else if (change === "epoch") this.#drawEpoch(snapshot);
      else this.#drawForecast(snapshot);
    }
  }

  #drawPhase({ phase, epoch, forecast }: Snapshot): void {
    this.toggle.textContent = TOGGLE[phase];
    this.toggle.disabled = phase === "waiting";
    this.reset.disabled = phase === "waiting" || phase === "ready";
    const text: Record<Phase, string> = {
      waiting: "Looking for a GPU…",
      ready: "Press Start to train a new model.",
      compiling: "Compiling the training step…",
      training: "Training…",
      pausing: "Pausing after this epoch…",
      paused: `Paused after epoch ${epoch}.`,
      done: `Done. Best validation: epoch ${forecast?.epoch}.`,
      stopped: `Stopped after epoch ${epoch}, when this view was left.`,
      failed: "Stopped.",
    };
    byId("status").textContent = text[phase];
  }

  #drawProgress({ batch, batches }: Snapshot): void {
    const bar = byId<HTMLProgressElement>("progress");
    bar.max = batches;
    bar.value = batch;
  }

  #drawEpoch(snapshot: Snapshot): void {
    const { epoch, epochs, trainLoss, validationLoss, stepsPerSecond } = snapshot;
    byId("epoch").textContent = `${epoch} of ${epochs}`;
    byId("speed").textContent = stepsPerSecond === undefined ? "–" : stepsPerSecond.toFixed(1);
    byId("train-loss").textContent = loss(trainLoss.at(-1));
    byId("validation-loss").textContent = loss(validationLoss.at(-1));
    this.#lossChart.draw(trainLoss, validationLoss);
    byId("loss-summary").textContent =
      epoch === 0
        ? "Nothing trained yet."
        : `After ${epoch} epochs: training ${loss(trainLoss.at(-1))}, validation ${loss(validationLoss.at(-1))}.`;
  }

  #drawForecast(snapshot: Snapshot): void {
    const { heldOut, forecast } = snapshot;
    const { days, measured, seasonal, persistence } = heldOut;
    this.#forecastChart.draw(days, measured, seasonal.line, forecast?.line ?? days.map(() => null));
    drawScores(heldOut.horizon, [
      ["LSTM", forecast],
      ["Persistence", persistence],
      ["Seasonal mean", seasonal],
    ]);
    // Judged as the table shows it, to the hundredth of a degree.
    const lead =
      Math.min(hundredths(persistence.mae), hundredths(seasonal.mae)) - hundredths(forecast?.mae ?? 0);
    const beaten = forecast !== undefined && lead > 0;
    const verdict = byId("verdict");
    verdict.classList.toggle("good", beaten);
    if (!forecast) {
      verdict.textContent = "The LSTM's row fills in while it trains.";
      byId("forecast-summary").textContent = "Measured temperature and the seasonal mean; no forecast yet.";
      return;
    }
    verdict.textContent = `After epoch ${forecast.epoch}: ${
      beaten
        ? `below both baselines, by ${(lead / 100).toFixed(2)} °C${heldOut.horizon > 1 ? " over all days ahead" : ""}.`
        : "not yet below both baselines."
    }`;
    byId("forecast-summary").textContent =
      `Forecast after epoch ${forecast.epoch}, mean absolute error ${forecast.mae.toFixed(2)} °C.`;
  }
}

/** Fills the table. A week's forecast has a column for its last day, the hardest. */
function drawScores(horizon: number, rows: readonly [name: string, forecast: Forecast | undefined][]): void {
  const columns: [title: string, value: (forecast: Forecast) => number][] = [
    ["MAE, °C", ({ mae }) => mae],
    ["RMSE, °C", ({ rmse }) => rmse],
  ];
  if (horizon > 1) columns.push([`MAE on day ${horizon}`, ({ lastDayMae }) => lastDayMae]);
  byId("scores-head").replaceChildren(
    ...["Forecast", ...columns.map(([title]) => title)].map((title) => heading(title, "col")),
  );
  byId("scores-body").replaceChildren(
    ...rows.map(([name, forecast], i) => {
      const row = document.createElement("tr");
      if (i === 0) row.className = "model";
      row.append(heading(name, "row"));
      for (const [, value] of columns)
        row.insertCell().textContent = forecast ? value(forecast).toFixed(2) : "–";
      return row;
    }),
  );
}

function heading(text: string, scope: "row" | "col"): HTMLTableCellElement {
  const cell = document.createElement("th");
  cell.scope = scope;
  cell.textContent = text;
  return cell;
}
