/** The top of the view: the model that writes, its units, what they fire on, and the model's files. */
import { DisposedError } from "webgpu-lstm";
import { partsOf, setText } from "../shell/dom.ts";
import { count, decimals } from "../shell/format.ts";
import type { Frame } from "../shell/view.ts";
import type { About } from "./model/saved.ts";
import type { Thought } from "./model/signals.ts";
import type { WritingSettings } from "./settings.ts";
import { openShipped } from "./shipped/shipped.ts";
import { Away, type Taken } from "./take-away/away.ts";
import { FiringPanel } from "./writing/firing-panel.ts";
import { Stage } from "./writing/stage.ts";
import { Watch } from "./writing/watch.ts";

const byId = partsOf("text");

/** Pause in ms after which a unit counts as chosen; walking over many asks for none of them. */
const CHOSEN_AFTER = 150;

/** What the view is told and asks. */
export interface DeskOptions {
  readonly frame: Frame;
  /** The writing settings of the moment. */
  settings(): WritingSettings;
  onError(error: unknown): void;
  /** The visitor has chosen another unit. */
  onUnit(): void;
}

export class Desk {
  readonly #options: DeskOptions;
  readonly #watch = new Watch();
  readonly #stage: Stage;
  readonly #firing = new FiringPanel();
  readonly #away: Away;
  #model: Taken | undefined;
  /** Whether the model rests between trainings, and may write on and be asked. */
  #idle = false;
  #shipped: Taken | undefined;
  /** Whether opening the shipped model has begun, and whether another model has replaced it. */
  #opening = false;
  #closed = false;
  /** What the firing panel shows or has asked for. */
  #asked = "";
  #timer = 0;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#stage = new Stage(this.#watch, options.settings, (error) => this.#report(error));
    this.#away = new Away(() => this.#model, this.#watch, options.frame, options.onError);
    this.#watch.onUnit = () => {
      this.#askFiring();
      options.onUnit();
    };
  }

  get unit(): number {
    return this.#watch.unit;
  }

  set unit(unit: number) {
    this.#watch.unit = unit;
    this.#askFiring();
  }

  /** Whether the view is shown. */
  set shown(shown: boolean) {
    this.#stage.shown = shown;
  }

  /**
   * Lets the shipped model write, unless another one does by then.
   * @returns The adapter's name
   */
  async openShipped(): Promise<string | undefined> {
    if (this.#opening) return undefined;
    this.#opening = true;
    const shipped = await openShipped().catch((error) => {
      // The next visit tries again.
      this.#opening = false;
      throw error;
    });
    if (this.#closed) {
      shipped.mind.trainer.terminate();
      return undefined;
    }
    this.#shipped = shipped;
    this.follow(shipped, shippedAuthor(shipped.about), true);
    await this.#stage.begin();
    return shipped.mind.trainer.device;
  }

  /** Ends the shipped model: another one takes its place. */
  closeShipped(): void {
    this.#closed = true;
    this.#shipped?.mind.trainer.terminate();
    this.#shipped = undefined;
    this.follow(undefined, "", false);
  }

  /**
   * Writes with this model from now on.
   * @param author Who it is, in words
   * @param idle Whether it rests between trainings
   */
  follow(model: Taken | undefined, author: string, idle: boolean): void {
    this.#model = model;
    this.#idle = idle;
    this.#stage.use(model?.mind);
    this.#stage.endless = idle && model !== undefined;
    setText(byId("author"), author);
    this.#away.draw();
    this.#askFiring();
  }

  /** Begins a text with the visitor's prompt, if the shipped model writes. */
  begin(): boolean {
    if (!this.#shipped) return false;
    void this.#stage.begin();
    return true;
  }

  /** Plays a sample of a run. */
  play(thought: Thought, prompt: number): void {
    this.#stage.play(thought, prompt);
  }

  #askFiring(): void {
    const { unit } = this.#watch;
    const model = this.#model;
    const wanted = model && this.#idle ? `${unit} ${model.about.steps} ${model.about.text}` : String(unit);
    if (wanted === this.#asked) return;
    this.#asked = wanted;
    clearTimeout(this.#timer);
    if (!model || !this.#idle) {
      this.#firing.clear(unit, "Comes when the model rests: before training, in a pause, or at the end.");
      return;
    }
    this.#timer = window.setTimeout(async () => {
      try {
        const firing = await model.mind.firing(unit);
        if (wanted === this.#asked) this.#firing.show(unit, firing);
      } catch (error) {
        if (wanted === this.#asked) this.#report(error);
      }
    }, CHOSEN_AFTER);
  }

  /** A model that was ended has nothing to say. */
  #report(error: unknown): void {
    if (!(error instanceof DisposedError)) this.#options.onError(error);
  }
}

function shippedAuthor({ cell, hiddenSize, steps, text, heldOutBits, baselineBits }: About): string {
  const bits = heldOutBits === undefined ? "" : `, ${decimals(heldOutBits, 2)} bits per held-out character`;
  const baseline = baselineBits === undefined ? "" : ` (a 5-gram: ${decimals(baselineBits, 2)})`;
  return `${cell} of ${hiddenSize} units, trained with this library for ${count(steps)} steps on ${text}${bits}${baseline}.`;
}
