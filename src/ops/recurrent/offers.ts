/** The versions that only timings choose, on hardware. The file loads on demand, and imports types and what loads with it alone. */
import type { Kernel, KernelDeclaration } from "../../gpu/kernel.ts";
import type { Grids } from "../grid.ts";
import type { Cell } from "./cell.ts";
import type { Pass } from "./recurrence.ts";
import { sequenceVersion } from "./sequence.ts";
import { declarations, transposition } from "./sequence-kernels.ts";
import { splitDeclaration, splitVersion } from "./split.ts";
import type { Version } from "./version.ts";

/** The versions of a cell's pass, among others. */
export interface Offer {
  readonly versions: Readonly<Record<"sequence" | "split", Version>>;
  readonly kernels: Readonly<Record<"sequence" | "split", Kernel>>;
  readonly transpose: Kernel;
}

type Declaration = KernelDeclaration<string, string>;

/** Gives the versions of a cell's pass, which are made once, with kernels of the given class and grids by the given functions. */
export function offersOf(KernelOf: new (declaration: Declaration) => Kernel, grids: Grids) {
  const made = new Map<string, Offer>();
  return (cell: Cell, pass: Pass, texts: Declaration["texts"]): Offer => {
    const key = `${cell.name} ${pass}`;
    let offer = made.get(key);
    if (!offer) {
      const transpose = new KernelOf({ ...transposition, texts });
      const ofSequence = declarations[cell.name as keyof typeof declarations][pass];
      offer = {
        versions: {
          sequence: sequenceVersion(cell.name, pass, transpose, grids),
          split: splitVersion(pass, transpose, grids),
        },
        kernels: {
          sequence: new KernelOf({ ...ofSequence, texts }),
          split: new KernelOf({ ...splitDeclaration(cell, pass), texts }),
        },
        transpose,
      };
      made.set(key, offer);
    }
    return offer;
  };
}
