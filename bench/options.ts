import { parseArgs } from "node:util";
import type { Effort } from "./measure.ts";
import { type Workload, workloads } from "./workload.ts";

export const USAGE = `usage: npm run bench -- [options]
  --quick      few runs of each workload, as little as one
  --only LIST  these workloads, with commas: ${workloads.map(({ name }) => name).join(", ")}
  --json FILE  where to write all samples (default out/bench.json)
  --help`;

export interface BenchOptions {
  readonly workloads: readonly Workload[];
  readonly effort: Effort;
  readonly json: string;
}

/** Reads the command line; undefined if it asks for help. Throws an Error that says what is wrong with it. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      json: { type: "string", default: "out/bench.json" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const names = values.only?.split(",");
  for (const name of names ?? []) {
    if (workloads.some((workload) => workload.name === name)) continue;
    throw new Error(`--only must be of ${workloads.map(({ name }) => name).join(", ")}, got "${name}"`);
  }
  const chosen = workloads.filter(({ name }) => names?.includes(name) ?? true);
  const effort = values.quick ? { runs: 7, least: 1, seconds: 5 } : { runs: 40, least: 5, seconds: 60 };
  return { workloads: chosen, effort, json: values.json };
}
