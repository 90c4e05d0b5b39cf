import { type AdamScalars, adamUpdate } from "../ops/update/adam.ts";
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
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Whether to divide by the largest second moment so far (Reddi et al., 2018). Default false. */
  readonly amsgrad?: boolean;
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}

/** Options of {@link AdamW}. */
export interface AdamWOptions extends Omit<AdamOptions, "weightDecay"> {
  /** Weight decay: every step multiplies a parameter by 1 - lr·weightDecay. Default 1e-2. */
  readonly weightDecay?: number;
}

const checks = {
  lr: nonNegative,
  betas: twoBetas,
  eps: nonNegative,
  weightDecay: nonNegative,
  amsgrad: boolean,
  maximize: boolean,
};

/** Bias corrections of the moments, which start at zero. */
function corrected({ lr, betas: [beta1, beta2] }: Settings<AdamOptions>, { step }: Clock) {
  return { momentStep: lr / (1 - beta1 ** step), rootCorrection2: Math.sqrt(1 - beta2 ** step) };
}

/** @param decay How a group's weights decay. */
function adamKind(
  name: string,
  weightDecay: number,
  decay: (group: Settings<AdamOptions>) => Pick<AdamScalars, "weightDecay" | "keep">,
): OptimizerKind<AdamOptions> {
  return {
    name,
    defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay, amsgrad: false, maximize: false },
    checks,
    scalars: ["step"],
    allBuffers: ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"],
    buffers: ({ amsgrad }) => ["exp_avg", "exp_avg_sq", ...(amsgrad ? ["max_exp_avg_sq"] : [])],
    update: (group, clock, range, plan) =>
      adamUpdate(
        range,
        () => {
          const { betas, eps, maximize } = group;
          return { betas, eps, maximize, ...decay(group), ...corrected(group, clock()) };
        },
        plan,
      ),
  };
}

const adam = /* @__PURE__ */ adamKind("Adam", 0, ({ weightDecay }) => ({ weightDecay }));
const adamW = /* @__PURE__ */ adamKind("AdamW", 1e-2, ({ lr, weightDecay }) => ({
  keep: 1 - lr * weightDecay,
}));

/**
 * Adam (Kingma & Ba, 2015), as `torch.optim.Adam`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html).
 */
export class Adam extends Optimizer<AdamOptions> {
  constructor(params: ParameterSource<AdamOptions>, options: AdamOptions = {}, ...more: never[]) {
    super(adam, params, options, more);
  }
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter, 2019), as `torch.optim.AdamW`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html).
 */
export class AdamW extends Optimizer<AdamWOptions> {
  constructor(params: ParameterSource<AdamWOptions>, options: AdamWOptions = {}, ...more: never[]) {
    super(adamW, params, options, more);
  }
}
