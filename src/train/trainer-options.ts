import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from "../checks.ts";
import { Device } from "../device.ts";
import { OptionError } from "../errors.ts";
import { Module } from "../nn/module.ts";
import type { StatefulModel } from "../nn/stateful.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { CompileOptions } from "../run/compile-options.ts";
import { showShape } from "../shape.ts";
import { checkMetrics } from "./check-metrics.ts";
import { NON_FINITE, type OnNonFinite } from "./finite.ts";
import type { Model } from "./forward.ts";
import type { Metric } from "./metrics.ts";
import type { Loss, StepSettings } from "./steps.ts";

/** Options of a `Trainer`. */
export interface TrainerOptions {
  /** What training minimizes, such as `nn.MSELoss`. */
  readonly loss: Loss;
  /** An optimizer of the model's parameters, such as `optim.Adam`. */
  readonly optimizer: Optimizer;
  /** Maximum norm of an update's gradients; `nn.utils.clipGradNorm_` scales larger gradients down. Default: no clipping. */
  readonly clipGradNorm?: number;
  /**
   * Number of batches whose gradients are added up for one update, as for one large batch; an epoch's last update may have fewer. Batches
   * are weighted by their samples, or equally if the loss's `reduction` is "sum". Default 1.
   */
  readonly accumulate?: number;
  /** Whether the model carries its state from batch to batch: see {@link StatefulTrainerOptions}. Default false. */
  readonly carryState?: false;
  /**
   * What to do about a batch whose loss or gradients are NaN or infinite. The GPU checks them before every update; it costs one dispatch.
   *
   * - "throw", the default: `fit` rejects with a {@link DivergedError}. The update of that batch and all later ones have been left out,
   *   so the model and the optimizer are as before it. `fit` learns of it when it reads the losses: after 256 batches, at the end of the
   *   epoch, and before a checkpoint is taken.
   * - "skip": leave that batch out and go on. Parameters, optimizer state and carried state stay as they were before it, and its step is
   *   not counted, as with PyTorch's `GradScaler`; a schedule that steps after every update counts it. With `accumulate` the whole update
   *   is left out. Reports say how many were. `fit` rejects with a {@link DivergedError} if no update of an epoch happened, or if an update
   *   has made a parameter infinite. It costs one more dispatch.
   * - "ignore": train on, as PyTorch does. Nothing is checked.
   *
   * Callbacks save finite states alone, whatever this says.
   */
  readonly onNonFinite?: OnNonFinite;
  /**
   * Finds out which op makes the first NaN or infinity, as {@link CompileOptions.detectAnomaly} does, in training, evaluations and
   * predictions. `fit` rejects with an {@link AnomalyError}; where `onNonFinite` is "throw" and has left the update out, with a
   * {@link DivergedError} whose `cause` is the AnomalyError. For finding faults: it is slow. Default false.
   */
  readonly detectAnomaly?: boolean;
  /** Metrics that an evaluation computes besides the loss. */
  readonly metrics?: readonly Metric[];
  /** Anything to keep in checkpoints, such as the model's sizes or a scaler: plain JSON, or objects that have a `toJSON`. */
  readonly config?: unknown;
}

/** Options of a `Trainer` of a {@link StatefulModel}. */
export interface StatefulTrainerOptions extends Omit<TrainerOptions, "carryState"> {
  /**
   * Truncated back-propagation through time: the model's `forward(x, state)` returns `{ output, state }`, each batch starts from the
   * final state of the previous one, and the loss is computed from `output`. The state stays on the GPU; no gradient flows back into
   * the previous batch.
   *
   * The state is zero at the first batch of a fit and at every batch with `begins: true`, as `data.TextBatches` sets it. If batches do
   * not have `begins`, it is zero at the first batch of every pass. An evaluation carries its own state. Means weight batches by their
   * number of targets, since windows may differ in length.
   */
  readonly carryState: true;
}

const OPTIONS = [
  "loss",
  "optimizer",
  "clipGradNorm",
  "accumulate",
  "carryState",
  "onNonFinite",
  "detectAnomaly",
  "metrics",
  "config",
];

/** Throws an OptionError unless a trainer can be made of these; gives the settings of its steps. */
export function stepSettings(
  device: Device,
  model: Model | StatefulModel,
  options: TrainerOptions | StatefulTrainerOptions,
): StepSettings {
  const where = "Trainer";
  if (!(device instanceof Device)) {
    throw new OptionError(`${where}: the first argument must be a Device, got ${show(device)}`);
  }
  if (!(model instanceof Module) || typeof model.forward !== "function") {
    throw new OptionError(
      `${where}: the model must extend nn.Module and have forward(x), got ${show(model)}`,
    );
  }
  checkOptions(where, options, OPTIONS);
  if (typeof options.loss?.forward !== "function" || typeof options.optimizer?.beginStep !== "function") {
    throw new OptionError(
      `${where}: options must be { loss, optimizer }, such as { loss: new nn.MSELoss(), optimizer }, got loss ${show(options.loss)} ` +
        `and optimizer ${show(options.optimizer)}`,
    );
  }
  const { loss, optimizer, clipGradNorm, accumulate = 1, carryState = false, metrics = [] } = options;
  const { onNonFinite = "throw", detectAnomaly = false } = options;
  if ("needsClosure" in optimizer) {
    throw new OptionError(
      `${where}: LBFGS evaluates a batch several times in a step; compile the step and await optimizer.step(closure)`,
    );
  }
  if (clipGradNorm !== undefined) {
    checkNumber(where, "clipGradNorm", clipGradNorm, "a number above 0", (n) => n > 0);
  }
  checkInteger(where, "accumulate", accumulate);
  checkBoolean(where, "carryState", carryState);
  checkBoolean(where, "detectAnomaly", detectAnomaly);
  if (!NON_FINITE.includes(onNonFinite)) {
    throw new OptionError(
      `${where}: onNonFinite must be one of ${NON_FINITE.join(", ")}, got ${show(onNonFinite)}`,
    );
  }
  checkMetrics(where, metrics);
  const own = new Set(model.parameters());
  const others = optimizer.parameters.filter((parameter) => !own.has(parameter));
  if (others.length > 0) {
    throw new OptionError(
      `${where}: the optimizer must have parameters of the model alone, since checkpoints keep the model; ` +
        `got ${others.length} of others, the first of shape ${showShape(others[0]!.shape)}: make their layers fields of the model, ` +
        "or create the optimizer from this model's parameters()",
    );
  }
  const settings = { loss, optimizer, clipGradNorm, accumulate, carryState, onNonFinite, detectAnomaly };
  return { ...settings, metrics: [...metrics] };
}

/** Throws an OptionError unless the optimizer has a state dict, as all of `optim` do. */
export function checkStateful(where: string, optimizer: Partial<Optimizer>): void {
  const { stateDict, loadStateDict } = optimizer;
  if (typeof stateDict === "function" && typeof loadStateDict === "function") return;
  throw new OptionError(
    `${where}: the optimizer must have stateDict and loadStateDict, got ${show(optimizer)}`,
  );
}
