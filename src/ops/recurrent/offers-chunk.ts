import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid, tileGrid } from "../grid.ts";
import type { Offering } from "../op.ts";
import type { Cell } from "./cell.ts";

/** Versions `sequence` and `split`, with the kernels of every cell. */
export const offers = /* @__PURE__ */ new OnDemand(async () =>
  (await import("./offers.ts")).offersOf(Kernel, { linearGrid, tileGrid }),
);

/** The texts of a cell's kernels of these versions where one is offered: where it is pinned, or a timing has chosen it or may. */
export const offeredTexts = (
  cell: Cell,
  { pins: { recurrent }, proves, facts: { versions = {} } }: Omit<Offering, "calibrate">,
) =>
  proves || [recurrent, ...Object.values(versions)].some((version) => /^s(equence|plit)$/.test(version ?? ""))
    ? cell.offeredTexts
    : null;
