/**
 * `npm run test:firefox`: the built site, and the demo under it, in Firefox as a person uses them. Installs what is missing.
 *
 *   --lenient   a Firefox that cannot be installed is said, and is no failure
 *
 * Other arguments go to Playwright. The last line is the sum, `N passed, N failed`.
 */
import { findFirefox, lavapipe } from "./engines/install.ts";
import { InstallError } from "./install.ts";
import { type Count, playwright, writeSum } from "./test-runs.ts";

const args = process.argv.slice(2);
const { passed, failed, failures } = run(
  args.includes("--lenient"),
  args.filter((arg) => arg !== "--lenient"),
);
const sum = `${passed} passed, ${failed} failed`;
writeSum("firefox.txt", sum, failures);
console.log(`\n${sum}`);
process.exitCode = failed === 0 ? 0 : 1;

function run(isLenient: boolean, others: readonly string[]): Count {
  try {
    findFirefox();
    lavapipe();
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    const words = `Firefox was not tried: ${error.message}`;
    console.error(words);
    return isLenient
      ? { passed: 0, failed: 0, failures: [] }
      : { passed: 0, failed: 1, failures: [`FAIL ${words}`] };
  }
  return playwright("firefox.json", "--config=playwright.firefox.config.ts", ...others);
}
