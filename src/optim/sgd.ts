import { OptionError } from "../errors.ts";
import { sgdUpdate } from "../ops/update/sgd.ts";
import type { OptimizerKind } from "./kind.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, finite, nonNegative, type ParameterSource } from "./param-group.ts";

/** Options of {@link SGD}. */
export interface SgdOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: number;
  /** Momentum factor. Default 0. */
  readonly momentum?: number;
  /** Dampening of momentum: the gradient enters the buffer with factor 1 - dampening. Default 0. */
  readonly dampening?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Whether to use Nesterov momentum, which needs momentum without dampening. Default false. */
  readonly nesterov?: boolean;
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}

/** Whether the momentum buffer holds anything, and whether the step that runs now is the first to write it. */
type SgdState = { readonly isBuffered: boolean; readonly isFirst: boolean };

const sgdKind: OptimizerKind<SgdOptions, SgdState> = {
  name: "SGD",
  defaults: { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false },
  checks: {
    lr: nonNegative,
    momentum: nonNegative,
    dampening: finite,
    weightDecay: nonNegative,
    nesterov: boolean,
    maximize: boolean,
  },
  own: { isBuffered: false, isFirst: false },
  scalars: [],
  allBuffers: ["momentum_buffer"],
  together(where, { nesterov, momentum, dampening }) {
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new OptionError(
        `${where}: nesterov needs momentum above 0 and dampening 0, got momentum ${momentum} and dampening ${dampening}`,
      );
    }
  },
  buffers: ({ momentum }) => (momentum === 0 ? [] : ["momentum_buffer"]),
  hasState: ({ momentum }, { own }) => own.isBuffered && momentum !== 0,
  withBuffers: (own) => ({ ...own, isBuffered: true }),
  tick: ({ momentum }, { own: { isBuffered } }) => ({
    isBuffered: isBuffered || momentum !== 0,
    isFirst: !isBuffered,
  }),
  update: (group, clock, range, plan) =>
    sgdUpdate(range, () => ({ ...group, isFirst: clock().own.isFirst }), plan),
};

/**
 * Stochastic gradient descent with or without momentum, as `torch.optim.SGD`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html).
 * b = momentum·b + (1 - dampening)·g, θ = θ - lr·b; without momentum θ = θ - lr·g.
 *
 * @example
 * const decayed = { params: [embedding.weight], weightDecay: 1e-4 };
 * const optimizer = new optim.SGD([decayed, { params: fc.parameters() }], { lr: 0.1, momentum: 0.9 });
 * optimizer.lr = 0.01; // for every group, from the next run on
 */
export class SGD extends Optimizer<SgdOptions> {
  constructor(params: ParameterSource<SgdOptions>, options: SgdOptions = {}, ...more: never[]) {
    super(sgdKind, params, options, more);
  }
}
