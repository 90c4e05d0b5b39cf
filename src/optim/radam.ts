import { adamUpdate, decayOf } from "../ops/update/adam.ts";
import type { OptimizerKind } from "./kind.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, nonNegative, type ParameterSource, type Settings, twoBetas } from "./param-group.ts";

/** Options of {@link RAdam}. */
export interface RAdamOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: number;
  /** Decay of the running averages of the gradient and its square. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  readonly eps?: number;
  /** Weight decay: an L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Whether every step multiplies a parameter by 1 - lr·weightDecay instead of the penalty. Default false. */
  readonly decoupledWeightDecay?: boolean;
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}

/** The step size, and whether to divide by the second moment: not in the first few steps, while its variance is unbounded. */
function rectified({ lr, betas: [beta1, beta2] }: Settings<RAdamOptions>, step: number) {
  const corrected = lr / (1 - beta1 ** step);
  const correction2 = 1 - beta2 ** step;
  const rhoInfinity = 2 / (1 - beta2) - 1;
  const rho = rhoInfinity - (2 * step * beta2 ** step) / correction2;
  if (rho <= 5) return { momentStep: corrected, adaptive: false };
  const rectification = Math.sqrt(
    ((rho - 4) * (rho - 2) * rhoInfinity) / ((rhoInfinity - 4) * (rhoInfinity - 2) * rho),
  );
  return { momentStep: corrected * rectification * Math.sqrt(correction2), adaptive: true };
}

const radamKind: OptimizerKind<RAdamOptions> = {
  name: "RAdam",
  defaults: {
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0,
    decoupledWeightDecay: false,
    maximize: false,
  },
  checks: {
    lr: nonNegative,
    betas: twoBetas,
    eps: nonNegative,
    weightDecay: nonNegative,
    decoupledWeightDecay: boolean,
    maximize: boolean,
  },
  scalars: ["step"],
  allBuffers: ["exp_avg", "exp_avg_sq"],
  buffers: () => ["exp_avg", "exp_avg_sq"],
  update: (group, clock, range, plan) =>
    adamUpdate(range, () => ({ ...group, ...decayOf(group), ...rectified(group, clock().step) }), plan),
};

/**
 * Rectified Adam (Liu et al., 2020), as `torch.optim.RAdam`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html).
 *
 * @example
 * const optimizer = new optim.RAdam(model.parameters(), { lr: 1e-3 });
 * const trainer = new Trainer(device, model, { loss: criterion, optimizer });
 * await trainer.fit(loader, { epochs: 20 });
 */
export class RAdam extends Optimizer<RAdamOptions> {
  constructor(params: ParameterSource<RAdamOptions>, options: RAdamOptions = {}, ...more: never[]) {
    super(radamKind, params, options, more);
  }
}
