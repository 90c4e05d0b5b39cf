/** Runs a file by itself once it is open: its whole model if it has one, then its first recurrent layer. */
import { count } from "../shell/format.ts";
import type { Opened } from "./file/file-panel.ts";
import type { RunPanel } from "./layer-run/run-panel.ts";
import type { ModelPanel } from "./model-run/model-panel.ts";

/** Parameters of the largest model that runs by itself: the gates of larger ones keep the processor busy for long. */
const MOST_PARAMETERS = 5_000_000;

export class FirstRun {
  readonly #model: ModelPanel;
  readonly #layer: RunPanel;
  /** The file whose first run has not come to its end. */
  #due: Opened | undefined;
  #isShown = false;
  /** The number of the latest run. */
  #runs = 0;
  #isUnderWay = false;

  constructor(model: ModelPanel, layer: RunPanel) {
    this.#model = model;
    this.#layer = layer;
  }

  /** Runs this file now, or when the view is shown. */
  offer(opened: Opened | undefined): void {
    this.#runs++;
    this.#isUnderWay = false;
    this.#due = opened;
    void this.#run();
  }

  /** Whether the view is shown. A run that leaving has stopped is made at the next visit. */
  set shown(shown: boolean) {
    this.#isShown = shown;
    this.#runs++;
    this.#isUnderWay = false;
    void this.#run();
  }

  /** Whether the first run is under way; nobody has asked for it. */
  get underWay(): boolean {
    return this.#isUnderWay;
  }

  async #run(): Promise<void> {
    const due = this.#due;
    if (!due || !this.#isShown) return;
    const run = this.#runs;
    this.#isUnderWay = true;
    const parameters = due.tensors.reduce((sum, { data }) => sum + data.length, 0);
    if (parameters > MOST_PARAMETERS) {
      const waits = `A model of over ${count(MOST_PARAMETERS)} parameters runs when you ask for it.`;
      for (const panel of [this.#model, this.#layer]) panel.say(waits);
    } else {
      // Weights that are no numbers give none; a layer that has some refuses by itself.
      if (due.broken.size === 0) await this.#model.runFirst();
      if (run === this.#runs) await this.#layer.runFirst();
    }
    if (run !== this.#runs) return;
    this.#due = undefined;
    this.#isUnderWay = false;
  }
}
