/** `npm run parity`, after `npm test`: writes docs/parity.md from out/vitest.json and docs/parity-missing.md. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { failures, mergeRows, parityPage, type Report } from "./parity-page.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = `${root}out/vitest.json`;
if (!existsSync(source)) {
  console.error("out/vitest.json is not there; run `npm test` first");
  process.exit(1);
}
const report = JSON.parse(readFileSync(source, "utf8")) as Report;
const rows = mergeRows(report);
writeFileSync(
  `${root}docs/parity.md`,
  parityPage(report, readFileSync(`${root}docs/parity-missing.md`, "utf8")),
);
const bad = rows.filter(({ passed }) => !passed);
console.log(`docs/parity.md: ${rows.length} rows, ${bad.length} failing`);
for (const { section, row } of bad) console.log(`FAIL ${section}: ${row}`);
if (rows.length === 0) console.error("no test recorded a row: was the whole suite run?");
process.exitCode = rows.length === 0 || bad.length > 0 || failures(report).length > 0 ? 1 : 0;
