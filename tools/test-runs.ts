/** Runs test runners, and counts what they passed and failed. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

export const root = fileURLToPath(new URL("..", import.meta.url));
const out = (name: string) => `${root}out/${name}`;

export interface Count {
  passed: number;
  failed: number;
  /** A line for each test that failed. */
  failures: string[];
}

/** Runs the command of a development dependency and shows its output; returns whether it succeeded. */
export function command(program: string, ...args: string[]): boolean {
  const { status, signal, error } = spawnSync(process.execPath, [`${root}node_modules/${program}`, ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (signal === "SIGINT") process.exit(130);
  if (error) console.error(error.message);
  return status === 0;
}

/** Runs a test runner and counts from its JSON report; a failure outside of the tests counts as one. */
function tests(report: string, count: (report: never) => Count, program: string, ...args: string[]): Count {
  rmSync(out(report), { force: true });
  const succeeded = command(program, ...args);
  const total = existsSync(out(report))
    ? count(JSON.parse(readFileSync(out(report), "utf8")) as never)
    : { passed: 0, failed: 0, failures: [] };
  if (!succeeded && total.failed === 0) total.failed = 1;
  return total;
}

interface VitestReport {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

function countVitest({ testResults }: VitestReport): Count {
  const total: Count = { passed: 0, failed: 0, failures: [] };
  for (const { name, status, message, assertionResults } of testResults) {
    const failed = assertionResults.filter((result) => result.status === "failed");
    const failures = failed.map((result) => failure(name, result.fullName, result.failureMessages[0]));
    // A file that could not be loaded has no results.
    if (status === "failed" && failed.length === 0) failures.push(failure(name, "", message));
    total.passed += assertionResults.filter((result) => result.status === "passed").length;
    total.failed += failures.length;
    total.failures.push(...failures);
  }
  return total;
}

interface PlaywrightSuite {
  specs: {
    title: string;
    file: string;
    tests: { status: string; results: { errors: { message?: string }[] }[] }[];
  }[];
  suites?: PlaywrightSuite[];
}

interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number };
  suites: PlaywrightSuite[];
}

function countPlaywright({ stats, suites }: PlaywrightReport): Count {
  const failures: string[] = [];
  const collect = ({ specs, suites = [] }: PlaywrightSuite) => {
    for (const { file, title, tests } of specs)
      for (const { status, results } of tests)
        if (status === "unexpected" || status === "flaky")
          // A test that times out has a second error, which says what it waited for.
          failures.push(
            failure(file, title, ...results.flatMap(({ errors }) => errors.map((e) => e.message))),
          );
    suites.forEach(collect);
  };
  suites.forEach(collect);
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, failures };
}

/** The file and the test, and below them the first line of each thing that went wrong. */
function failure(file: string, test: string, ...reasons: (string | undefined)[]): string {
  const firsts = reasons.map((reason = "") => `\n     ${stripVTControlCharacters(reason).split("\n")[0]}`);
  return `FAIL ${relative(root, resolve(root, file))}: ${test}${firsts.join("")}`;
}

/** All of Vitest's tests. */
export function vitest(report: string): Count {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${out(report)}`];
  return tests(report, countVitest, "vitest/vitest.mjs", "run", ...reporters);
}

/** Playwright's tests of the configuration and the projects that `args` choose. */
export function playwright(report: string, ...args: string[]): Count {
  process.env.PLAYWRIGHT_REPORT = out(report);
  return tests(report, countPlaywright, "playwright/cli.js", "test", ...args);
}

/** Writes the sum, then what failed, for whoever runs a test command among others. */
export function writeSum(name: string, sum: string, failures: readonly string[]): void {
  mkdirSync(out(""), { recursive: true });
  writeFileSync(out(name), [sum, ...failures, ""].join("\n"));
}
