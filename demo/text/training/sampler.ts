/** Writes samples with the model, at every report of its training and on request. */
import { type Callback, type CallbackState, type FitRun, Generator } from "webgpu-lstm";
import type { Thought } from "../model/signals.ts";
import type { Thinker } from "../model/thinker.ts";
import { STEPS_PER_REPORT, WRITTEN_AT_REPORT, WRITTEN_ON_DEMAND, type WritingSettings } from "../settings.ts";

/** A text that the model has written. */
export interface Sample extends WritingSettings {
  /** The number of training steps before it. */
  readonly step: number;
  /** Whether the visitor requested it. */
  readonly asked: boolean;
  /** The text after the prompt. */
  readonly text: string;
}

/** What the page fetches after a report. */
export interface NewSamples {
  readonly samples: readonly Sample[];
  /** The last of them with what the units did, and its prompt. */
  readonly thought: Thought | undefined;
}

/** Writes after every epoch, as a callback of `fit`. Its samples are part of a checkpoint. */
export class Sampler implements Callback {
  readonly name = "samples";
  readonly #thinker: Thinker;
  readonly #generator = new Generator(0);
  readonly #stop = new AbortController();
  #samples: Sample[] = [];
  #step = 0;
  /** The writing settings; a change applies from the next text on. */
  settings: WritingSettings;

  /** The newest sample, with its prompt; none before the first, and none of a run before a reload. */
  thought: Thought | undefined;

  constructor(thinker: Thinker, settings: WritingSettings) {
    this.#thinker = thinker;
    this.settings = settings;
  }

  /** Training steps so far. */
  get step(): number {
    return this.#step;
  }

  /** The samples from number `first` on, in the order of writing. */
  samples(first: number): readonly Sample[] {
    return this.#samples.slice(first);
  }

  /** Writes now. */
  async ask(settings: WritingSettings): Promise<void> {
    this.settings = settings;
    await this.#write(WRITTEN_ON_DEMAND, true);
  }

  /** Stops the current text of a report, so that the end of training need not wait for it. */
  hush(): void {
    this.#stop.abort();
  }

  onFitStart({ epoch }: FitRun): void {
    this.#step = (epoch - 1) * STEPS_PER_REPORT;
  }

  onBatchEnd({ epoch, batch }: FitRun): void {
    this.#step = (epoch - 1) * STEPS_PER_REPORT + batch;
  }

  async onEpochEnd(): Promise<void> {
    try {
      await this.#write(WRITTEN_AT_REPORT, false, this.#stop.signal);
    } catch (reason) {
      if (!this.#stop.signal.aborted) throw reason;
    }
  }

  state(): CallbackState {
    return { values: { samples: this.#samples, generator: this.#generator.getState() } };
  }

  setState({ values }: CallbackState): void {
    const { samples, generator } = values as {
      samples: Sample[];
      generator: ReturnType<Generator["getState"]>;
    };
    this.#generator.setState(generator);
    this.#samples = [...samples];
  }

  async #write(length: number, asked: boolean, signal?: AbortSignal): Promise<void> {
    const step = this.#step;
    const { prompt, temperature } = this.settings;
    // An empty prompt begins a paragraph.
    const start = prompt || "\n";
    const options = { length, temperature, generator: this.#generator, ...(signal && { signal }) };
    this.thought = await this.#thinker.compose(start, options);
    const text = this.thought.characters.slice([...start].length).join("");
    this.#samples.push({ step, asked, text, prompt, temperature });
  }
}
