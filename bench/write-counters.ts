/** Writes bench/counters.json anew: `npm run bench:counters`. `test/node/counters.test.ts` compares with it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { ADAPTERS, countersFor, differences } from "./counters.ts";
import { downloadedBytes } from "./sizes.ts";

const file = new URL("counters.json", import.meta.url);
const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as unknown) : {};
const workloads: Record<string, unknown> = {};
for (const [name, facts] of Object.entries(ADAPTERS)) workloads[name] = await countersFor(facts);
const after = { downloadedBytes: await downloadedBytes(), workloads };
writeFileSync(file, `${JSON.stringify(after, null, 2)}\n`);
for (const line of differences(before, after)) console.log(line);
