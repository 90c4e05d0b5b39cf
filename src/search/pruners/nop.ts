import { checkNoMore } from "../../checks.ts";
import type { Pruner } from "../sampler.ts";

/**
 * Prunes nothing: Optuna's `NopPruner`.
 *
 * @example
 * const study = await createStudy({ pruner: new pruners.Nop() });
 * await study.optimize((trial) => train(trial.suggestFloat("lr", 1e-4, 0.1), trial.signal), { trials: 30 });
 */
export class Nop implements Pruner {
  constructor(...more: never[]) {
    checkNoMore("pruners.Nop", more);
  }

  prune(): boolean {
    return false;
  }
}
