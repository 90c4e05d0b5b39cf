/** One picture of a whole study, for a file. */
import { svg, text } from "../svg/svg.ts";
import type { Area, Palette, Picture } from "./plot-parts.ts";
import { curvesPlot, historyPlot, importancePlot, parallelPlot, parametersOf, slicePlots } from "./plots.ts";

/** Mixes two colours of three bytes. */
function mixed(from: readonly number[], to: readonly number[], share: number): string {
  const bytes = from.map((byte, i) => Math.round(byte + share * (to[i]! - byte)));
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

// Okabe and Ito's colours: people with any kind of colour vision can distinguish them.
const FILE: Palette = {
  ink: "#222222",
  soft: "#6b6b6b",
  grid: "#e4e4e4",
  trial: "#0072b2",
  best: "#d55e00",
  defaults: "#009e73",
  pruned: "#999999",
  shade: (share) => mixed([0, 82, 130], [205, 222, 233], Math.min(Math.max(share, 0), 1)),
};

/** What the picture is headed by, besides the study. */
export interface Heading {
  readonly title: string;
  readonly summary: string;
  /** The objective in words. */
  readonly value: string;
}

/** History, curves, parallel coordinates, importances and slices of a study, 1080 wide. */
export function studyReport(picture: Picture, shares: ReadonlyMap<string, number>, heading: Heading): string {
  const parts: readonly [title: string, height: number, draw: (area: Area) => string, note: string][] = [
    [
      "History",
      200,
      (area) => historyPlot(area, picture, FILE),
      `${heading.value} of each complete trial, by its number; the line is the best so far`,
    ],
    [
      "Curves",
      220,
      (area) => curvesPlot(area, picture, FILE),
      "what trials have reported, by epoch; grey ones with a bar were pruned",
    ],
    [
      "Parallel coordinates",
      260,
      (area) => parallelPlot(area, picture, FILE),
      "a line for each complete trial, the better the darker; the best is orange, the defaults are green",
    ],
    [
      "Importances",
      Math.max(30 * shares.size, 30),
      (area) => importancePlot(area, shares, FILE),
      "by PED-ANOVA: how differently the best tenth of the trials is spread; of little meaning below 50 complete trials",
    ],
    [
      "Slices",
      Math.max(Math.ceil(parametersOf(picture.trials) / 3), 1) * 230,
      (area) => slicePlots(area, picture, FILE),
      "the value against each parameter",
    ],
  ];
  let body = text(70, 36, heading.title, { size: 20, bold: true }, { fill: FILE.ink });
  body += text(70, 58, heading.summary, { size: 13 }, { fill: FILE.soft });
  let top = 100;
  for (const [title, height, draw, note] of parts) {
    body += text(70, top, title, { size: 14, bold: true }, { fill: FILE.ink });
    body += text(70, top + 17, note, {}, { fill: FILE.soft });
    const area = { left: 70, top: top + 56, width: 940, height };
    body += draw(area);
    top += height + 110;
  }
  return svg(1080, top - 20, heading.title, body, { background: { fill: "#ffffff" } });
}
