/** The results to copy or to send: what docs/benchmarks.md collects of real GPUs, as Markdown and as JSON. */
import type { Contest } from "./contest.ts";
import { medianOf } from "./contest.ts";
import { NAMES } from "./protocol.ts";
import { outcomeOf } from "./race/race-result.ts";
import { type Raced, raceMarkdown, verdictOf } from "./race/race-words.ts";
import { adapterNote, stepTables } from "./table.ts";

/** What was measured; a part without results is undefined. */
export interface Results {
  readonly contest: Contest | undefined;
  readonly race: Raced | undefined;
  readonly version: string;
  readonly browser: string;
  readonly at: Date;
}

/** Whether there is anything to copy of a comparison. */
export function hasSteps({ rows }: Contest): boolean {
  return rows.some(({ opening }) => opening !== undefined);
}

export function markdownOf({ contest, race, version, browser, at }: Results): string {
  const { choice } = (contest ?? race)!;
  const adapter = (race ?? contest)!.adapter;
  return [
    `webgpu-lstm ${version} beside TensorFlow.js: ${choice.about}.`,
    `${adapterNote(adapter)} ${at.toISOString().slice(0, 10)}, ${browser}.`,
    ...(race ? [raceMarkdown(race)] : []),
    ...(contest ? stepTables(contest) : []),
    "",
  ].join("\n\n");
}

/** All samples, for tables that are made later. */
export function jsonOf({ contest, race, version, browser, at }: Results): string {
  const adapter = (race ?? contest)!.adapter;
  const report = {
    version,
    date: at.toISOString(),
    browser,
    adapter,
    ...(race && {
      race: {
        workload: race.choice.workload,
        peer: race.peer,
        seconds: race.seconds,
        outcome: outcomeOf(race.finished),
        verdict: verdictOf(race),
        runs: race.finished,
      },
    }),
    ...(contest && {
      workload: contest.choice.workload,
      steps: contest.rows.map((row) => ({
        library: NAMES[row.library],
        task: row.task,
        msPerStep: medianOf(row),
        samples: row.samples,
        atLeast: row.atLeast,
        firstStepMs: row.opening?.firstStepMs,
        dispatches: row.opening?.dispatches,
        difference: row.check?.difference,
        error: row.error === undefined ? undefined : String(row.error),
      })),
    }),
  };
  return `${JSON.stringify(report, null, 1)}\n`;
}
