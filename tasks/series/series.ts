/** A series to forecast: its numbers, how a model reads them, and how to describe it. Plain JSON, so that a worker can receive it. */
import type { data } from "webgpu-lstm";
import type { Settings } from "./settings.ts";

/** The series that come with the page; views begin with the first. */
export const BUILT_IN = ["seattle", "co2", "sp500", "sine"] as const;

export type BuiltIn = (typeof BUILT_IN)[number];

/** Whether a series comes with the page; others are the visitor's. */
export function isBuiltIn(id: Series["id"]): id is BuiltIn {
  return (BUILT_IN as readonly string[]).includes(id);
}

/** Settings with a name; the first preset of a series is its default. */
interface Preset {
  readonly name: string;
  readonly settings: Settings;
}

/** A further input column; its future values are not known. */
interface Column {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Series {
  readonly id: BuiltIn | "csv" | "drawn";
  /** "Seattle's weather" */
  readonly title: string;
  /** One sentence that says what is forecast from what. */
  readonly about: string;
  /** The source of the numbers. */
  readonly credit: string;
  /** A warning about good results; empty if there is none. */
  readonly caution: string;
  /** The name of the quantity: "maximum temperature". */
  readonly quantity: string;
  /** " °C", with its space; empty for none. */
  readonly unit: string;
  /** The number of decimals of values and errors. */
  readonly digits: number;
  /** Name of a time step: day, month. */
  readonly step: string;
  /** The time of each step, ms since 1970; null if the steps have no dates. */
  readonly times: readonly number[] | null;

  /** The values to forecast. */
  readonly values: readonly number[];
  readonly columns: readonly Column[];
  /** Calendar features that are inputs too, since they are known ahead. They need {@link times}. */
  readonly calendar: readonly data.CalendarFeature[];
  /** Steps of a season; null for none. */
  readonly period: number | null;
  /** Whether the series grows or falls in the long run, which decides its baselines. */
  readonly trend: boolean;
  /** Whether the model reads logarithms; changes are then returns. */
  readonly log: boolean;
  /** Whether columns are scaled by the training part to mean 0 and deviation 1. */
  readonly scaled: boolean;
  /** Whether each epoch shuffles the batches. */
  readonly shuffle: boolean;
  readonly weightDecay: number;
  /** The number of test steps at the end, and of validation steps before them, which choose the best epoch. */
  readonly test: number;
  readonly validation: number;

  /** The choices for window, horizon and roll-out, in steps. */
  readonly windows: readonly number[];
  readonly horizons: readonly number[];
  readonly rollOuts: readonly number[];
  readonly presets: readonly [Preset, ...Preset[]];
}
