/**
 * `npm test`: types, lint, unused code, every Vitest and Playwright test; a failure does not stop the rest.
 * The last line is the sum, `N passed, N failed`; the exit code is 0 only if nothing failed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { findBrowser } from "./browser.ts";

interface Count {
  passed: number;
  failed: number;
  /** A line for each test that failed. */
  failures: string[];
}

const root = fileURLToPath(new URL("..", import.meta.url));
const out = (name: string) => `${root}out/${name}`;

/** Runs the command of a development dependency and shows its output; returns whether it succeeded. */
function command(program: string, ...args: string[]): boolean {
  const { status, signal, error } = spawnSync(process.execPath, [`${root}node_modules/${program}`, ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (signal === "SIGINT") process.exit(130);
  if (error) console.error(error.message);
  return status === 0;
}

/** A check without tests of its own: silent when it passes, one failure when it does not. */
function check(program: string, ...args: string[]): Count {
  return { passed: 0, failed: command(program, ...args) ? 0 : 1, failures: [] };
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

mkdirSync(out(""), { recursive: true });
try {
  const { source, executablePath } = await findBrowser();
  console.log(`browser (${source}): ${executablePath}`);
} catch {
  command("playwright/cli.js", "install", "chromium");
}

const vitestArgs = [
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${out("vitest.json")}`,
];
/** Playwright's tests of some projects, of its configuration's. */
function playwright(report: string, ...args: string[]): Count {
  process.env.PLAYWRIGHT_REPORT = out(report);
  return tests(report, countPlaywright, "playwright/cli.js", "test", ...args);
}

const steps: [name: string, run: () => Count][] = [
  ["types", () => check("typescript/bin/tsc", "-p", root)],
  ["lint", () => check("@biomejs/biome/bin/biome", "check", "--error-on-warnings")],
  // Exports, files and dependencies that nothing uses.
  ["unused", () => check("knip/bin/knip.js", "--preprocessor", "./tools/unused-kernels.ts")],
  ["vitest", () => tests("vitest.json", countVitest, "vitest/vitest.mjs", ...vitestArgs)],
  ["playwright", () => playwright("playwright.json", "--project=site", "--project=demo", "--workers=2")],
  ["timed", () => playwright("playwright-timed.json", "--project=timed")],
];
const total = { passed: 0, failed: 0 };
const lines: string[] = [];
const failures: string[] = [];
for (const [name, run] of steps) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const count = run();
  const { passed, failed } = count;
  total.passed += passed;
  total.failed += failed;
  failures.push(...count.failures);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  lines.push(
    `${failed === 0 ? "ok  " : "FAIL"} ${name.padEnd(10)} ${seconds.padStart(6)} s  ${passed} passed, ${failed} failed`,
  );
}
const sum = `${total.passed} passed, ${total.failed} failed`;
if (failures.length > 0) console.log(`\n${failures.join("\n")}`);
console.log(`\n${lines.join("\n")}\n\n${sum}`);
// The sum, then what failed, for whoever runs this command among others.
writeFileSync(out("tests.txt"), [sum, ...failures, ""].join("\n"));
process.exitCode = total.failed === 0 ? 0 : 1;
