/** What can be done with the best trial of a search: the buttons under its settings. */
import { bestOf } from "../../tasks/search/plot-parts.ts";
import { isBuiltIn } from "../../tasks/series/series.ts";
import { openInForecast } from "../forecast/handover.ts";
import { byId, setText } from "../shell/dom.ts";
import { bindTakeAway } from "../shell/take-away.ts";
import type { Frame } from "../shell/view.ts";
import { cardOf, heldOutOutcome, modelOf } from "./outcome.ts";
import type { TuneSearch } from "./search.ts";
import { settingsOf } from "./space.ts";

const HONEST =
  "The search chooses by the validation part alone. What the held-out part gives can be looked at once the search is over.";

/** The buttons' ids, with what each needs besides a best trial. */
const BUTTONS = {
  "tune-open": { idle: true, gpu: false },
  "tune-test": { idle: true, gpu: true },
  "tune-save": { idle: true, gpu: true },
  "tune-inspect": { idle: true, gpu: true },
  "tune-card": { idle: false, gpu: false },
} as const;

export interface BestActionsOptions {
  readonly frame: Frame;
  /** The search whose study is shown. */
  readonly search: () => TuneSearch;
  /** Locks the view while something is trained. */
  readonly busyWith: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onError: (error: unknown) => void;
}

export class BestActions {
  readonly #options: BestActionsOptions;

  constructor(options: BestActionsOptions) {
    this.#options = options;
    const { frame, onError } = options;
    const on = (id: keyof typeof BUTTONS, act: () => unknown) =>
      byId(id).addEventListener("click", async () => {
        try {
          await act();
        } catch (error) {
          onError(error);
        }
      });
    on("tune-open", () => this.#open());
    on("tune-test", () => this.#test());
    bindTakeAway({
      view: "tune",
      frame,
      onError,
      model: () => this.#model(),
      card: () => cardOf(this.#search, this.#trial),
    });
  }

  /** Forgets what was said about another study or an earlier best. */
  clear(): void {
    setText(byId("tune-held-out"), HONEST);
    byId("tune-saved").replaceChildren();
  }

  /** @param usable Whether there is a GPU */
  enable(search: TuneSearch | undefined, idle: boolean, usable: boolean): void {
    const trials = search?.trials ?? [];
    const hasBest = bestOf(trials, "minimize") >= 0;
    for (const [id, needs] of Object.entries(BUTTONS)) {
      const able = hasBest && (idle || !needs.idle) && (usable || !needs.gpu);
      const both = id !== "tune-test" || (hasBest && search!.defaultsOf(trials) >= 0);
      byId<HTMLButtonElement>(id).disabled = !(able && both);
    }
  }

  get #search(): TuneSearch {
    return this.#options.search();
  }

  get #trial() {
    const { trials } = this.#search;
    return trials[bestOf(trials, "minimize")]!;
  }

  #open(): void {
    const { series, base } = this.#search.task;
    const settings = settingsOf(this.#trial.params, base);
    if (isBuiltIn(series.id)) openInForecast({ series: series.id, settings });
  }

  /** Says what the held-out part gives for the best and for the defaults. */
  async #test(): Promise<void> {
    const search = this.#search;
    const { trials } = search;
    const shipped = trials[search.defaultsOf(trials)]!;
    const best = this.#trial;
    const outcome = await this.#options.busyWith(() => heldOutOutcome(search, best, shipped));
    // Another study may have taken its place.
    if (search === this.#search) setText(byId("tune-held-out"), outcome);
  }

  /** The model of an earlier visit is trained again. */
  #model() {
    return this.#options.busyWith(() => modelOf(this.#search, this.#trial));
  }
}
