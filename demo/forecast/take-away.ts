/** What can be taken away: the model's file, the model in Inspect, and a card with the result. */
import type { ForecastTask } from "../../tasks/series/task.ts";
import { bindCard } from "../shell/card-dialog.ts";
import { byId } from "../shell/dom.ts";
import { saveModel } from "../shell/save-model.ts";
import type { Frame } from "../shell/view.ts";
import { snippetsOf } from "../tune/snippets.ts";
import type { ForecastConfig } from "./settings.ts";

/** What is shown. */
export interface Shown {
  readonly config: ForecastConfig;
  readonly task: ForecastTask;
  /** The roll-out's chart. */
  readonly picture: HTMLCanvasElement;
  /** The model's file. */
  file(): Promise<Uint8Array<ArrayBuffer>>;
  /** Two or three numbers. */
  figures(): readonly { readonly label: string; readonly value: string }[];
}

const BUTTONS = ["forecast-save", "forecast-inspect", "forecast-card"] as const;

export class TakeAway {
  readonly #shown: () => Shown;

  constructor(frame: Frame, shown: () => Shown, onError: (error: unknown) => void) {
    this.#shown = shown;
    const on = (id: (typeof BUTTONS)[number], act: () => Promise<void>) =>
      byId(id).addEventListener("click", () => void act().catch(onError));
    on("forecast-save", async () => {
      const { name, data } = await this.#file();
      const { config, task } = this.#shown();
      saveModel({ name, data, ...snippetsOf(name, task.features, config.settings) }, byId("forecast-saved"));
    });
    on("forecast-inspect", async () => {
      const { name, data } = await this.#file();
      frame.inspect(name, data);
    });
    bindCard(
      byId("forecast-card"),
      () => {
        const { config, picture, figures } = this.#shown();
        const adapter = byId("adapter").textContent!;
        return { title: config.series.title, picture, figures: figures(), adapter, url: frame.url };
      },
      onError,
    );
  }

  /** Whether there is a model. */
  set enabled(value: boolean) {
    for (const id of BUTTONS) byId<HTMLButtonElement>(id).disabled = !value;
    if (!value) byId("forecast-saved").replaceChildren();
  }

  async #file() {
    const { config, file } = this.#shown();
    const { cell } = config.settings;
    return { name: `${config.series.id}-${cell.toLowerCase()}.safetensors`, data: await file() };
  }
}
