import { adamaxUpdate } from "../ops/update/adamax.ts";
import type { OptimizerKind } from "./kind.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, nonNegative, type ParameterSource, twoBetas } from "./param-group.ts";

/** Options of {@link Adamax}. */
export interface AdamaxOptions {
  /** Learning rate. Default 2e-3. */
  readonly lr?: number;
  /** Decay of the running average of the gradient and of its largest size. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the gradient's size. Default 1e-8. */
  readonly eps?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}

const adamaxKind: OptimizerKind<AdamaxOptions> = {
  name: "Adamax",
  defaults: { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false },
  checks: { lr: nonNegative, betas: twoBetas, eps: nonNegative, weightDecay: nonNegative, maximize: boolean },
  scalars: ["step"],
  allBuffers: ["exp_avg", "exp_inf"],
  buffers: () => ["exp_avg", "exp_inf"],
  update: (group, clock, range, plan) =>
    adamaxUpdate(range, () => ({ ...group, rate: group.lr / (1 - group.betas[0] ** clock().step) }), plan),
};

/**
 * Adam with the largest gradient in place of the second moment (Kingma & Ba, 2015), as `torch.optim.Adamax`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html).
 *
 * @example
 * const optimizer = new optim.Adamax(model.parameters(), { lr: 2e-3 });
 * const trainer = new Trainer(device, model, { loss: criterion, optimizer });
 * await trainer.fit(loader, { epochs: 20 });
 */
export class Adamax extends Optimizer<AdamaxOptions> {
  constructor(params: ParameterSource<AdamaxOptions>, options: AdamaxOptions = {}, ...more: never[]) {
    super(adamaxKind, params, options, more);
  }
}
