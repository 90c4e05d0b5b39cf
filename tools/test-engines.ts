/**
 * `npm run test:engines`: the browser tests on engines that `npm test` does not drive. Installs what is missing.
 *
 *   --only NAME,…   some of the engines
 *   --files TEXT    only files whose names contain it
 *   --quick         only files of engines/quick.ts, which hold the numbers
 *   --minutes N     no new file after N minutes, which the engines share; what is left out is said
 *   --lenient       an engine that cannot be installed is said, and is no failure
 *   --docs          write docs/engines.md, with the latest results of the engines that are not in this run
 *
 * The last line is the sum, `N passed, N failed`; a test that a known gap excuses counts as neither.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { bundleTests } from "./engines/bundle.ts";
import { type Engine, outcomesOf, probeOf } from "./engines/engine.ts";
import { engines } from "./engines/engines.ts";
import { type Gap, gapOf, gaps } from "./engines/gaps.ts";
import type { Outcome } from "./engines/outcome.ts";
import { quickFiles } from "./engines/quick.ts";
import { type EngineResult, enginesPage } from "./engines/report.ts";
import { InstallError } from "./install.ts";

const root = new URL("../", import.meta.url);
const { values } = parseArgs({
  options: {
    only: { type: "string", default: engines.map(({ name }) => name).join(",") },
    files: { type: "string", default: "" },
    quick: { type: "boolean", default: false },
    minutes: { type: "string", default: "Infinity" },
    lenient: { type: "boolean", default: false },
    docs: { type: "boolean", default: false },
  },
});

/** The latest whole run of each engine, or the latest for the page. */
const kept = new URL("out/engines.json", root);

const wanted = values.only.split(",").map((name) => {
  const engine = engines.find((engine) => engine.name === name);
  if (!engine) {
    const known = engines.map(({ name }) => name).join(", ");
    throw new Error(`test:engines: --only takes ${known}; got ${JSON.stringify(name)}`);
  }
  return engine;
});
const all = readdirSync(new URL("test/browser/", root)).filter((name) => name.endsWith(".test.ts"));
const files = (values.quick ? quickFiles : all.sort()).filter((name) => name.includes(values.files));
if (files.length === 0)
  throw new Error(`test:engines: no file of test/browser has "${values.files}" in its name`);
const minutes = Number(values.minutes);
if (Number.isNaN(minutes)) throw new Error(`test:engines: --minutes takes a number; got ${values.minutes}`);
const end = performance.now() + minutes * 60_000;

await bundleTests();
const results: EngineResult[] = [];
const failures: string[] = [];
let broken = 0;
for (const [i, engine] of wanted.entries()) {
  const now = performance.now();
  if (now >= end) {
    console.log(`${engine.name}: no time left`);
    continue;
  }
  try {
    results.push(await test(engine, now + (end - now) / (wanted.length - i)));
  } catch (error) {
    const isMissing = error instanceof InstallError;
    const words = `${engine.name}${isMissing ? " was not tried" : ""}: ${(error as Error).message}`;
    console.error(words);
    if (isMissing && values.lenient) continue;
    failures.push(`FAIL ${words}`);
    broken++;
  }
}

const isWhole = files.length === all.length && minutes === Number.POSITIVE_INFINITY;
const unused = !isWhole ? [] : gaps.filter((gap) => !isUsed(gap));
for (const { matches } of unused)
  console.error(`tools/engines/gaps.ts: ${matches} excuses nothing; remove it`);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed.length, broken + unused.length);
const sum = `${passed} passed, ${failed} failed`;
mkdirSync(new URL("out/", root), { recursive: true });
// The sum, then what failed, for whoever runs this command among others.
writeFileSync(new URL("out/engines.txt", root), [sum, ...failures, ""].join("\n"));
if (isWhole || values.docs) writeFileSync(kept, `${JSON.stringify(everyResult(), null, 1)}\n`);
if (values.docs) writeFileSync(new URL("docs/engines.md", root), enginesPage(everyResult()));
console.log(`\n${sum}`);
process.exit(failed === 0 ? 0 : 1);

/** @param until When to begin no further file. */
async function test(engine: Engine, until: number): Promise<EngineResult> {
  console.log(`\n== ${engine.title} on ${engine.driver}`);
  const start = performance.now();
  const open = await engine.open();
  try {
    const outcomes: Outcome[] = [];
    let run = 0;
    for (const [i, file] of files.entries()) {
      const begin = performance.now();
      if (begin > until) {
        console.log(`no time left for ${files.slice(i).join(", ")}`);
        break;
      }
      const found = await outcomesOf(open, file);
      outcomes.push(...found);
      run++;
      console.log(`${secondsSince(begin)} s  ${file}: ${passedOf(found)} of ${found.length} passed`);
    }
    const probe = await probeOf(open);
    const missed = outcomes.filter(({ state }) => state === "fail");
    const failed = missed.filter((outcome) => !gapOf(engine.name, outcome));
    const excused = missed.flatMap((outcome) => gapOf(engine.name, outcome)?.why ?? []);
    const passed = passedOf(outcomes);
    for (const { file, test, error } of failed) {
      failures.push(`FAIL ${engine.name}, ${file}: ${test}\n     ${error}`);
      console.log(failures.at(-1));
    }
    const seconds = secondsSince(start);
    console.log(
      `${open.version}, ${probe.adapter}: ${passed} passed, ${failed.length} failed, ${excused.length} known gaps, ${seconds} s`,
    );
    const counts = { files: [run, all.length] as const, passed, failed, excused };
    return { ...describe(engine), version: open.version, probe, ...counts, seconds };
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

/** The results of this run, and for other engines those that are kept, in the engines' order. */
function everyResult(): EngineResult[] {
  const earlier = existsSync(kept) ? (JSON.parse(readFileSync(kept, "utf8")) as EngineResult[]) : [];
  return engines.flatMap(({ name }) => [...results, ...earlier].find((result) => result.name === name) ?? []);
}

function describe({ name, title, driver }: Engine) {
  return { name, title, driver };
}

/** Whether it excused a test, or none of its engines ran. */
function isUsed(gap: Gap): boolean {
  const ran = results.filter(({ name }) => gap.engines.includes(name));
  return ran.length === 0 || ran.some(({ excused }) => excused.includes(gap.why));
}
