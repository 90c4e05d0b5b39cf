/** A series that can be forecast: its numbers, how a model is to take them, and how it is spoken of. Plain JSON, for the worker. */
import type { data } from "webgpu-lstm";
import type { Settings } from "./settings.ts";

export type SeriesId = "seattle" | "co2" | "sp500" | "sine" | "csv";

/** Settings with a name; the first one of a series is where it begins. */
interface Preset {
  readonly name: string;
  readonly settings: Settings;
}

/** A further input column; what it will be is not known ahead. */
interface Column {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Series {
  readonly id: SeriesId;
  /** "Seattle's weather" */
  readonly title: string;
  /** One sentence on what is forecast from what. */
  readonly about: string;
  /** Where the numbers are from. */
  readonly credit: string;
  /** What a reader has to know before believing a good result; empty if nothing. */
  readonly caution: string;
  /** What the numbers are: "maximum temperature". */
  readonly quantity: string;
  /** " °C", with its space; empty for none. */
  readonly unit: string;
  /** Decimals in which values and errors are given. */
  readonly digits: number;
  /** Name of a time step: day, month. */
  readonly step: string;
  /** When each step is, ms since 1970; null where the steps have no dates. */
  readonly times: readonly number[] | null;

  /** What is forecast. */
  readonly values: readonly number[];
  readonly columns: readonly Column[];
  /** Calendar features that are inputs too: they are known ahead. Only with {@link times}. */
  readonly calendar: readonly data.CalendarFeature[];
  /** Steps of a season; null for none. */
  readonly period: number | null;
  /** Whether it grows or falls in the long run: what its baselines are. */
  readonly trend: boolean;
  /** Whether the model is given the logarithm: changes are returns then. */
  readonly log: boolean;
  /** Whether columns are scaled by the training part to mean 0 and deviation 1. */
  readonly scaled: boolean;
  /** Whether batches are drawn in a new random order in every epoch. */
  readonly shuffle: boolean;
  readonly weightDecay: number;
  /** The last steps, never trained on, and those before them, which choose the epoch whose weights are kept. */
  readonly test: number;
  readonly validation: number;

  /** What the window, the horizon and the roll-out may be, in steps. */
  readonly windows: readonly number[];
  readonly horizons: readonly number[];
  readonly rollOuts: readonly number[];
  readonly presets: readonly [Preset, ...Preset[]];
}
