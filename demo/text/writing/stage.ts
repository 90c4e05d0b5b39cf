/** Plays what a model writes, character by character, at the pace of a fast typist; nothing moves while nobody looks. */
import { partsOf, setText } from "../../shell/dom.ts";
import type { Mind } from "../model/mind.ts";
import type { Thought } from "../model/signals.ts";
import type { WritingSettings } from "../settings.ts";
import type { Watch } from "./watch.ts";

/** Characters a second. */
const PACE = 22;

/** Seconds in which a text is finished when a newer one waits. */
const HURRY = 1;

/** Characters to ask for at a time, and the number of those left at which more are asked for. */
const CHUNK = 32;
const FEW = 16;

/** Characters that appear at once where the visitor wants no motion. */
const WHOLE = 320;

/** Characters between two updates for screen readers. */
const SETTLE_EVERY = 200;

const byId = partsOf("text");

/** Characters that wait to be played. */
interface Waiting {
  readonly thought: Thought;
  readonly prompt: number;
  /** Whether a new text begins with it. */
  readonly begins: boolean;
  next: number;
}

export class Stage {
  /** The writing settings of the moment. */
  readonly #settings: () => WritingSettings;
  readonly #watch: Watch;
  readonly #onError: (error: unknown) => void;
  readonly #button = byId<HTMLButtonElement>("pause");
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");
  #mind: Mind | undefined;
  /** Whether the model goes on by itself when its text is played. */
  #endless = false;
  #queue: Waiting[] = [];
  /** Whether the model has begun a text, with which it can go on. */
  #begun = false;
  /** The number of the text that is asked for. */
  #text = 0;
  #asking = false;
  #shown = false;
  #paused = false;
  /** Whether a whole text has appeared, for a visitor who wants no motion; it rests until asked to go on. */
  #rests = false;
  #frame = 0;
  #last = 0;
  #due = 0;
  #sinceSettled = 0;

  constructor(watch: Watch, settings: () => WritingSettings, onError: (error: unknown) => void) {
    this.#watch = watch;
    this.#settings = settings;
    this.#onError = onError;
    this.#button.addEventListener("click", () => {
      this.#paused = !this.#paused && !this.#rests;
      this.#rests = false;
      this.#run();
    });
  }

  /** Writes with this model from now on. */
  use(mind: Mind | undefined): void {
    if (mind === this.#mind) return;
    this.#mind = mind;
    this.#queue = [];
    this.#begun = false;
    this.#asking = false;
    this.#paused = false;
    this.#rests = false;
  }

  /** Whether the model may write on by itself. */
  set endless(endless: boolean) {
    this.#endless = endless;
    this.#run();
  }

  /** Begins a text with the visitor's prompt. */
  async begin(): Promise<void> {
    this.#queue = [];
    this.#paused = false;
    this.#rests = false;
    this.#asking = false;
    const asked = this.#ask(this.#settings().prompt);
    this.#run();
    await asked;
  }

  /** Plays a text that was written already. @param prompt Its first characters, which are the visitor's */
  play(thought: Thought, prompt: number): void {
    this.#text++;
    this.#begun = true;
    this.#asking = false;
    this.#rests = false;
    // Of several that wait, only the newest is of interest.
    this.#queue = this.#queue.filter(({ begins, next }) => !begins || next > 0);
    this.#queue.push({ thought, prompt, begins: true, next: 0 });
    this.#run();
  }

  /** Called when the view is shown or hidden. */
  set shown(shown: boolean) {
    this.#shown = shown;
    this.#run();
  }

  #run(): void {
    const isStill = this.#paused || this.#rests;
    setText(this.#button, isStill ? "Write on" : "Pause writing");
    this.#button.disabled = !this.#mind;
    const runs = this.#shown && !isStill && this.#mind !== undefined;
    if (runs === (this.#frame !== 0)) return;
    if (!runs) {
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
      this.#watch.settle();
    } else {
      this.#last = performance.now();
      this.#frame = requestAnimationFrame((now) => this.#tick(now));
    }
  }

  #tick(now: number): void {
    this.#frame = requestAnimationFrame((next) => this.#tick(next));
    const left = this.#left;
    const isNewer = this.#queue.some(({ begins }, i) => begins && i > 0);
    const pace = isNewer ? Math.max(PACE, left / HURRY) : PACE;
    // A tab that was hidden does not catch up.
    this.#due += (Math.min(100, Math.max(0, now - this.#last)) / 1000) * pace;
    this.#last = now;
    const isStill = this.#still.matches;
    const characters = isStill ? left : Math.min(left, Math.floor(this.#due));
    this.#due = left === 0 ? 0 : this.#due - Math.floor(this.#due);
    if (characters > 0) this.#play(characters);
    if (isStill && characters > 0 && this.#endless) {
      this.#rests = true;
      this.#run();
    } else if (this.#endless && this.#left < FEW)
      void this.#ask(this.#begun ? undefined : this.#settings().prompt);
  }

  get #left(): number {
    return this.#queue.reduce((sum, { thought, next }) => sum + thought.characters.length - next, 0);
  }

  #play(characters: number): void {
    let left = characters;
    for (let [first] = this.#queue; first && left > 0; [first] = this.#queue) {
      const { thought, prompt, next, begins } = first;
      if (begins && next === 0) this.#watch.clear();
      const to = Math.min(thought.characters.length, next + left);
      this.#watch.add(thought, next, to, prompt);
      left -= to - next;
      first.next = to;
      if (to === thought.characters.length) this.#queue.shift();
    }
    this.#sinceSettled += characters;
    if (this.#sinceSettled < SETTLE_EVERY) return;
    this.#sinceSettled = 0;
    this.#watch.settle();
  }

  async #ask(prompt: string | undefined): Promise<void> {
    const mind = this.#mind;
    if (!mind || this.#asking) return;
    this.#asking = true;
    if (prompt !== undefined) this.#text++;
    const text = this.#text;
    const isCurrent = () => mind === this.#mind && text === this.#text;
    const { temperature } = this.#settings();
    try {
      const length = this.#still.matches ? WHOLE : CHUNK;
      const thought = await mind.think({ prompt, length, temperature });
      if (!isCurrent()) return;
      this.#begun = true;
      const begins = prompt !== undefined;
      this.#queue.push({ thought, begins, next: 0, prompt: begins ? [...(prompt || "\n")].length : 0 });
    } catch (error) {
      if (isCurrent()) {
        this.#endless = false;
        this.#onError(error);
      }
    } finally {
      if (isCurrent()) this.#asking = false;
    }
  }
}
