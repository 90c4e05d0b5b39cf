import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import type { Offering } from "../op.ts";
import type { Cell } from "./cell.ts";

/** Version `sequence`, with the kernels of every cell. */
export const sequence = /* @__PURE__ */ new OnDemand(async () =>
  (await import("./sequence.ts")).sequence(Kernel, linearGrid),
);

/** The texts of a cell's kernels of the version where it is offered: where it is pinned, or a timing has chosen it or may. */
export const offeredTexts = (
  cell: Cell,
  { pins, proves, facts: { versions = {} } }: Omit<Offering, "calibrate">,
) =>
  pins.recurrent === "sequence" || proves || Object.values(versions).includes("sequence")
    ? cell.sequence
    : null;
