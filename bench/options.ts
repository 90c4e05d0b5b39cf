import { parseArgs } from "node:util";
import { type Workload, workloads } from "../tasks/workloads/workload.ts";
import type { Effort } from "./measure.ts";

/** Other libraries, in the order of the report's columns. */
const PEERS = [
  "tfjs-webgpu",
  "jax-js-webgpu",
  "onnxruntime-webgpu",
  "tfjs-wasm",
  "jax-js-wasm",
  "onnxruntime-wasm",
  "pytorch",
] as const;

/** The places where this library runs: a browser and Node, and Node on Mesa's software driver where that is installed. */
const PLACES = ["Chromium", "Node", "lavapipe"] as const;

/** The peers of a quick run: on a software adapter, a step of the others takes many seconds. */
const QUICK_PEERS: readonly Peer[] = ["tfjs-wasm", "jax-js-wasm", "onnxruntime-wasm", "pytorch"];

type Peer = (typeof PEERS)[number];
type Place = (typeof PLACES)[number];

const names = workloads.map(({ name }) => name);

export const USAGE = `usage: npm run bench -- [options]
  Without --quick, --only and --sweep: every workload, many streams, and sweeps over T, B and H.
  --quick           every workload with few samples, and only the peers on the CPU; ends within three minutes
  --only LIST       only these workloads, separated by commas: ${names.join(", ")}
  --sweep           only many streams and the sweeps
  --peers LIST      only these peers, or "none": ${PEERS.join(", ")}
  --places LIST     where this library runs: ${PLACES.join(", ")} (default all;
                    lavapipe, Mesa's software driver, runs in Node)
  --patience N      maximum seconds for the first step of a peer (default 90; 12 with --quick)
  --json FILE       where to write all measurements (default out/bench.json)
  --docs            writes the tables and plots of docs/benchmarks.md
  --from LIST       measures nothing: prints the tables (with --docs, writes the report) from files of earlier runs
  --help`;

export interface BenchOptions {
  readonly workloads: readonly Workload[];
  /** Whether to measure many streams and the sweeps. */
  readonly sweeps: boolean;
  readonly peers: readonly Peer[];
  readonly places: readonly Place[];
  readonly effort: Effort;
  readonly sweepEffort: Effort;
  readonly json: string;
  readonly docs: boolean;
  readonly from: string | undefined;
}

/** Reads the command line; undefined if it asks for help. Throws an Error for an invalid option. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      sweep: { type: "boolean", default: false },
      peers: { type: "string" },
      places: { type: "string" },
      patience: { type: "string" },
      json: { type: "string", default: "out/bench.json" },
      docs: { type: "boolean", default: false },
      from: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { quick, only, sweep, json, docs, from } = values;
  const patience = Number(values.patience ?? (quick ? 12 : 90));
  if (!(patience > 0))
    throw new Error(`--patience must be a positive number of seconds, got "${values.patience}"`);
  const chosen = listed("--only", only ?? names.join(","), names);
  const effort = quick
    ? { runs: 3, least: 1, seconds: 1, patience }
    : { runs: 25, least: 3, seconds: 10, patience };
  return {
    workloads: sweep && only === undefined ? [] : workloads.filter(({ name }) => chosen.includes(name)),
    sweeps: sweep || (!quick && only === undefined),
    peers:
      values.peers === "none"
        ? []
        : listed("--peers", values.peers ?? (quick ? QUICK_PEERS : PEERS).join(","), PEERS),
    places: listed("--places", values.places ?? PLACES.join(","), PLACES),
    effort,
    sweepEffort: { runs: quick ? 2 : 9, least: quick ? 1 : 3, seconds: quick ? 1 : 3, patience },
    json,
    docs,
    from,
  };
}

/** Reads names separated by commas, and returns them in the order of `all`. */
function listed<Name extends string>(option: string, list: string, all: readonly Name[]): Name[] {
  const given = list.split(",");
  for (const name of given) {
    if (all.includes(name as Name)) continue;
    throw new Error(`${option} must be of ${all.join(", ")}, got "${name}"`);
  }
  return all.filter((name) => given.includes(name));
}
