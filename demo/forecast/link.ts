/** Writes the chosen series and settings into the page's address and reads them back; defaults are left out. */
import { BUILT_IN, type Series } from "../../tasks/series/series.ts";
import type { Settings } from "../../tasks/series/settings.ts";
import { type LinkSettings, unusual, type Settings as Written } from "../shell/address.ts";
import { CHOICES } from "./settings.ts";

/** Short names of settings in an address. */
const NAMES = {
  window: "window",
  horizon: "horizon",
  goal: "goal",
  cell: "cell",
  hiddenSize: "hidden",
  numLayers: "layers",
  learningRate: "lr",
  batchSize: "batch",
  epochs: "epochs",
} as const satisfies Record<keyof Settings, string>;

/**
 * `{ series: "co2", hidden: 64 }`
 * @param data The numbers of a series of the visitor's own, if the link is to have them
 */
export function linkOf(series: Series, settings: Settings, data?: string): Written {
  const usual = usualOf(series, settings.horizon);
  return unusual({ ...written(series.id, settings), data }, written(BUILT_IN[0], usual));
}

function written(series: Series["id"], settings: Settings): Written {
  const names = Object.keys(NAMES) as (keyof Settings)[];
  return { series, ...Object.fromEntries(names.map((name) => [NAMES[name], settings[name]])) };
}

/** The settings of a link; the usual one where it has none or a bad one. */
export function settingsOfLink(link: LinkSettings, series: Series): Settings {
  const horizon = link.choice(NAMES.horizon, series.horizons) ?? series.presets[0].settings.horizon;
  const usual = { ...presetNear(series, horizon), horizon };
  const whole = (name: keyof typeof CHOICES, most: number) =>
    link.choice(NAMES[name], CHOICES[name]) ??
    link.read(NAMES[name], (text) =>
      /^\d+$/.test(text) && +text >= 1 && +text <= most ? +text : undefined,
    ) ??
    usual[name];
  return {
    window: link.choice(NAMES.window, series.windows) ?? usual.window,
    horizon,
    goal: link.choice(NAMES.goal, ["level", "change"] as const) ?? usual.goal,
    cell: link.choice(NAMES.cell, ["LSTM", "GRU", "RNN"] as const) ?? usual.cell,
    hiddenSize: whole("hiddenSize", 256),
    numLayers: whole("numLayers", 4),
    learningRate: link.number(NAMES.learningRate, 1e-6, 1) ?? usual.learningRate,
    batchSize: whole("batchSize", 4096),
    epochs: whole("epochs", 1000),
  };
}

/** Takes the settings of a link for a series that is not there yet; only then it is known which of them are bad. */
export function settingsForLater(link: LinkSettings): (series: Series) => Settings {
  for (const name of Object.values(NAMES)) link.read(name, (text) => text);
  return (series) => settingsOfLink(link, series);
}

/** What settings with this horizon are compared with: the horizon's preset, and the usual horizon. */
export function usualOf(series: Series, horizon: number): Settings {
  return { ...presetNear(series, horizon), horizon: series.presets[0].settings.horizon };
}

/** The preset for a horizon, or the first one. */
function presetNear({ presets }: Series, horizon: number): Settings {
  return (presets.find(({ settings }) => settings.horizon === horizon) ?? presets[0]).settings;
}
