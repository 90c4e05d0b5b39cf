/** What the page can ask of a model in a worker, whether it is being trained or was shipped. */
import { type Device, type data, Generator } from "webgpu-lstm";
import type { RemoteTrainer } from "webgpu-lstm/worker";
import type { Firing } from "./firing.ts";
import type { TextModel } from "./model.ts";
import { Reading } from "./reading.ts";
import type { Thought } from "./signals.ts";
import type { Thinker } from "./thinker.ts";

/** How to write. */
export interface Composing {
  /** What the text begins with; none to go on with the last one. */
  readonly prompt?: string | undefined;
  readonly length: number;
  readonly temperature: number;
}

interface Parts {
  readonly device: Device;
  readonly model: TextModel;
  readonly vocabulary: data.Vocabulary;
  readonly thinker: Thinker;
  readonly heldOut: Int32Array;
  /** The training steps of the model so far. */
  steps(): number;
}

/** The worker's actions. */
export function mindActions({ device, model, vocabulary, thinker, heldOut, steps }: Parts) {
  // Not the samples' generator: a resumed run writes the same samples however much was written between.
  const generator = new Generator(1);
  let reading: { readonly steps: number; readonly done: Promise<Reading> } | undefined;
  return {
    think: ({ prompt, length, temperature }: Composing): Promise<Thought> => {
      const options = { length, temperature, generator };
      return prompt === undefined ? thinker.goOn(options) : thinker.compose(prompt || "\n", options);
    },
    firing: async (unit: number): Promise<Firing> => {
      if (reading?.steps !== steps()) {
        reading = { steps: steps(), done: Reading.of(device, model, vocabulary, heldOut) };
        // A reading that failed is tried again.
        reading.done.catch(() => {
          reading = undefined;
        });
      }
      return (await reading.done).firing(unit);
    },
    vocabulary: () => vocabulary.toJSON(),
  };
}

/** The page's side of them. */
export class Mind {
  readonly trainer: RemoteTrainer;

  constructor(trainer: RemoteTrainer) {
    this.trainer = trainer;
  }

  think(composing: Composing): Promise<Thought> {
    return this.trainer.call("think", composing);
  }

  firing(unit: number): Promise<Firing> {
    return this.trainer.call("firing", unit);
  }

  vocabulary(): Promise<data.VocabularyJSON> {
    return this.trainer.call("vocabulary");
  }
}
