import { adamUpdate, decayOf } from "../ops/update/adam.ts";
import type { OptimizerKind } from "./kind.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, nonNegative, type ParameterSource, type Settings, twoBetas } from "./param-group.ts";

/** Options of {@link NAdam}. */
export interface NAdamOptions {
  /** Learning rate. Default 2e-3. */
  readonly lr?: number;
  /** Decay of the running averages of the gradient and its square. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  readonly eps?: number;
  /** Weight decay: an L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** How fast the momentum factor approaches betas[0]. Default 4e-3. */
  readonly momentumDecay?: number;
  /** Whether every step multiplies a parameter by 1 - lr·weightDecay instead of the penalty. Default false. */
  readonly decoupledWeightDecay?: boolean;
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}

/** The momentum factor μ of a step. */
function momentumFactor({ betas, momentumDecay }: Settings<NAdamOptions>, step: number): number {
  return betas[0] * (1 - 0.5 * 0.96 ** (step * momentumDecay));
}

/** The product of the momentum factors of all steps, under PyTorch's name. */
type NAdamState = { readonly mu_product: number };

const nadamKind: OptimizerKind<NAdamOptions, NAdamState> = {
  name: "NAdam",
  defaults: {
    lr: 2e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0,
    momentumDecay: 4e-3,
    decoupledWeightDecay: false,
    maximize: false,
  },
  checks: {
    lr: nonNegative,
    betas: twoBetas,
    eps: nonNegative,
    weightDecay: nonNegative,
    momentumDecay: nonNegative,
    decoupledWeightDecay: boolean,
    maximize: boolean,
  },
  own: { mu_product: 1 },
  scalars: ["step", "mu_product"],
  allBuffers: ["exp_avg", "exp_avg_sq"],
  buffers: () => ["exp_avg", "exp_avg_sq"],
  // PyTorch keeps the product as a float32.
  tick: (settings, { step, own }) => ({
    mu_product: Math.fround(own.mu_product * Math.fround(momentumFactor(settings, step))),
  }),
  update: (group, clock, range, plan) =>
    adamUpdate(
      range,
      () => {
        const { lr, betas } = group;
        const { step, own } = clock();
        const mu = momentumFactor(group, step);
        const muNext = momentumFactor(group, step + 1);
        return {
          ...group,
          ...decayOf(group),
          gradientStep: (lr * (1 - mu)) / (1 - own.mu_product),
          momentStep: (lr * muNext) / (1 - own.mu_product * muNext),
          rootCorrection2: Math.sqrt(1 - betas[1] ** step),
        };
      },
      plan,
    ),
};

/**
 * Adam with Nesterov momentum (Dozat, 2016), as `torch.optim.NAdam`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html).
 *
 * @example
 * const optimizer = new optim.NAdam(model.parameters(), { lr: 2e-3 });
 * const trainer = new Trainer(device, model, { loss: criterion, optimizer });
 * await trainer.fit(loader, { epochs: 20 });
 */
export class NAdam extends Optimizer<NAdamOptions> {
  constructor(params: ParameterSource<NAdamOptions>, options: NAdamOptions = {}, ...more: never[]) {
    super(nadamKind, params, options, more);
  }
}
