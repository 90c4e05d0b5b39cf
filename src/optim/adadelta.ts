import { checkNumber } from "../checks.ts";
import { adadeltaUpdate } from "../ops/update/adadelta.ts";
import type { OptimizerKind } from "./kind.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, nonNegative, type ParameterSource } from "./param-group.ts";

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions {
  /** Learning rate. Default 1. */
  readonly lr?: number;
  /** Decay of the running averages of the squared gradient and the squared step. Default 0.9. */
  readonly rho?: number;
  /** Added under both roots. Default 1e-6. */
  readonly eps?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}

const adadeltaKind: OptimizerKind<AdadeltaOptions> = {
  name: "Adadelta",
  defaults: { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false },
  checks: {
    lr: nonNegative,
    rho: (where, name, value) => checkNumber(where, name, value, "in [0, 1]", (n) => n >= 0 && n <= 1),
    eps: nonNegative,
    weightDecay: nonNegative,
    maximize: boolean,
  },
  scalars: ["step"],
  allBuffers: ["square_avg", "acc_delta"],
  buffers: () => ["square_avg", "acc_delta"],
  update: (group, _, range, plan) => adadeltaUpdate(range, () => group, plan),
};

/**
 * Adadelta (Zeiler, 2012), as `torch.optim.Adadelta`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html).
 *
 * @example
 * const optimizer = new optim.Adadelta(model.parameters(), { rho: 0.95 });
 * const trainer = new Trainer(device, model, { loss: criterion, optimizer });
 * await trainer.fit(loader, { epochs: 20 });
 */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  constructor(params: ParameterSource<AdadeltaOptions>, options: AdadeltaOptions = {}, ...more: never[]) {
    super(adadeltaKind, params, options, more);
  }
}
