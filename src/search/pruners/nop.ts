import { checkNoMore } from "../../checks.ts";
import type { Pruner } from "../sampler.ts";

/** Prunes nothing: Optuna's `NopPruner`. */
export class Nop implements Pruner {
  constructor(...more: never[]) {
    checkNoMore("pruners.Nop", more);
  }

  prune(): boolean {
    return false;
  }
}
