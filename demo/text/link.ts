/** Writes the Text view's choices into a page's address and reads them back; defaults and pasted texts are left out. */
import type { CellKind } from "../../tasks/series/cells.ts";
import { type LinkSettings, type Settings, unusual } from "../shell/address.ts";
import { CHAPTERS, CHOICES, type ModelSettings, type SliderName, type TextConfig } from "./settings.ts";

/** What a visitor can choose. */
export interface Choices extends TextConfig {
  /** The unit that colours the text, from 0. */
  readonly unit: number;
}

/** The settings' names in an address. */
const NAMES: Readonly<Record<SliderName, string>> = {
  hiddenSize: "hidden",
  numLayers: "layers",
  length: "length",
  batchSize: "batch",
  learningRate: "lr",
  steps: "steps",
};
const SLIDERS = Object.keys(NAMES) as SliderName[];
const KINDS: readonly CellKind[] = ["GRU", "LSTM", "RNN"];

const LONGEST_PROMPT = 200;

export function linkOf(choices: Choices, usual: Choices): Settings {
  return unusual(written(choices), written(usual));
}

function written({ source, settings, writing, unit }: Choices): Settings {
  return {
    chapters: source.kind === "own" ? undefined : `${source.from}-${source.to}`,
    cell: settings.cell,
    ...Object.fromEntries(SLIDERS.map((name) => [NAMES[name], settings[name]])),
    prompt: writing.prompt,
    temperature: writing.temperature,
    unit: unit + 1,
  };
}

/** The choices of a link; the usual one where it has none or a bad one. */
export function choicesOfLink(link: LinkSettings, usual: Choices): Choices {
  const source = link.read("chapters", (text) => {
    const [from, to, ...more] = text.split("-").map(Number);
    const isChapter = (n: number | undefined) => Number.isInteger(n) && n! >= 1 && n! <= CHAPTERS;
    if (more.length > 0 || !isChapter(from) || !isChapter(to) || from! > to!) return undefined;
    return { kind: "moby-dick", from: from!, to: to! } as const;
  });
  const settings: ModelSettings = {
    cell: link.choice("cell", KINDS) ?? usual.settings.cell,
    ...(Object.fromEntries(
      SLIDERS.map((name) => [name, link.choice<number>(NAMES[name], CHOICES[name]) ?? usual.settings[name]]),
    ) as Record<SliderName, number>),
  };
  const prompt = link.read("prompt", (text) => (text.length <= LONGEST_PROMPT ? text : undefined));
  const unit = link.read("unit", (text) => (/^[1-9]\d{0,2}$/.test(text) ? Number(text) - 1 : undefined));
  return {
    source: source ?? usual.source,
    settings,
    writing: {
      prompt: prompt ?? usual.writing.prompt,
      temperature: link.number("temperature", 0, 1.5) ?? usual.writing.temperature,
    },
    unit: unit ?? usual.unit,
  };
}
