import { asgdUpdate } from "../ops/update/asgd.ts";
import type { OptimizerKind } from "./kind.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, finite, nonNegative, type ParameterSource } from "./param-group.ts";

/** Options of {@link ASGD}. */
export interface AsgdOptions {
  /** Learning rate. Default 1e-2. */
  readonly lr?: number;
  /** Decay term: every step multiplies a parameter by 1 - lambd·eta. Default 1e-4. */
  readonly lambd?: number;
  /** How fast the step size falls: after step t it is lr / (1 + lambd·lr·t)^alpha. Default 0.75. */
  readonly alpha?: number;
  /** Step after which parameters are averaged. Default 1e6. */
  readonly t0?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}

/** Step size and averaging weight: `eta` and `mu` of the next step, as in PyTorch's state dict, and those of the step that runs now. */
type AsgdState = {
  readonly eta: number;
  readonly mu: number;
  readonly etaNow: number;
  readonly muNow: number;
};

const asgdKind: OptimizerKind<AsgdOptions, AsgdState> = {
  name: "ASGD",
  defaults: { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false },
  checks: {
    lr: nonNegative,
    lambd: nonNegative,
    alpha: nonNegative,
    t0: finite,
    weightDecay: nonNegative,
    maximize: boolean,
  },
  // The first step's size is the learning rate it finds.
  own: { eta: Number.NaN, mu: 1, etaNow: 0, muNow: 1 },
  scalars: ["step", "eta", "mu"],
  allBuffers: ["ax"],
  buffers: () => ["ax"],
  // PyTorch keeps both as float32.
  tick: ({ lr, lambd, alpha, t0 }, { step, own: { eta, mu } }) => ({
    eta: Math.fround(lr / (1 + lambd * lr * step) ** alpha),
    mu: Math.fround(1 / Math.max(1, step - t0)),
    etaNow: Number.isNaN(eta) ? Math.fround(lr) : eta,
    muNow: mu,
  }),
  update: (group, clock, range, plan) =>
    asgdUpdate(
      range,
      () => {
        const { lambd, weightDecay, maximize } = group;
        const { etaNow, muNow } = clock().own;
        return { keep: 1 - lambd * etaNow, eta: etaNow, mu: muNow, weightDecay, maximize };
      },
      plan,
    ),
};

/**
 * Averaged stochastic gradient descent (Polyak & Juditsky, 1992), as `torch.optim.ASGD`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.ASGD.html). The averages are `ax` in its state dict.
 *
 * @example
 * const optimizer = new optim.ASGD(model.parameters(), { lr: 0.1 });
 * const trainer = new Trainer(device, model, { loss: criterion, optimizer });
 * await trainer.fit(loader, { epochs: 20 });
 */
export class ASGD extends Optimizer<AsgdOptions> {
  constructor(params: ParameterSource<AsgdOptions>, options: AsgdOptions = {}, ...more: never[]) {
    super(asgdKind, params, options, more);
  }
}
