/** Writes text character by character, and keeps what every unit does meanwhile. */
import { type Device, data, type Generator } from "webgpu-lstm";
import type { TextModel } from "./model.ts";
import { SIGNALS, type Thought } from "./signals.ts";
import { type StepAnswer, WatchedStep } from "./watched-step.ts";

/** How a {@link Thinker} chooses each character. */
export interface ThinkingOptions extends data.SampleOptions {
  /** Characters to write. */
  readonly length: number;
  readonly generator: Generator;
  /** Stops the writing before the next character, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The characters of a thought, and the answers to them. */
interface Read {
  readonly characters: string[];
  readonly answers: StepAnswer[];
}

export class Thinker {
  readonly #model: TextModel;
  readonly #vocabulary: data.Vocabulary;
  readonly #step: WatchedStep;
  /** The logits after the character that was read last. */
  #logits: Float32Array | undefined;
  /** Settles when the current text is written: only one at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(model: TextModel, vocabulary: data.Vocabulary, step: WatchedStep) {
    this.#model = model;
    this.#vocabulary = vocabulary;
    this.#step = step;
  }

  /** It uses the weights of the moment. */
  static async open(device: Device, model: TextModel, vocabulary: data.Vocabulary): Promise<Thinker> {
    return new Thinker(model, vocabulary, await WatchedStep.open(device, model));
  }

  /** Begins a text with `prompt`, which must not be empty. The thought has the prompt's characters and those that follow. */
  compose(prompt: string, options: ThinkingOptions): Promise<Thought> {
    return this.#inTurn(async () => {
      this.#step.reset();
      const characters = [...prompt];
      const ids = characters.map((character) => this.#vocabulary.encode([character]));
      // They are known, so none waits for the answer to the one before.
      const answers = await Promise.all(ids.map((id) => this.#step.read(id)));
      this.#logits = answers.at(-1)!.logits;
      return this.#write({ characters, answers }, options);
    });
  }

  /** Goes on with the text. */
  goOn(options: ThinkingOptions): Promise<Thought> {
    return this.#inTurn(() => this.#write({ characters: [], answers: [] }, options));
  }

  dispose(): void {
    this.#step.dispose();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Adds characters to those that were read. */
  async #write({ characters, answers }: Read, options: ThinkingOptions): Promise<Thought> {
    const { length, signal, ...sampling } = options;
    if (!this.#logits) throw new Error("Thinker: a text begins with compose");
    for (let i = 0; i < length; i++) {
      signal?.throwIfAborted();
      const next = data.sample(this.#logits, sampling);
      const answer = await this.#step.read([next]);
      this.#logits = answer.logits;
      characters.push(this.#vocabulary.tokens[next]!);
      answers.push(answer);
    }
    const { kind } = this.#model;
    const { units } = this.#step;
    const signals = new Float32Array(answers.length * SIGNALS[kind].length * units);
    for (const [i, answer] of answers.entries()) signals.set(answer.signals, i * answer.signals.length);
    return { characters, signals, cell: kind, units };
  }
}
