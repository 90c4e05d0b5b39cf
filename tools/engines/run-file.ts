/** What runs in the engine: one file of browser tests, or the probe; each result is a line on the console. */
import { type Suite, startTests, type Task, type VitestRunner } from "@vitest/runner";
import { say } from "./outcome.ts";
import { PROBE, probe } from "./probe.ts";

const tests = import.meta.glob<unknown>("../../test/browser/**/*.test.ts");
const setup = import.meta.glob<unknown>("../../test/browser/setup.ts");

/** Milliseconds between two signs of life. A test may take longer than an engine may be silent. */
const ALIVE_MS = 30_000;

/** @param file A path below `test/browser`, or `PROBE`. */
export async function runFile(file: string): Promise<void> {
  const timer = setInterval(() => say({ alive: true }), ALIVE_MS);
  try {
    if (file === PROBE) say({ probe: await probe() });
    else await runTests(file);
    say({ end: true, error: "" });
  } catch (error) {
    say({ end: true, error: String(error) });
  } finally {
    clearInterval(timer);
  }
}

async function runTests(file: string): Promise<void> {
  const runner: VitestRunner = {
    config: {
      root: "/",
      setupFiles: ["setup.ts"],
      name: undefined,
      passWithNoTests: false,
      testNamePattern: undefined,
      allowOnly: false,
      sequence: { seed: 0, hooks: "stack", setupFiles: "list" },
      chaiConfig: undefined,
      maxConcurrency: 1,
      testTimeout: 120_000,
      hookTimeout: 60_000,
      retry: 0,
      includeTaskLocation: false,
      tags: [],
      tagsFilter: undefined,
      strictTags: false,
    },
    async importFile(path, source) {
      const load = (source === "setup" ? setup : tests)[`../../test/browser/${path}`];
      if (!load) throw new Error(`there is no file test/browser/${path}`);
      await load();
    },
    onAfterRunTask: (test) => report(file, test),
  };
  const [done] = await startTests([file], runner);
  reportBroken(file, done!);
}

/** A file or a suite that failed outside of its tests: in a hook, or when it was loaded. */
function reportBroken(file: string, suite: Suite): void {
  if (suite.result?.state === "fail" && suite.result.errors?.length) report(file, suite);
  for (const task of suite.tasks) if (task.type === "suite") reportBroken(file, task);
}

function report(file: string, task: Task): void {
  const { state = "fail", errors = [], duration = 0 } = task.result ?? {};
  say({
    file,
    test: nameOf(task),
    state: state === "pass" ? "pass" : state === "skip" ? "skip" : "fail",
    ms: Math.round(duration),
    error: errors.map(({ message }) => message).join("\n"),
  });
}

function nameOf(task: Task): string {
  const names: string[] = [];
  for (let at: Task | undefined = task; at && at !== task.file; at = at.suite) names.unshift(at.name);
  return names.join(" > ");
}
