/** The choices of the Compare view, and the way from and to a page's address, which leaves the usual ones out. */
import { type LinkSettings, type Settings, unusual } from "../shell/address.ts";
import type { Library } from "./protocol.ts";
import { CHOICES } from "./workloads.ts";

/** TensorFlow.js's backends, by their names in an address. */
const BACKENDS = { webgpu: "tfjs-webgpu", wasm: "tfjs-wasm" } as const satisfies Record<string, Library>;

export const PEERS: readonly Library[] = Object.values(BACKENDS);

/** Seconds that each library trains in a run of the race. */
export const SECONDS: readonly number[] = [1, 3, 10, 30];

export interface CompareChoices {
  /** The id of a workload. */
  readonly workload: string;
  readonly peers: readonly Library[];
  readonly seconds: number;
}

export const USUAL: CompareChoices = { workload: CHOICES[0]!.id, peers: PEERS, seconds: 3 };

export function linkOf(choices: CompareChoices): Settings {
  return unusual(written(choices), written(USUAL));
}

function written({ workload, peers, seconds }: CompareChoices): Settings {
  const beside = Object.entries(BACKENDS).filter(([, library]) => peers.includes(library));
  return { workload, beside: beside.map(([name]) => name).join("-") || "none", seconds };
}

export function choicesOfLink(link: LinkSettings): CompareChoices {
  const ids = CHOICES.map(({ id }) => id);
  const beside = link.choice("beside", [...Object.keys(BACKENDS), "none"]);
  return {
    workload: link.choice("workload", ids) ?? USUAL.workload,
    peers:
      beside === undefined ? PEERS : beside === "none" ? [] : [BACKENDS[beside as keyof typeof BACKENDS]],
    seconds: link.choice("seconds", SECONDS) ?? USUAL.seconds,
  };
}
