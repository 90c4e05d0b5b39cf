/**
 * What the planner predicts for GPUs that nobody has measured: the tables of docs/gpus.md. It uses the same functions as the planner, so a
 * measurement is held against what the planner believes.
 */
import { digits, markdown } from "../bench/markdown.ts";
import { withSections } from "../bench/results.ts";
import type { AdapterFacts } from "../src/gpu/adapter-facts.ts";
import { Tensor } from "../src/graph/tensor.ts";
import { loadAll } from "../src/ondemand.ts";
import type { PlanContext } from "../src/ops/op.ts";
import { History } from "../src/ops/recurrent/history.ts";
import { lstm } from "../src/ops/recurrent/lstm.ts";
import { offers } from "../src/ops/recurrent/offers-chunk.ts";
import type { Pass, Recurrence, RecurrentSizes } from "../src/ops/recurrent/recurrence.ts";
import { constantsOf, tilingMicros, tilingsOf } from "../src/ops/recurrent/sequence-tiling.ts";
import { stepBackward } from "../src/ops/recurrent/step-backward.ts";
import { stepForward } from "../src/ops/recurrent/step-forward.ts";

/** The GPUs of docs/gpus.md, which says where the facts come from. */
const GPUS: Readonly<Record<string, AdapterFacts>> = {
  phone: gpu({ gflops: 760, gloads: 24, barrierMicros: 0.2, dispatchMicros: 20, workgroups: 56 }),
  integrated: gpu({ gflops: 2600, gloads: 96, barrierMicros: 0.1, dispatchMicros: 5.2, workgroups: 96 }),
  datacentre: gpu({ gflops: 49_700, gloads: 669, barrierMicros: 0.05, dispatchMicros: 8.5, workgroups: 528 }),
};

/** Sizes of the tables: units, and batch rows. */
const SIZES = [64, 128, 256].flatMap((H) => [1, 32, 256].map((N) => [H, N] as const));

/** Time steps. */
const T = 64;

const PASSES: readonly Pass[] = ["forward", "backward"];

function gpu(facts: Omit<AdapterFacts, "subgroupSize" | "software">): AdapterFacts {
  return { ...facts, subgroupSize: 32, software: false };
}

/** A layer of which only the sizes count. */
function layer(sizes: RecurrentSizes): Recurrence {
  const nothing = new Tensor([0], null);
  const history = new History(sizes.T, sizes.N * sizes.H, false);
  return {
    sizes,
    reverse: false,
    span: { first: 0, count: sizes.T },
    gates: nothing,
    weight: nothing,
    bias: null,
    hidden: nothing,
    cells: nothing,
    lengths: null,
    hiddenAt: history,
    cellsAt: history,
    projection: null,
    reached: { input: 15, hidden: 15 },
    params: {},
  };
}

/** The tables by the name of a GPU: an LSTM's recurrent part, in µs a time step. */
async function paperTables(): Promise<Readonly<Record<string, string>>> {
  const texts = lstm.cell.offeredTexts!;
  await loadAll([offers, texts]);
  const versionsOf = (pass: Pass) => {
    const { sequence, split } = offers.module(lstm.cell, pass, texts).versions;
    return { step: pass === "forward" ? stepForward : stepBackward, split, sequence };
  };
  const tables: Record<string, string> = {};
  for (const [name, facts] of Object.entries(GPUS)) {
    const plan = { facts, maxInvocations: 256, maxGrid: 65_535 } as PlanContext;
    const rows = SIZES.map(([H, N]) => {
      const sizes: RecurrentSizes = { T, N, I: H, H, R: H, slots: 4 };
      const times = PASSES.map((pass) =>
        Object.values(versionsOf(pass)).map((version) => version.stepMicros(layer(sizes), plan)!),
      );
      const both = times[0]!.map((forward, i) => ((forward + times[1]![i]!) * T) / 1000);
      return [
        `${H}`,
        `${N}`,
        ...times.map((micros) => micros.map(digits).join(" / ")),
        both.map(digits).join(" / "),
        tilingCell(sizes, plan),
      ];
    });
    tables[name] = markdown([
      [
        "H",
        "B",
        "forward, µs a step",
        "backward, µs a step",
        `T = ${T}, both, ms`,
        "`sequence` forward: workgroups × invocations, rows, weights from memory a step",
      ],
      ...rows,
    ]);
  }
  return tables;
}

/** How the tiling with the shortest prediction spends the forward pass. */
function tilingCell(sizes: RecurrentSizes, plan: PlanContext): string {
  const micros = (tiling: Parameters<typeof tilingMicros>[2]) =>
    tilingMicros("forward", sizes, tiling, plan.facts);
  const [best] = tilingsOf("forward", sizes, plan).sort((a, b) => micros(a) - micros(b));
  const { ROWS, UNITS, QUADS, HELD, THREADS } = constantsOf("forward", sizes, best!);
  const groups = Math.ceil(sizes.N / ROWS);
  const kilobytes = (4 * 4 * (QUADS - HELD) * groups * THREADS * UNITS * sizes.slots) / 1024;
  return `${groups} × ${THREADS}, ${ROWS}, ${digits(kilobytes)} KiB`;
}

/** The page with its tables made anew. */
export async function paperPage(page: string): Promise<string> {
  return withSections(page, await paperTables());
}
