import { adagradUpdate } from "../ops/update/adagrad.ts";
import type { OptimizerKind } from "./kind.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, nonNegative, type ParameterSource } from "./param-group.ts";

/** Options of {@link Adagrad}. */
export interface AdagradOptions {
  /** Learning rate. Default 1e-2. */
  readonly lr?: number;
  /** How fast the learning rate decays: step t has lr / (1 + (t - 1)·lrDecay). Default 0. */
  readonly lrDecay?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Initial sum of squared gradients. As in PyTorch, a group's own value is ignored. Default 0. */
  readonly initialAccumulatorValue?: number;
  /** Added to the denominator. Default 1e-10. */
  readonly eps?: number;
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}

const adagradKind: OptimizerKind<AdagradOptions> = {
  name: "Adagrad",
  defaults: {
    lr: 1e-2,
    lrDecay: 0,
    eps: 1e-10,
    weightDecay: 0,
    initialAccumulatorValue: 0,
    maximize: false,
  },
  checks: {
    lr: nonNegative,
    lrDecay: nonNegative,
    eps: nonNegative,
    weightDecay: nonNegative,
    initialAccumulatorValue: nonNegative,
    maximize: boolean,
  },
  scalars: ["step"],
  allBuffers: ["sum"],
  buffers: () => ["sum"],
  initial: ({ initialAccumulatorValue }) => initialAccumulatorValue,
  update: (group, clock, range, plan) =>
    adagradUpdate(
      range,
      () => {
        const { lr, lrDecay, eps, weightDecay, maximize } = group;
        return { rate: lr / (1 + (clock().step - 1) * lrDecay), eps, weightDecay, maximize };
      },
      plan,
    ),
};

/**
 * Adagrad (Duchi et al., 2011), as `torch.optim.Adagrad`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html).
 *
 * @example
 * const optimizer = new optim.Adagrad(model.parameters(), { lr: 0.05 });
 * const trainer = new Trainer(device, model, { loss: criterion, optimizer });
 * await trainer.fit(loader, { epochs: 20 });
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  constructor(params: ParameterSource<AdagradOptions>, options: AdagradOptions = {}, ...more: never[]) {
    super(adagradKind, params, options, more);
  }
}
