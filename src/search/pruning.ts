import { checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Callback } from "../train/callbacks.ts";
import { TrialPruned } from "./errors.ts";
import { Trial } from "./trial.ts";

/** Options of {@link pruning}. */
export interface PruningOptions {
  /** What to report: `"loss"`, `"validationLoss"` or a metric's name. By default the validation loss, or without validation the loss. */
  readonly monitor?: string;
}

/**
 * A callback for `trainer.fit` that reports each epoch to a trial and ends the training, with {@link TrialPruned}, once the study's pruner
 * says so. Epochs without the monitored number are not reported.
 *
 * @example
 * await trainer.fit(loader, { epochs: 50, validation, callbacks: [pruning(trial)], signal: trial.signal });
 */
export function pruning(trial: Trial, options: PruningOptions = {}, ...more: never[]): Callback {
  const where = "pruning";
  checkOptions(where, options, ["monitor"], more);
  const { monitor } = options;
  if (!(trial instanceof Trial))
    throw new OptionError(`${where}: trial must be a trial of a study, got ${show(trial)}`);
  if (monitor !== undefined && typeof monitor !== "string")
    throw new OptionError(`${where}: monitor must be the name of a reported number, got ${show(monitor)}`);
  let name = monitor ?? "loss";
  return {
    onFitStart({ monitors }) {
      name = monitor ?? (monitors.includes("validationLoss") ? "validationLoss" : "loss");
      if (!monitors.includes(name)) {
        throw new OptionError(
          `${where}: monitor must be one of ${monitors.join(", ")}, got ${show(name)}; give fit a validation set for others`,
        );
      }
    },
    async onEpochEnd(_, { epoch, loss, validationLoss, metrics }) {
      const value = name === "loss" ? loss : name === "validationLoss" ? validationLoss : metrics?.[name];
      if (value === undefined) return;
      trial.report(value, epoch);
      if (await trial.shouldPrune())
        throw new TrialPruned(`pruned after epoch ${epoch} with ${name} ${value}`);
    },
  };
}
