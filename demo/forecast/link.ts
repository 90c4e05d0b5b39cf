/** Writes the chosen series and settings into the page's address and reads them back; defaults are left out. */
import type { BuiltIn, Series } from "../../tasks/series/series.ts";
import type { Settings } from "../../tasks/series/settings.ts";
import type { LinkSettings, Settings as Written } from "../shell/address.ts";
import { CHOICES } from "./settings.ts";

/** The series that a link can name; the first is where the view begins. */
export const LINKED: readonly BuiltIn[] = ["seattle", "co2", "sp500", "sine"];

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

/** `{ series: "co2", hidden: 64 }`; empty for a series that only this page has. */
export function linkOf(series: Series, settings: Settings): Written {
  if (series.id === "csv" || series.id === "drawn") return {};
  const preset = presetNear(series, settings.horizon);
  const changed = (Object.keys(NAMES) as (keyof Settings)[]).filter(
    (name) => name === "horizon" || settings[name] !== preset[name],
  );
  const usual = series.presets[0].settings.horizon;
  return {
    series: series.id === LINKED[0] ? undefined : series.id,
    ...Object.fromEntries(changed.map((name) => [NAMES[name], settings[name]])),
    horizon: settings.horizon === usual ? undefined : settings.horizon,
  };
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

/** The preset for a horizon, or the first one. */
function presetNear({ presets }: Series, horizon: number): Settings {
  return (presets.find(({ settings }) => settings.horizon === horizon) ?? presets[0]).settings;
}
