/**
 * Compares the samplers of `webgpu-lstm/search` with Optuna's: TPE with `npm run bench:search`, GP with `npm run bench:search -- --gp`, which takes
 * the better part of an hour. Prints the best values, as the median and the quartiles over 30 seeds or those of `--seeds N`, and writes the
 * table into docs/search.md. Needs a Python with Optuna (for GP with PyTorch, too): that of `INTEROP_PYTHON`, or one that is made once.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createStudy, pruners, samplers } from "webgpu-lstm/search";
import { findPython } from "../tools/interop/python.ts";
import { problems } from "./search-problems.ts";

const { values: given } = parseArgs({
  options: { gp: { type: "boolean", default: false }, seeds: { type: "string" } },
});
const isGP = given.gp;
const SAMPLER = isGP ? "GP" : "TPE";
const SEEDS = Number(given.seeds ?? 30);
if (!Number.isInteger(SEEDS) || SEEDS < 1)
  throw new Error(`--seeds must be a whole number, got ${given.seeds}`);
const COUNTS = isGP ? [30] : [30, 100];
const guide = fileURLToPath(new URL("../docs/search.md", import.meta.url));
const BEGIN = `<!-- npm run bench:search${isGP ? " -- --gp" : ""} -->\n`;
const END = "<!-- end -->";

/** For each seed, the best value after each of {@link COUNTS}. */
type Rows = readonly (readonly number[])[];
type Best = Readonly<Record<string, Readonly<Record<string, Rows>>>>;

/** The samplers here. Their seeds are others than Optuna's: the same would give the same trials. */
const ours = {
  [SAMPLER]: (seed: number) => new samplers[SAMPLER]({ seed: 1000 + seed }),
  Random: (seed: number) => new samplers.Random({ seed: 1000 + seed }),
};

async function runOurs(): Promise<Best> {
  const best: Record<string, Record<string, Rows>> = {};
  for (const [name, make] of Object.entries(ours)) {
    best[name] = {};
    for (const [problem, objective] of Object.entries(problems)) {
      const rows = [];
      for (let seed = 0; seed < SEEDS; seed++) {
        const study = await createStudy({ sampler: make(seed), pruner: new pruners.Nop() });
        await study.optimize(objective, { trials: Math.max(...COUNTS) });
        const values = study.trials.map(({ value }) => value!);
        rows.push(COUNTS.map((count) => Math.min(...values.slice(0, count))));
      }
      best[name][problem] = rows;
      console.error(`${name} on ${problem}`);
    }
  }
  return best;
}

/** The value that a share of the others is below, between the two nearest. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - low);
}

function table(
  mine: Best,
  theirs: Best,
  version: string,
): { readonly text: string; readonly isInside: boolean } {
  const lines = [
    `| best value after, median of ${SEEDS} seeds | trials | ${SAMPLER} here | ${SAMPLER} of Optuna ${version} | quartiles of Optuna's | random here |`,
    "|---|---:|---:|---:|---:|---:|",
  ];
  let isInside = true;
  for (const problem of Object.keys(problems)) {
    for (const [i, count] of COUNTS.entries()) {
      const of = (best: Best, name: string) => best[name]![problem]!.map((row) => row[i]!);
      const [here, there, random] = [of(mine, SAMPLER), of(theirs, SAMPLER), of(mine, "Random")];
      const [low, high] = [quantile(there, 0.25), quantile(there, 0.75)];
      const median = quantile(here, 0.5);
      isInside &&= median >= low && median <= high && median < quantile(random, 0.5);
      // Losses of trained networks are close to each other.
      const digits = problem === "Seattle" ? 5 : 3;
      const cells = [
        problem,
        count,
        median,
        quantile(there, 0.5),
        `${low.toFixed(digits)} to ${high.toFixed(digits)}`,
        quantile(random, 0.5),
      ];
      lines.push(
        `| ${cells.map((cell, at) => (typeof cell === "number" && at > 1 ? cell.toFixed(digits) : cell)).join(" | ")} |`,
      );
    }
  }
  return { text: `${lines.join("\n")}\n`, isInside };
}

const mine = await runOurs();
const printed = execFileSync(
  findPython(false),
  ["bench/peers/search_problems.py", SAMPLER, String(SEEDS), ...COUNTS.map(String)],
  { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
);
const { version, best: theirs } = JSON.parse(printed) as { version: string; best: Best };
const { text, isInside } = table(mine, theirs, version);
console.log(text);
console.log(`medians are ${isInside ? "" : "NOT all "}within Optuna's quartiles, and better than random`);
const page = readFileSync(guide, "utf8");
const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END, page.indexOf(BEGIN))];
if (begin < 0 || end < begin)
  throw new Error(`docs/search.md must have ${BEGIN.trim()} and ${END}, in this order`);
writeFileSync(guide, page.slice(0, begin + BEGIN.length) + text + page.slice(end));
process.exit(isInside ? 0 : 1);
