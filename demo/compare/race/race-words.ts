/** A race in words: its sentence, its table, its Markdown. */
import type { Column } from "../../shell/dom.ts";
import { brief, count, decimals, short } from "../../shell/format.ts";
import { markdownTable } from "../markdown.ts";
import { NAMES } from "../protocol.ts";
import { ratio } from "../ratio.ts";
import { type Race, RUNS } from "./race.ts";
import { outcomeOf, type Run, type Spread, speedOf, spreadOf } from "./race-result.ts";

/** Steps below which a ratio is a guess. */
const FEW = 5;

/** What is read of a race. */
export type Raced = Pick<Race, "choice" | "seconds" | "peer" | "adapter" | "finished">;

/** Who was how much faster, on which adapter; empty before the first run is over. */
export function verdictOf({ finished, peer, adapter }: Raced): string {
  const outcome = outcomeOf(finished);
  if (!outcome || !peer || !adapter) return "";
  const { ratio: spread, steps, seconds } = outcome;
  const [ours, theirs] = [NAMES["webgpu-lstm"], NAMES[peer]];
  const [fast, slow, times] = spread.median >= 1 ? [ours, theirs, spread] : [theirs, ours, inverse(spread)];
  const runs = finished.length === 1 ? "one run" : `${finished.length} runs`;
  const range = finished.length === 1 ? "" : `, ${ratio(times.least)} to ${ratio(times.most)}`;
  const few = steps < FEW ? " So few steps say little: choose more seconds." : "";
  const software = adapter.software ? " The adapter is software: this says little about a GPU." : "";
  return (
    `On ${adapter.name}, ${fast} trains ${ratio(times.median)} times as fast as ${slow} (${runs}${range}): for ${count(steps)} ` +
    `${steps === 1 ? "step" : "steps"} ${ours} takes ${brief(seconds.ours)} s, ${theirs} ${brief(seconds.theirs)} s.${few}${software}`
  );
}

function inverse({ median, least, most }: Spread): Spread {
  return { median: 1 / median, least: 1 / most, most: 1 / least };
}

export const RACE_COLUMNS: readonly Column[] = [
  { title: "Library" },
  { title: "steps a second", numeric: true },
  { title: "loss at the end", numeric: true },
];

/** A row for each library: medians of the runs, with the least and the largest. */
export function raceRows({ finished, peer }: Raced): readonly (readonly string[])[] {
  if (finished.length === 0 || !peer) return [];
  const row = (name: string, side: keyof Run) => {
    const curves = finished.map((run) => run[side]);
    return [
      name,
      within(curves.map(speedOf), brief),
      within(
        curves.map(({ losses }) => losses.at(-1)!),
        short,
      ),
    ];
  };
  return [row(NAMES["webgpu-lstm"], "ours"), row(NAMES[peer], "theirs")];
}

/** 12.1 (11.8–12.3) */
function within(values: readonly number[], text: (value: number) => string): string {
  const { median, least, most } = spreadOf(values);
  return values.length === 1 ? text(median) : `${text(median)} (${text(least)}–${text(most)})`;
}

/** How a race was run, for its table. */
export function raceAbout({ choice, seconds, finished }: Raced): string {
  return (
    `${choice.about}; ${finished.length} of ${RUNS} runs of ${decimals(seconds, 0)} s, in turns, from the same weights on the same batches; ` +
    "medians, with the least and the largest"
  );
}

export function raceMarkdown(race: Raced): string {
  const table = markdownTable(RACE_COLUMNS, raceRows(race));
  return `**Race**: ${raceAbout(race)}\n\n${table}\n\n${verdictOf(race)}`;
}
