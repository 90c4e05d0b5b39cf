import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import type { PlanSettings } from "../op.ts";
import type { Cell } from "./cell.ts";

/** Version `sequence`, with the kernels of every cell. */
export const sequence = /* @__PURE__ */ new OnDemand(async () =>
  (await import("./sequence.ts")).sequence(Kernel, linearGrid),
);

/** The texts of a cell's kernels of the version where it is offered: where it is pinned. */
export const offeredTexts = (cell: Cell, { pins }: Pick<PlanSettings, "pins">) =>
  pins.recurrent === "sequence" ? cell.sequence : null;
