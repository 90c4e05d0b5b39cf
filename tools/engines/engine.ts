import { type Line, type Outcome, parseLine } from "./outcome.ts";
import { PROBE, type Probe } from "./probe.ts";

/** A browser or a runtime with a driver, on which the browser tests run without Vitest. */
export interface Engine {
  /** Its name on the command line: "firefox". */
  readonly name: string;
  /** For the report: "Firefox ESR". */
  readonly title: string;
  /** The adapter's driver: "lavapipe". */
  readonly driver: string;
  /** Makes ready what it needs; throws an error that says what is missing and how to get it. */
  open(): Promise<OpenEngine>;
}

export interface OpenEngine {
  /** The engine's own, as it tells it: "Firefox 153.8.0esr". */
  readonly version: string;
  /**
   * Loads the bundle for one file and passes on its console.
   * @param hear Takes a line; returns whether it was the file's last.
   * @throws if the engine dies, or says nothing for too long.
   */
  run(file: string, hear: (line: string) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** After this long without a word, or a sign of life, an engine is taken for hung, in ms. */
export const SILENCE_MS = 180_000;

/** Runs one file in an engine. A file that does not come to its end has a failed test that says so. */
export async function outcomesOf(engine: OpenEngine, file: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const failure = await linesOf(engine, file, (said) => {
    if ("state" in said) outcomes.push(said);
  });
  if (failure) outcomes.push({ file, test: "(the file)", state: "fail", ms: 0, error: failure });
  return outcomes;
}

/** Runs the probe in an engine. */
export async function probeOf(engine: OpenEngine): Promise<Probe> {
  let probe: Probe | undefined;
  const failure = await linesOf(engine, PROBE, (said) => {
    if ("probe" in said) probe = said.probe;
  });
  if (!probe) throw new Error(`the probe failed: ${failure}`);
  return probe;
}

/** Passes on what an engine says; gives the reason if it did not come to the end, or "". */
async function linesOf(engine: OpenEngine, file: string, take: (said: Line) => void): Promise<string> {
  let last = "nothing on the console";
  let failure = "";
  try {
    await engine.run(file, (line) => {
      const said = parseLine(line);
      if (!said) {
        last = line;
        return false;
      }
      if (!("end" in said)) {
        take(said);
        return false;
      }
      failure = said.error;
      return true;
    });
  } catch (error) {
    failure = `${(error as Error).message}; its last words: ${last}`;
  }
  return failure;
}
