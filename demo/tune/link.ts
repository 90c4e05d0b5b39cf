/** The choices of the Tune view, and the way from and to a page's address, which leaves the usual ones out. */
import { BUILT_IN, type Series } from "../../tasks/series/series.ts";
import { type LinkSettings, type Settings, unusual } from "../shell/address.ts";
import { CELL_KINDS, endsOf, isSearched, NAMES, RANGED, type Space, usualSpace } from "./space.ts";

export const TRIALS = [5, 10, 20, 40, 80, 160];
export const EPOCHS = [2, 3, 5, 10, 20, 30, 60];

/** The extent of a search at first. */
export const USUAL = { trials: 20, epochs: 10 };

/** What a visitor can choose for a series; how many trials run at a time depends on the machine. */
export interface Choices {
  /** The name of a preset. */
  readonly preset: string;
  readonly trials: number;
  readonly epochs: number;
  readonly space: Space;
}

export function usualChoices(series: Series, preset = series.presets[0].name): Choices {
  const { settings } = series.presets.find(({ name }) => name === preset) ?? series.presets[0];
  return { ...USUAL, preset, space: usualSpace(series, settings) };
}

/** `{ series: "co2", trials: 40, hidden: "8-128" }` */
export function linkOf(series: Series, choices: Choices): Settings {
  const usual = usualChoices(series, choices.preset);
  const preset = series.presets[0].name;
  return unusual(written(series.id, choices), written(BUILT_IN[0], { ...usual, preset }));
}

function written(series: Series["id"], { preset, trials, epochs, space }: Choices): Settings {
  const ranges = RANGED.map((name) => [NAMES[name], space.ranges[name].join("-")]);
  return { series, preset, trials, epochs, cells: space.cells.join("-"), ...Object.fromEntries(ranges) };
}

/** The choices of a link; the usual one where it has none or a bad one. */
export function choicesOfLink(link: LinkSettings, series: Series): Choices {
  const names = series.presets.map(({ name }) => name);
  const usual = usualChoices(series, link.choice("preset", names));
  const base = series.presets.find(({ name }) => name === usual.preset)!.settings;
  const ranges = RANGED.filter((name) => isSearched(name, base)).map((name) => {
    const { low, high } = endsOf(name, series, base);
    const range = link.read(NAMES[name], (text) => {
      const [from, to, ...more] = text.split("-").map(Number);
      return more.length === 0 && low.includes(from!) && high.includes(to!) ? [from, to] : undefined;
    });
    return [name, range ?? usual.space.ranges[name]];
  });
  const cells = link.read("cells", (text) => {
    const named = text.split("-");
    const known = CELL_KINDS.filter((cell) => named.includes(cell));
    return known.length === named.length && known.includes(base.cell) ? known : undefined;
  });
  return {
    preset: usual.preset,
    trials: link.choice("trials", TRIALS) ?? usual.trials,
    epochs: link.choice("epochs", EPOCHS) ?? usual.epochs,
    space: {
      cells: cells ?? usual.space.cells,
      ranges: { ...usual.space.ranges, ...Object.fromEntries(ranges) },
    },
  };
}
