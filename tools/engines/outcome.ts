import type { Probe } from "./probe.ts";

/** What an engine says of one test, on a line of its console. */
export interface Outcome {
  /** Below `test/browser`. */
  readonly file: string;
  /** The names of its suites and its own. */
  readonly test: string;
  readonly state: "pass" | "fail" | "skip";
  readonly ms: number;
  readonly error: string;
}

/** The line after the last test of a file. */
interface End {
  readonly end: true;
  /** Why the file did not run; empty if it did. */
  readonly error: string;
}

/** What an engine says from time to time while a test runs: that it has not hung. */
interface Alive {
  readonly alive: true;
}

export type Line = Outcome | { readonly probe: Probe } | Alive | End;

const LINE = "@engine ";

/** The console's own, since a test may put another in its place. */
const { log } = console;

/** Says it on the console, for whoever runs the engine. */
export function say(what: Line): void {
  log(LINE + JSON.stringify(what));
}

/** What a line of an engine's console says; `null` for any other line. */
export function parseLine(line: string): Line | null {
  return line.startsWith(LINE) ? (JSON.parse(line.slice(LINE.length)) as Line) : null;
}
