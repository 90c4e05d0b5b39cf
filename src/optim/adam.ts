import { adamUpdate, decayOf } from "../ops/update/adam.ts";
import type { Clock, OptimizerKind } from "./kind.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, nonNegative, type ParameterSource, type Settings, twoBetas } from "./param-group.ts";

/** Options of {@link Adam}. */
export interface AdamOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: number;
  /** Decay of the running averages of the gradient and its square. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  readonly eps?: number;
  /** Weight decay: an L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Whether every step multiplies a parameter by 1 - lr·weightDecay instead, as {@link AdamW} does. Default false. */
  readonly decoupledWeightDecay?: boolean;
  /** Whether to divide by the largest second moment so far (Reddi et al., 2018). Default false. */
  readonly amsgrad?: boolean;
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}

/** Options of {@link AdamW}. */
export interface AdamWOptions extends Omit<AdamOptions, "weightDecay" | "decoupledWeightDecay"> {
  /** Weight decay: every step multiplies a parameter by 1 - lr·weightDecay. Default 1e-2. */
  readonly weightDecay?: number;
}

const defaults = {
  lr: 1e-3,
  betas: [0.9, 0.999] as [number, number],
  eps: 1e-8,
  amsgrad: false,
  maximize: false,
};

const shared = {
  checks: {
    lr: nonNegative,
    betas: twoBetas,
    eps: nonNegative,
    weightDecay: nonNegative,
    amsgrad: boolean,
    maximize: boolean,
  },
  scalars: ["step"],
  allBuffers: ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"],
  buffers: ({ amsgrad }: Settings<AdamWOptions>) => [
    "exp_avg",
    "exp_avg_sq",
    ...(amsgrad ? ["max_exp_avg_sq"] : []),
  ],
};

/** Bias corrections of the moments, which start at zero. */
function corrected({ lr, betas: [beta1, beta2] }: Settings<AdamWOptions>, { step }: Clock) {
  return { momentStep: lr / (1 - beta1 ** step), rootCorrection2: Math.sqrt(1 - beta2 ** step) };
}

const adam: OptimizerKind<AdamOptions> = {
  ...shared,
  name: "Adam",
  defaults: { ...defaults, weightDecay: 0, decoupledWeightDecay: false },
  checks: { ...shared.checks, decoupledWeightDecay: boolean },
  update: (group, clock, range, plan) =>
    adamUpdate(range, () => ({ ...group, ...decayOf(group), ...corrected(group, clock()) }), plan),
};

const adamW: OptimizerKind<AdamWOptions> = {
  ...shared,
  name: "AdamW",
  defaults: { ...defaults, weightDecay: 1e-2 },
  update: (group, clock, range, plan) =>
    adamUpdate(
      range,
      () => ({
        ...group,
        ...decayOf({ ...group, decoupledWeightDecay: true }),
        ...corrected(group, clock()),
      }),
      plan,
    ),
};

/**
 * Adam (Kingma & Ba, 2015), as `torch.optim.Adam`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html).
 * With m = β₁m + (1 - β₁)g and v = β₂v + (1 - β₂)g², both corrected for their start at zero: θ = θ - lr·m/(√v + eps).
 *
 * @example
 * const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3, betas: [0.9, 0.999] });
 * const step = await device.compile(fn, { inputs: { x: [64, 20, 1], y: [64, 1] }, optimizer });
 * step.run({ x, y }); // computes the loss, the gradients and the update
 */
export class Adam extends Optimizer<AdamOptions> {
  constructor(params: ParameterSource<AdamOptions>, options: AdamOptions = {}, ...more: never[]) {
    super(adam, params, options, more);
  }
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter, 2019), as `torch.optim.AdamW`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html).
 * Before each update θ = θ·(1 - lr·weightDecay); the gradient stays as it is.
 *
 * @example
 * const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3, weightDecay: 0.01 });
 * const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
 * await trainer.fit(loader, { epochs: 20 });
 */
export class AdamW extends Optimizer<AdamWOptions> {
  constructor(params: ParameterSource<AdamWOptions>, options: AdamWOptions = {}, ...more: never[]) {
    super(adamW, params, options, more);
  }
}
