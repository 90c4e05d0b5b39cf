/** What the visitor may choose, and what the worker is given: plain data, and the text's own checks. */
import type { CellKind } from "../../tasks/series/cells.ts";

/** Where the text comes from. */
export type Source =
  /** Chapters of Moby-Dick, the first and the last one, from 1. */
  | { readonly kind: "moby-dick"; readonly from: number; readonly to: number }
  | { readonly kind: "own"; readonly text: string };

/** The model and how it is trained. */
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

/** How the model writes; may be changed while it trains. */
export interface WritingSettings {
  readonly prompt: string;
  readonly temperature: number;
}

/** What the worker makes a run of. */
export interface TextConfig {
  readonly source: Source;
  readonly settings: ModelSettings;
  readonly writing: WritingSettings;
}

/** Chapters of Moby-Dick. */
export const CHAPTERS = 135;

/** After this many steps the held-out text is measured, and the model writes. */
export const STEPS_PER_REPORT = 50;

/** Characters that the model writes at a report. */
export const WRITTEN_AT_REPORT = 160;

/** Characters that it writes when asked to. */
export const WRITTEN_ON_DEMAND = 400;

/** Sliders walk over these. */
export const CHOICES = {
  hiddenSize: [16, 32, 48, 64, 96, 128, 192, 256],
  numLayers: [1, 2, 3],
  length: [8, 16, 32, 48, 64, 96, 128],
  batchSize: [4, 8, 16, 32, 64],
  learningRate: [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03],
  steps: [100, 200, 400, 600, 1000, 2000, 4000],
} as const;

export type SliderName = keyof typeof CHOICES;

/** A minute on a processor, with the GPU's work done in software, shows what there is to see. */
export const DEFAULTS: TextConfig = {
  source: { kind: "moby-dick", from: 1, to: 10 },
  settings: {
    cell: "GRU",
    hiddenSize: 64,
    numLayers: 1,
    length: 32,
    batchSize: 16,
    learningRate: 0.01,
    steps: 1000,
  },
  writing: { prompt: "The whale ", temperature: 0.5 },
};

/** The smallest and the largest text, in characters. */
export const SHORTEST = 2000;
export const LONGEST = 1_000_000;

/** Share of the text that is held out, and at most this many characters: it is measured at every report. */
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

/** Why a text is not one to train on with these settings; undefined if it is. */
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
  // What is left to train on must fill one window of every track, and the character that follows it.
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
