import { rmspropUpdate } from "../ops/update/rmsprop.ts";
import type { OptimizerKind } from "./kind.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, nonNegative, type ParameterSource } from "./param-group.ts";

/** Options of {@link RMSprop}. */
export interface RMSpropOptions {
  /** Learning rate. Default 1e-2. */
  readonly lr?: number;
  /** Decay of the running average of the squared gradient. Default 0.99. */
  readonly alpha?: number;
  /** Added to the denominator. Default 1e-8. */
  readonly eps?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Momentum factor. Default 0. */
  readonly momentum?: number;
  /** Whether to divide the gradient by an estimate of its standard deviation. Default false. */
  readonly centered?: boolean;
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}

const rmspropKind: OptimizerKind<RMSpropOptions> = {
  name: "RMSprop",
  defaults: {
    lr: 1e-2,
    alpha: 0.99,
    eps: 1e-8,
    weightDecay: 0,
    momentum: 0,
    centered: false,
    maximize: false,
  },
  checks: {
    lr: nonNegative,
    alpha: nonNegative,
    eps: nonNegative,
    weightDecay: nonNegative,
    momentum: nonNegative,
    centered: boolean,
    maximize: boolean,
  },
  scalars: ["step"],
  allBuffers: ["square_avg", "momentum_buffer", "grad_avg"],
  buffers: ({ momentum, centered }) => [
    "square_avg",
    ...(momentum > 0 ? ["momentum_buffer"] : []),
    ...(centered ? ["grad_avg"] : []),
  ],
  update: (group, _, range, plan) => rmspropUpdate(range, () => group, plan),
};

/**
 * RMSprop (Hinton, 2012), as `torch.optim.RMSprop`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html).
 *
 * @example
 * const optimizer = new optim.RMSprop(model.parameters(), { lr: 1e-3, momentum: 0.9 });
 * const trainer = new Trainer(device, model, { loss: criterion, optimizer });
 * await trainer.fit(loader, { epochs: 20 });
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  constructor(params: ParameterSource<RMSpropOptions>, options: RMSpropOptions = {}, ...more: never[]) {
    super(rmspropKind, params, options, more);
  }
}
