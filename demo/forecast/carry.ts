/** Takes the settings that a visitor has chosen along to another series. */
import type { Series } from "../../tasks/series/series.ts";
import { type Settings, WHOLE } from "../../tasks/series/settings.ts";
import { brief } from "../shell/format.ts";
import { stepCount } from "./format.ts";
import { usualOf } from "./link.ts";

export interface Carried {
  readonly settings: Settings;
  /** What stays and what does not, for the visitor; empty if nothing was chosen. */
  readonly note: string;
}

/** How a setting reads in a sentence. */
const WORDS: { readonly [Name in keyof Settings]: (value: Settings[Name], series: Series) => string } = {
  window: (steps, series) => `window ${stepCount(series, steps)}`,
  horizon: (steps, series) => `horizon ${stepCount(series, steps)}`,
  goal: (goal) => (goal === "level" ? "forecast of the value" : "forecast of the change"),
  cell: (cell) => `cell ${cell}`,
  hiddenSize: (size) => `hidden size ${size}`,
  numLayers: (layers) => `layers ${layers}`,
  learningRate: (rate) => `learning rate ${brief(rate)}`,
  batchSize: (size) => `batch size ${size === WHOLE ? "all at once" : size}`,
  epochs: (epochs) => `epochs ${epochs}`,
};

/** Settings of which each series has choices of its own. */
const LENGTHS = ["window", "horizon"] as const;

/** The settings of a series' first preset, with those that were chosen for the series before as far as they fit. */
export function carry(before: Series, chosen: Settings, series: Series): Carried {
  const usual = usualOf(before, chosen.horizon);
  const preset = series.presets[0].settings;
  const changed = (Object.keys(WORDS) as (keyof Settings)[]).filter((name) => chosen[name] !== usual[name]);
  const reset = LENGTHS.filter(
    (name) => changed.includes(name) && !series[`${name}s`].includes(chosen[name]),
  );
  const kept = changed.filter((name) => !reset.some((other) => other === name));
  const words = <Name extends keyof Settings>(name: Name) => WORDS[name](chosen[name], series);
  const sentences = reset.map(
    (name) =>
      `The ${name} of ${stepCount(before, chosen[name])} does not fit here; it is ${stepCount(series, preset[name])} now.`,
  );
  if (kept.length > 0) sentences.unshift(`Your settings stay: ${kept.map(words).join(", ")}.`);
  return {
    settings: { ...preset, ...Object.fromEntries(kept.map((name) => [name, chosen[name]])) },
    note: sentences.join(" "),
  };
}
