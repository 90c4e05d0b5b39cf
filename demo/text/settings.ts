/** The choices of the visitor, the worker's configuration as plain data, and the checks of a text. */
import type { CellKind } from "../../tasks/series/cells.ts";

/** The source of the text. */
export type Source =
  /** Chapters of Moby-Dick, the first and the last one, from 1. */
  | { readonly kind: "moby-dick"; readonly from: number; readonly to: number }
  | { readonly kind: "own"; readonly text: string };

/** The settings of the model and of its training. */
export interface ModelSettings {
  readonly cell: CellKind;
  readonly hiddenSize: number;
  readonly numLayers: number;
  /** Characters that gradients go back. */
  readonly length: number;
  /** Tracks of the text that are read side by side. */
  readonly batchSize: number;
  readonly learningRate: number;
  /** Training steps: a multiple of {@link STEPS_PER_REPORT}. */
  readonly steps: number;
}

/** The settings of writing, which can change during training. */
export interface WritingSettings {
  readonly prompt: string;
  readonly temperature: number;
}

/** The configuration of the worker's run. */
export interface TextConfig {
  readonly source: Source;
  readonly settings: ModelSettings;
  readonly writing: WritingSettings;
}

/** The name of the learning-rate schedule in the worker. */
export const ONE_CYCLE = "oneCycle";

/** The number of chapters of Moby-Dick. */
export const CHAPTERS = 135;

/** Steps between two reports; at each, the held-out loss is measured and the model writes. */
export const STEPS_PER_REPORT = 50;

/** Characters that the model writes at a report. */
export const WRITTEN_AT_REPORT = 160;

/** Characters that the model writes on request. */
export const WRITTEN_ON_DEMAND = 400;

/** The values of the sliders. */
export const CHOICES = {
  hiddenSize: [16, 32, 48, 64, 96, 128, 192, 256],
  numLayers: [1, 2, 3],
  length: [8, 16, 32, 48, 64, 96, 128],
  batchSize: [4, 8, 16, 32, 64],
  learningRate: [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03],
  steps: [100, 200, 400, 600, 1000, 1500, 2000, 4000],
} as const;

export type SliderName = keyof typeof CHOICES;

/**
 * Settings for a software adapter: a model that writes words after some minutes. To get below a 5-gram takes more arithmetic than such an
 * adapter does in that time; training/expected.ts says so before it starts.
 */
export const DEFAULTS: TextConfig = {
  source: { kind: "moby-dick", from: 1, to: CHAPTERS },
  settings: {
    cell: "GRU",
    hiddenSize: 64,
    numLayers: 1,
    length: 64,
    batchSize: 16,
    learningRate: 0.02,
    steps: 1500,
  },
  writing: { prompt: "The whale ", temperature: 0.5 },
};

/** Settings for a GPU, with which the model gets below a 5-gram that has counted the same text. */
export const ON_HARDWARE: TextConfig = {
  ...DEFAULTS,
  settings: {
    cell: "LSTM",
    hiddenSize: 256,
    numLayers: 1,
    length: 64,
    batchSize: 32,
    learningRate: 0.005,
    steps: 4000,
  },
};

/** The unit that colours the text at first: in the shipped model, one that marks where words begin. */
export const FIRST_UNIT = 9;

/** The smallest and the largest text, in characters. */
export const SHORTEST = 2000;
export const LONGEST = 1_000_000;

/** The held-out share of the text, and its maximum in characters, since it is measured at every report. */
const HELD_OUT = 0.1;
const MOST_HELD_OUT = 20_000;

/** The share of a text of so many characters that is held out. */
export function heldOutShare(characters: number): number {
  return Math.min(HELD_OUT, MOST_HELD_OUT / characters);
}

/** Characters as a reader counts them: code points. */
export function characterCount(text: string): number {
  let pairs = 0;
  for (let i = 1; i < text.length; i++) {
    const low = (text.charCodeAt(i) & 0xfc00) === 0xdc00;
    if (low && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) pairs++;
  }
  return text.length - pairs;
}

/** Why a text cannot be trained on with these settings; undefined if it can. */
export function textProblem(
  text: string,
  { batchSize, length }: Pick<ModelSettings, "batchSize" | "length">,
): { readonly title: string; readonly advice: string } | undefined {
  const characters = characterCount(text);
  const has = `It has ${characters.toLocaleString("en-US")}.`;
  if (characters > LONGEST) {
    return {
      title: "The text is too long",
      advice: `It may have up to ${LONGEST.toLocaleString("en-US")} characters. ${has} Paste a part of it.`,
    };
  }
  if (characters < SHORTEST) {
    return {
      title: "The text is too short",
      advice: `A model needs at least ${SHORTEST.toLocaleString("en-US")} characters to learn from. ${has} Paste a longer one.`,
    };
  }
  // The training part must fill one window of every track, and have one more character.
  const wanted = batchSize * length + 1;
  const share = heldOutShare(characters);
  if (Math.round(characters * (1 - share)) < wanted) {
    const needed = Math.ceil(wanted / (1 - HELD_OUT)) + 1;
    return {
      title: "The text is too short for these settings",
      advice:
        `${batchSize} tracks of ${length} characters need a text of at least ${needed.toLocaleString("en-US")} characters. ${has} ` +
        "Choose a smaller batch or sequence length, or paste a longer text.",
    };
  }
  return undefined;
}
