/** What is shown of a task: its parts, the forecasts with their scores, and a model at work before anything is trained. */
import type { NDArray } from "webgpu-lstm";
import { type HeldOut, heldOutOf } from "../../tasks/series/held-out.ts";
import { ForecastTask } from "../../tasks/series/task.ts";
import type { Snapshot } from "../training/phase.ts";
import { RollOutPanel } from "./forecasts/roll-out-panel.ts";
import { WalkControl } from "./forecasts/walk-control.ts";
import { stepCount, withUnit } from "./format.ts";
import { LinearFit } from "./results/linear-fit.ts";
import { Overview } from "./results/overview.ts";
import { ForecastDisplay } from "./results/view.ts";
import type { ForecastConfig } from "./settings.ts";
import { shippedFor } from "./shipped/shipped.ts";
import type { Shown } from "./take-away.ts";
import { ForecastSession } from "./training/session.ts";

export class Stage {
  readonly session: ForecastSession;
  /** Called when there is a model to take away, or none any more. */
  onModel: (there: boolean) => void = () => {};
  /** Called with the reason why the linear regression was not fitted, and with undefined once it is after all. */
  onFitted: (error: unknown) => void = () => {};
  readonly #display = new ForecastDisplay();
  readonly #rollOut = new RollOutPanel();
  readonly #overview = new Overview();
  readonly #walk = new WalkControl(this.#rollOut);
  #config: ForecastConfig | undefined;
  #task: ForecastTask | undefined;
  #heldOut: HeldOut | undefined;
  readonly #fit = new LinearFit();
  /** Whether the latest fit has failed. */
  #hasFailed = false;

  /** @param onChange The session's snapshot has changed. */
  constructor(onChange: () => void) {
    this.#rollOut.onShow = (from, to) => this.#overview.mark([from, to]);
    this.session = new ForecastSession(this.#rollOut, {
      onChange: () => {
        // A cancelled run whose worker had to be ended has no model.
        if (!this.session.source) this.onModel(false);
        onChange();
      },
      onForecast: (forecast, when) => this.#judge(forecast, when),
    });
  }

  /** Shows a task for which nothing is trained. */
  show(config: ForecastConfig): void {
    const { series, settings } = config;
    this.#config = config;
    this.#hasFailed = false;
    this.#walk.end();
    this.session.unship();
    this.onModel(false);
    const task = new ForecastTask(series, settings);
    this.#task = task;
    this.#heldOut = heldOutOf(task, this.#fit.known(config));
    this.#display.show(series, this.#heldOut, settings.cell);
    this.#overview.show(task);
    this.#rollOut.show(task, this.#heldOut, settings.cell);
  }

  /** Prepares a run. Until then the shipped model for these settings forecasts, if there is one. */
  async prepare(config: ForecastConfig): Promise<void> {
    this.session.prepare(config);
    void this.compare();
    const file = await shippedFor(config);
    if (!file || config !== this.#config || this.session.started) return;
    await this.session.ship(config, file);
    if (config === this.#config && this.session.source?.model === "shipped") this.#walk.begin();
  }

  /** What is shown, to take it away. */
  get shown(): Shown {
    const { series, settings } = this.#config!;
    return {
      config: this.#config!,
      task: this.#task!,
      picture: () => this.#rollOut.picture(),
      file: () => this.session.ask<Uint8Array<ArrayBuffer>>("save", this.session.source!.model),
      figures: () => {
        const { best } = this.#heldOut!;
        const { forecast } = this.#display;
        return [
          {
            label: `${settings.cell}, ${stepCount(series, settings.horizon)} ahead`,
            value: forecast ? withUnit(series, forecast.mae) : "–",
          },
          { label: best.name, value: withUnit(series, best.mae) },
        ];
      },
    };
  }

  /** Starts a run, without the results of the last one. */
  begin(config: ForecastConfig, resume: string | undefined): void {
    this.#walk.end();
    this.#rollOut.stay();
    this.onModel(false);
    this.#display.drawForecast(undefined);
    this.#rollOut.draw(undefined);
    this.session.begin(config, resume);
    void this.compare();
  }

  drawRun(snapshot: Snapshot): void {
    this.#display.drawRun(snapshot);
  }

  #judge(forecast: NDArray, when: string): void {
    const { cell } = this.#config!.settings;
    this.#display.drawForecast({ ...this.#heldOut!.judge(cell, forecast), when });
    this.onModel(true);
  }

  /** Adds the linear regression to the baselines, once it is fitted. */
  async compare(): Promise<void> {
    const config = this.#config;
    if (!config || this.#heldOut!.fitted) return;
    try {
      const linear = await this.#fit.of(config);
      if (config !== this.#config || this.#heldOut!.fitted) return;
      this.#heldOut = heldOutOf(this.#task!, linear);
      this.#display.compare(this.#heldOut);
      this.#rollOut.compare(this.#heldOut);
      if (this.#hasFailed) this.onFitted(undefined);
      this.#hasFailed = false;
    } catch (error) {
      if (config !== this.#config) return;
      this.#hasFailed = true;
      this.#display.drawUnfitted();
      this.onFitted(error);
    }
  }

  /** Stops what is computed for the view: another one is shown. {@link compare} goes on with it. */
  rest(): void {
    this.#fit.stop();
  }
}
