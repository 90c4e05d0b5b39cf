/**
 * `npm test`: types, lint, unused code, every Vitest and Playwright test; a failure does not stop the rest.
 * The last line is the sum, `N passed, N failed`; the exit code is 0 only if nothing failed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findBrowser } from "./browser.ts";

interface Count {
  passed: number;
  failed: number;
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
  return { passed: 0, failed: command(program, ...args) ? 0 : 1 };
}

/** Runs a test runner and counts from its JSON report; a failure outside of the tests counts as one. */
function tests(report: string, count: (report: never) => Count, program: string, ...args: string[]): Count {
  rmSync(out(report), { force: true });
  const succeeded = command(program, ...args);
  const total = existsSync(out(report))
    ? count(JSON.parse(readFileSync(out(report), "utf8")) as never)
    : { passed: 0, failed: 0 };
  if (!succeeded && total.failed === 0) total.failed = 1;
  return total;
}

interface VitestReport {
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

function countVitest({ testResults }: VitestReport): Count {
  const total = { passed: 0, failed: 0 };
  for (const { status, assertionResults } of testResults) {
    const failed = assertionResults.filter((result) => result.status === "failed").length;
    total.passed += assertionResults.filter((result) => result.status === "passed").length;
    // A file that could not be loaded has no results.
    total.failed += status === "failed" ? Math.max(failed, 1) : failed;
  }
  return total;
}

interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number };
}

function countPlaywright({ stats }: PlaywrightReport): Count {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky };
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
const steps: [name: string, run: () => Count][] = [
  ["types", () => check("typescript/bin/tsc", "-p", root)],
  ["lint", () => check("@biomejs/biome/bin/biome", "check", "--error-on-warnings")],
  // Exports, files and dependencies that nothing uses.
  ["unused", () => check("knip/bin/knip.js", "--preprocessor", "./tools/unused-kernels.ts")],
  ["vitest", () => tests("vitest.json", countVitest, "vitest/vitest.mjs", ...vitestArgs)],
  ["playwright", () => tests("playwright.json", countPlaywright, "playwright/cli.js", "test")],
];
const total = { passed: 0, failed: 0 };
const lines: string[] = [];
for (const [name, run] of steps) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const { passed, failed } = run();
  total.passed += passed;
  total.failed += failed;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  lines.push(
    `${failed === 0 ? "ok  " : "FAIL"} ${name.padEnd(10)} ${seconds.padStart(6)} s  ${passed} passed, ${failed} failed`,
  );
}
const sum = `${total.passed} passed, ${total.failed} failed`;
console.log(`\n${lines.join("\n")}\n\n${sum}`);
writeFileSync(out("tests.txt"), `${sum}\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
