/**
 * `npm run test:engines`: the browser tests on engines that `npm test` does not drive. Installs what is missing.
 *
 *   --only NAME,…   some of the engines
 *   --files TEXT    only files whose names contain it
 *   --docs          write docs/engines.md
 *
 * The last line is the sum, `N passed, N failed`; a test that a known gap excuses counts as neither.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundleTests } from "./engines/bundle.ts";
import { type Engine, outcomesOf, probeOf } from "./engines/engine.ts";
import { engines } from "./engines/engines.ts";
import { type Gap, gapOf, gaps } from "./engines/gaps.ts";
import type { Outcome } from "./engines/outcome.ts";
import { type EngineResult, enginesPage } from "./engines/report.ts";

const root = new URL("../", import.meta.url);
const { values } = parseArgs({
  options: {
    only: { type: "string", default: engines.map(({ name }) => name).join(",") },
    files: { type: "string", default: "" },
    docs: { type: "boolean", default: false },
  },
});

const wanted = values.only.split(",").map((name) => {
  const engine = engines.find((engine) => engine.name === name);
  if (!engine) {
    const known = engines.map(({ name }) => name).join(", ");
    throw new Error(`test:engines: --only takes ${known}; got ${JSON.stringify(name)}`);
  }
  return engine;
});
const files = readdirSync(new URL("test/browser/", root))
  .filter((name) => name.endsWith(".test.ts") && name.includes(values.files))
  .sort();
if (files.length === 0)
  throw new Error(`test:engines: no file of test/browser has "${values.files}" in its name`);

await bundleTests();
const results: EngineResult[] = [];
let broken = 0;
for (const engine of wanted) {
  try {
    results.push(await test(engine));
  } catch (error) {
    console.error(`${engine.name}: ${(error as Error).message}`);
    broken++;
  }
}

const unused = values.files ? [] : gaps.filter((gap) => !isUsed(gap));
for (const { matches } of unused)
  console.error(`tools/engines/gaps.ts: ${matches} excuses nothing; remove it`);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed.length, broken + unused.length);
const sum = `${passed} passed, ${failed} failed`;
mkdirSync(new URL("out/", root), { recursive: true });
writeFileSync(new URL("out/engines.json", root), `${JSON.stringify(results, null, 1)}\n`);
writeFileSync(new URL("out/engines.txt", root), `${sum}\n`);
if (values.docs) writeFileSync(fileURLToPath(new URL("docs/engines.md", root)), enginesPage(results));
console.log(`\n${sum}`);
process.exit(failed === 0 ? 0 : 1);

async function test(engine: Engine): Promise<EngineResult> {
  console.log(`\n== ${engine.title} on ${engine.driver}`);
  const start = performance.now();
  const open = await engine.open();
  try {
    const outcomes: Outcome[] = [];
    for (const file of files) {
      const begin = performance.now();
      const found = await outcomesOf(open, file);
      outcomes.push(...found);
      console.log(`${secondsSince(begin)} s  ${file}: ${passedOf(found)} of ${found.length} passed`);
    }
    const probe = await probeOf(open);
    const failures = outcomes.filter(({ state }) => state === "fail");
    const failed = failures.filter((outcome) => !gapOf(engine.name, outcome));
    const excused = failures.flatMap((outcome) => gapOf(engine.name, outcome) ?? []);
    const passed = passedOf(outcomes);
    for (const { file, test, error } of failed) console.log(`FAIL ${file}: ${test}\n     ${error}`);
    const seconds = secondsSince(start);
    console.log(
      `${open.version}, ${probe.adapter}: ${passed} passed, ${failed.length} failed, ${excused.length} known gaps, ${seconds} s`,
    );
    return { ...describe(engine), version: open.version, probe, passed, failed, excused, seconds };
  } finally {
    await open.close();
  }
}

function passedOf(outcomes: readonly Outcome[]): number {
  return outcomes.filter(({ state }) => state === "pass").length;
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 1000);
}

function describe({ name, title, driver }: Engine) {
  return { name, title, driver };
}

/** Whether it excused a test, or none of its engines ran. */
function isUsed(gap: Gap): boolean {
  const ran = results.filter(({ name }) => gap.engines.includes(name));
  return ran.length === 0 || ran.some(({ excused }) => excused.includes(gap));
}
