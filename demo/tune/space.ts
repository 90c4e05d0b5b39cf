/** What a search may choose: ranges of settings, and the way from them to a trial's settings. */
import type { Params, Trial } from "webgpu-lstm/search";
import type { CellKind } from "../../tasks/series/cells.ts";
import type { Series } from "../../tasks/series/series.ts";
import { type Settings, WHOLE } from "../../tasks/series/settings.ts";

/** The settings that have a range from one number to another. */
export const RANGED = ["hiddenSize", "numLayers", "learningRate", "batchSize", "window"] as const;
export type Ranged = (typeof RANGED)[number];

/** The cells that can be searched, in the order of the form. */
export const CELL_KINDS: readonly CellKind[] = ["LSTM", "GRU", "RNN"];

/** The name of each setting in a study and in an address. */
export const NAMES = {
  hiddenSize: "hidden",
  numLayers: "layers",
  learningRate: "lr",
  batchSize: "batch",
  window: "window",
} as const satisfies Record<Ranged, string>;

type Range = readonly [low: number, high: number];

export interface Space {
  readonly cells: readonly CellKind[];
  readonly ranges: Readonly<Record<Ranged, Range>>;
}

/** The ends that ranges usually have. */
function choicesOf(name: Ranged, series: Series): readonly number[] {
  if (name === "window") return series.windows;
  return {
    hiddenSize: [4, 8, 16, 32, 48, 64, 128],
    numLayers: [1, 2, 3],
    learningRate: [0.0003, 0.001, 0.003, 0.005, 0.01, 0.03, 0.1],
    batchSize: [16, 32, 64, 128, 256],
  }[name];
}

/** The range with which a search begins; it contains the default. */
function usualRange(name: Ranged, series: Series, base: Settings): Range {
  const [low, high] = {
    hiddenSize: [8, 64],
    numLayers: [1, 2],
    learningRate: [0.001, 0.03],
    batchSize: [16, 128],
    window: [series.windows[0]!, series.windows[Math.ceil(series.windows.length / 2)]!],
  }[name] as [number, number];
  return [Math.min(low, base[name]), Math.max(high, base[name])];
}

/** What a search begins with: the default's cell and GRU, and ranges that contain the defaults. */
export function usualSpace(series: Series, base: Settings): Space {
  const ranges = Object.fromEntries(RANGED.map((name) => [name, usualRange(name, series, base)]));
  return {
    cells: CELL_KINDS.filter((cell) => cell === base.cell || cell === "GRU"),
    ranges: ranges as unknown as Space["ranges"],
  };
}

/** The values that the ends of a range can have, in order: the default lies between them. */
export function endsOf(name: Ranged, series: Series, base: Settings) {
  const own = base[name];
  const all = [...new Set([...choicesOf(name, series), own, ...usualRange(name, series, base)])];
  all.sort((a, b) => a - b);
  return { low: all.filter((value) => value <= own), high: all.filter((value) => value >= own) };
}

/** Whether a search chooses a setting; a batch of all windows stays one. */
export function isSearched(name: Ranged, base: Settings): boolean {
  return name !== "batchSize" || base.batchSize !== WHOLE;
}

/** Asks a trial for settings; what is not searched stays as it is in `base`. */
export function suggestSettings(trial: Trial, { cells, ranges }: Space, base: Settings): Settings {
  const log = { log: true };
  const int = (name: Ranged, options = {}) => trial.suggestInt(NAMES[name], ...ranges[name], options);
  return {
    ...base,
    cell: trial.suggestCategorical("cell", cells),
    hiddenSize: int("hiddenSize", log),
    numLayers: int("numLayers"),
    learningRate: trial.suggestFloat(NAMES.learningRate, ...ranges.learningRate, log),
    batchSize: isSearched("batchSize", base) ? int("batchSize", log) : base.batchSize,
    window: int("window", log),
  };
}

/** Settings as parameters of a trial. */
export function paramsOf(base: Settings): Params {
  const searched = RANGED.filter((name) => isSearched(name, base));
  return { cell: base.cell, ...Object.fromEntries(searched.map((name) => [NAMES[name], base[name]])) };
}

/** The settings of a trial that has ended. */
export function settingsOf(params: Params, base: Settings): Settings {
  const chosen = RANGED.filter((name) => NAMES[name] in params).map((name) => [name, params[NAMES[name]]]);
  return { ...base, cell: params["cell"], ...Object.fromEntries(chosen) } as Settings;
}
