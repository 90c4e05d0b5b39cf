/** The card of a training run: its buttons, status, progress and figures; after a reload, the offer to resume the last run. */
import { setText } from "../shell/dom.ts";
import { type Figure, figureList, StatusLines } from "../shell/status-lines.ts";
import { timeLeft } from "./estimate.ts";
import html from "./panel.html?raw";
import "./panel.css";
import { isUnderWay, type Phase, type Snapshot } from "./phase.ts";
import type { Position } from "./store.ts";

/** The actions of the panel's buttons. */
export interface PanelActions {
  /** Trains a new model. */
  start(): void;
  pause(): void;
  resume(): void;
  cancel(): void;
  /** Continues the stored run. */
  takeOffer(): void;
  /** Deletes the stored run. */
  discardOffer(): void;
}

/** The view's words for the progress of a run. */
export interface PanelWords {
  /** In an epoch, from 1: "epoch 3 of 20". */
  at(epoch: number, epochs: number): string;
  /** "20 epochs" */
  count(epochs: number): string;
}

const EPOCHS: PanelWords = {
  at: (epoch, epochs) => `epoch ${epoch} of ${epochs}`,
  count: (epochs) => `${epochs} ${epochs === 1 ? "epoch" : "epochs"}`,
};

/** The main button in each phase. */
const TOGGLE: Record<Phase, string> = {
  opening: "Start",
  ready: "Start",
  compiling: "Pause",
  training: "Pause",
  pausing: "Resume",
  paused: "Resume",
  done: "Start again",
  stopped: "Start again",
  failed: "Start again",
};

const STATUS: Record<Phase, (snapshot: Snapshot, words: PanelWords) => string> = {
  opening: () => "Looking for a GPU…",
  ready: () => "Press Start to train a new model.",
  compiling: () => "Compiling the training step…",
  training: () => "Training…",
  pausing: () => "Pausing…",
  paused: ({ epoch, epochs }, { at }) => `Paused in ${at(Math.min(epoch + 1, epochs), epochs)}.`,
  done: ({ epochs }, { count }) => `Done, ${count(epochs)}.`,
  stopped: ({ epoch }, { count }) => `Cancelled after ${count(epoch)}.`,
  failed: () => "Stopped.",
};

export class RunPanel {
  readonly #parts: <E extends HTMLElement = HTMLElement>(name: string) => E;
  readonly #actions: PanelActions;
  readonly #words: PanelWords;
  readonly #lines: StatusLines;
  #snapshot: Snapshot | undefined;

  /**
   * @param container An empty card, which the panel fills.
   * @param figures The numbers below the progress; the view writes their values.
   * @param words How far a run is; in epochs if not given.
   */
  constructor(
    container: HTMLElement,
    figures: readonly Figure[],
    actions: PanelActions,
    words: PanelWords = EPOCHS,
  ) {
    container.innerHTML = html;
    container.append(figureList(figures));
    this.#parts = <E extends HTMLElement>(name: string) =>
      container.querySelector<E>(`[data-part="${name}"]`)!;
    this.#actions = actions;
    this.#words = words;
    this.#lines = new StatusLines(this.#parts("lines"), "Progress of the run");
    this.#parts("toggle").addEventListener("click", () => this.#toggle());
    this.#parts("cancel").addEventListener("click", () => actions.cancel());
    this.#parts("take").addEventListener("click", () => actions.takeOffer());
    this.#parts("discard").addEventListener("click", () => actions.discardOffer());
  }

  /** @param note Added to the status, for example the best epoch. */
  draw(snapshot: Snapshot, note = ""): void {
    const { phase, done, secondsLeft } = snapshot;
    this.#snapshot = snapshot;
    const toggle = this.#parts<HTMLButtonElement>("toggle");
    setText(toggle, TOGGLE[phase]);
    toggle.disabled = phase === "opening";
    this.#parts<HTMLButtonElement>("cancel").disabled = !isUnderWay(phase);
    const status = `${STATUS[phase](snapshot, this.#words)}${note && ` ${note}`}`;
    this.#lines.draw(status, done, secondsLeft === undefined ? "" : timeLeft(secondsLeft));
  }

  /** Disables the buttons if there is no GPU. */
  drawUnusable(): void {
    this.#parts<HTMLButtonElement>("toggle").disabled = true;
    this.#parts<HTMLButtonElement>("cancel").disabled = true;
    this.offer(undefined);
    this.#lines.status = "Training is not possible.";
  }

  /** Offers to continue an interrupted run, or withdraws the offer. */
  offer(kept: (Position & { readonly savedAt: Date }) | undefined): void {
    this.#parts("offer").hidden = !kept;
    if (!kept) return;
    const { epoch, epochs, savedAt } = kept;
    const when = savedAt.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
    setText(
      this.#parts("offer-text"),
      `The last run was interrupted in ${this.#words.at(epoch, epochs)} (${when}).`,
    );
  }

  #toggle(): void {
    const phase = this.#snapshot?.phase;
    if (phase === "compiling" || phase === "training") this.#actions.pause();
    else if (phase === "pausing" || phase === "paused") this.#actions.resume();
    else this.#actions.start();
  }
}
