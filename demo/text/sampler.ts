/** What the model writes: at every report of its training, and when it is asked to. */
import { type Callback, type CallbackState, type FitRun, Generator } from "webgpu-lstm";
import type { Writer } from "../../tasks/characters/writer.ts";
import { STEPS_PER_REPORT, WRITTEN_AT_REPORT, WRITTEN_ON_DEMAND, type WritingSettings } from "./settings.ts";

/** Something that the model has written. */
export interface Sample extends WritingSettings {
  /** Training steps before it. */
  readonly step: number;
  /** Whether the visitor asked for it. */
  readonly asked: boolean;
  /** What follows the prompt. */
  readonly text: string;
}

/** Writes after every epoch, as a callback of `fit`. Its samples are part of a checkpoint. */
export class Sampler implements Callback {
  readonly name = "samples";
  readonly #writer: Writer;
  readonly #generator = new Generator(0);
  readonly #stop = new AbortController();
  #samples: Sample[] = [];
  #step = 0;
  /** Settles when what is being written is: one text at a time. */
  #writing: Promise<unknown> = Promise.resolve();
  /** How it writes; holds from the next text on. */
  settings: WritingSettings;

  constructor(writer: Writer, settings: WritingSettings) {
    this.#writer = writer;
    this.settings = settings;
  }

  /** The samples from number `first` on, in the order in which they were written. */
  samples(first: number): readonly Sample[] {
    return this.#samples.slice(first);
  }

  /** Writes now. */
  async ask(settings: WritingSettings): Promise<void> {
    this.settings = settings;
    await this.#write(WRITTEN_ON_DEMAND, true);
  }

  /** Ends what is being written at training's behest: its end is not to wait for it. */
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
    const turn = this.#writing.then(async () => {
      const { settings } = this;
      const step = this.#step;
      const { prompt, temperature } = settings;
      // Without a prompt it begins a paragraph.
      const options = { length, temperature, generator: this.#generator, ...(signal && { signal }) };
      const text = await this.#writer.write(prompt || "\n", options);
      this.#samples.push({ step, asked, text, prompt, temperature });
    });
    this.#writing = turn.catch(() => {});
    await turn;
  }
}
