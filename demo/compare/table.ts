/** The text of a comparison: the cells of its tables, and the same tables in Markdown. */
import type { Column } from "../shell/dom.ts";
import { brief, count } from "../shell/format.ts";
import { type Contest, medianOf, type Row } from "./contest.ts";
import { markdownTable } from "./markdown.ts";
import { NAMES, type Opening } from "./protocol.ts";
import { ratio } from "./ratio.ts";
import { LibraryError } from "./seat.ts";
import { TASKS } from "./workloads.ts";

export const COLUMNS: readonly Column[] = [
  { title: "Library" },
  { title: "ms a step", numeric: true },
  { title: "times ours", numeric: true },
  { title: "dispatches", numeric: true },
  { title: "first step, ms", numeric: true },
  { title: "first result" },
];

/** The cells of a row, in the order of {@link COLUMNS}. */
export function cellsOf(row: Row, ours: Row): readonly string[] {
  const { opening, state } = row;
  return [
    NAMES[row.library],
    stepOf(row),
    ratioOf(row, ours),
    opening?.dispatches === undefined ? "–" : count(opening.dispatches),
    opening
      ? milliseconds(opening.firstStepMs)
      : row.atLeast === undefined
        ? "–"
        : `at least ${milliseconds(row.atLeast)}`,
    state === "failed" && row.atLeast === undefined ? reasonOf(row) : checkText(row),
  ];
}

function stepOf(row: Row): string {
  const median = medianOf(row);
  if (median !== undefined) return milliseconds(median);
  if (row.opening && row.atLeast !== undefined) return `at least ${milliseconds(row.atLeast)}`;
  return { waiting: "–", opening: "first step…", timing: "timing…", done: "–", failed: "not timed" }[
    row.state
  ];
}

function ratioOf(row: Row, ours: Row): string {
  const mine = medianOf(ours);
  if (mine === undefined) return "–";
  if (row === ours) return "1";
  const median = medianOf(row);
  if (median !== undefined) return ratio(median / mine);
  return row.opening && row.atLeast !== undefined ? `at least ${ratio(row.atLeast / mine)}` : "–";
}

function checkText({ library, task, opening, check }: Row): string {
  if (!opening) return "–";
  const what =
    task === "train"
      ? `loss ${opening.firstResult[0]!.toFixed(6)}`
      : `${count(opening.firstResult.length)} values`;
  if (library === "webgpu-lstm") return what;
  return check ? `${what}; differs by ${check.difference.toExponential(1)}` : what;
}

/** The reason why a row has no time. */
function reasonOf({ error, check }: Row): string {
  if (check && !check.agrees) return `differs by ${check.difference.toExponential(1)}: not timed`;
  if (error instanceof LibraryError && error.loading) return "could not be loaded";
  return error instanceof Error ? error.message : String(error);
}

/** 0.42, 12.3, 1,234 */
function milliseconds(ms: number): string {
  return ms >= 100 ? count(Math.round(ms)) : brief(ms);
}

/** The note about the adapter under the tables. */
export function adapterNote(adapter: Opening["adapter"]): string {
  if (!adapter) return "";
  return adapter.software
    ? `Adapter: ${adapter.name}. It is software: the processor plays the GPU, and these times say little about a real one. WASM runs on ` +
        "the processor without that detour."
    : `Adapter: ${adapter.name}.`;
}

/** The tables as Markdown. */
export function stepTables(contest: Contest): readonly string[] {
  return TASKS.map(({ task, name, about }) => {
    const rows = contest.rows.filter((row) => row.task === task);
    const cells = rows.map((row) => cellsOf(row, rows[0]!));
    return `**${name}**: ${about}\n\n${markdownTable(COLUMNS, cells)}`;
  });
}
