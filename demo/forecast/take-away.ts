/** What can be taken away: the model's file, the model in Inspect, and a card with the result. */
import type { ForecastTask } from "../../tasks/series/task.ts";
import { partsOf } from "../shell/dom.ts";
import { bindTakeAway } from "../shell/take-away.ts";
import type { Frame } from "../shell/view.ts";
import { snippetsOf } from "../tune/snippets.ts";
import type { ForecastConfig } from "./settings.ts";

/** What is shown. */
export interface Shown {
  readonly config: ForecastConfig;
  readonly task: ForecastTask;
  /** The roll-out's chart, for a card. */
  picture(): Promise<HTMLCanvasElement>;
  /** The model's file. */
  file(): Promise<Uint8Array<ArrayBuffer>>;
  /** Two or three numbers. */
  figures(): readonly { readonly label: string; readonly value: string }[];
}

const part = partsOf("forecast");

export class TakeAway {
  constructor(frame: Frame, shown: () => Shown, onError: (error: unknown) => void) {
    bindTakeAway({
      view: "forecast",
      frame,
      onError,
      model: async () => {
        const { config, task, file } = shown();
        const { series, settings } = config;
        const name = `${series.id}-${settings.cell.toLowerCase()}.safetensors`;
        return { name, data: await file(), ...snippetsOf(name, task.features, settings) };
      },
      card: async () => {
        const { config, picture, figures } = shown();
        const card = { title: config.series.title, figures: figures() };
        return { ...card, picture: await picture() };
      },
    });
  }

  /** Whether there is a model. */
  set enabled(value: boolean) {
    for (const name of ["save", "inspect", "card"]) part<HTMLButtonElement>(name).disabled = !value;
    if (!value) part("saved").replaceChildren();
  }
}
