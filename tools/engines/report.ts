import type { Outcome } from "./outcome.ts";
import type { Probe } from "./probe.ts";

/** What one engine passed. */
export interface EngineResult {
  readonly name: string;
  readonly title: string;
  readonly driver: string;
  readonly version: string;
  readonly probe: Probe;
  /** Files that were run, and all there are. */
  readonly files: readonly [run: number, all: number];
  readonly passed: number;
  readonly failed: readonly Outcome[];
  /** The reason of the known gap of each failed test that has one. */
  readonly excused: readonly string[];
  readonly seconds: number;
}

/** docs/engines.md. */
export function enginesPage(results: readonly EngineResult[]): string {
  const rows = results.map(({ title, version, driver, probe, files, passed, failed, excused }) => [
    title,
    version,
    `${driver} (${probe.adapter})`,
    files.join(" of "),
    `${passed}`,
    `${failed.length}`,
    `${excused.length}`,
    probe.versions,
    probe.stepsPerSecond.toFixed(1),
  ]);
  const header = [
    "engine",
    "version",
    "driver",
    "files",
    "passed",
    "failed",
    "known gaps",
    "kernel versions",
    "steps a second",
  ];
  const sections = results
    .filter(({ excused }) => excused.length > 0)
    .map(({ title, excused }) => {
      const lines = [...new Set(excused)].map((why) => {
        const count = excused.filter((one) => one === why).length;
        return `- ${why} (${count} ${count === 1 ? "test" : "tests"})`;
      });
      return `### ${title}\n\n${lines.join("\n")}\n`;
    });
  return `# Engines

\`npm test\` runs in Chromium on SwiftShader. \`npm run test:engines\` runs the same browser tests on the engines below, and this page
is made from its results by \`npm run test:engines -- --docs\`. Where it says "11 of 75" or the like, \`--quick\` ran: the files that hold the most
numbers for their time, as in \`.ci/run\`.

"Kernel versions" are those that the planner chose for the model whose steps are counted: a training step of LSTM(1→50) and a
Linear over 64 windows of 20 values, with Adam, each step answered before the next. All drivers here are software on one
machine's processor, which other work may have kept busy, so the steps compare engines roughly, and no GPUs.

${table([header, header.map(() => "---"), ...rows])}

## Known gaps

A test is excused only by an entry of \`tools/engines/gaps.ts\`, which gives the reason.

${sections.join("\n")}`;
}

function table(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
}
