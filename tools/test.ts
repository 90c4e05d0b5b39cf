/**
 * `npm test`: types, lint, unused code, every Vitest and Playwright test; a failure does not stop the rest.
 * The last line is the sum, `N passed, N failed`; the exit code is 0 only if nothing failed.
 */
import { findBrowser } from "./browser.ts";
import { type Count, command, playwright, root, vitest, writeSum } from "./test-runs.ts";

try {
  const { source, executablePath } = await findBrowser();
  console.log(`browser (${source}): ${executablePath}`);
} catch {
  command("playwright/cli.js", "install", "chromium");
}

/** A check without tests of its own: silent when it passes, one failure when it does not. */
function check(program: string, ...args: string[]): Count {
  return { passed: 0, failed: command(program, ...args) ? 0 : 1, failures: [] };
}

const steps: [name: string, run: () => Count][] = [
  ["types", () => check("typescript/bin/tsc", "-p", root)],
  ["lint", () => check("@biomejs/biome/bin/biome", "check", "--error-on-warnings")],
  // Exports, files and dependencies that nothing uses.
  ["unused", () => check("knip/bin/knip.js", "--preprocessor", "./tools/unused-kernels.ts")],
  ["vitest", () => vitest("vitest.json")],
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
writeSum("tests.txt", sum, failures);
process.exitCode = total.failed === 0 ? 0 : 1;
