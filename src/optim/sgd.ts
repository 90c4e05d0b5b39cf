import { OptionError } from "../errors.ts";
import { sgdUpdate } from "../ops/update/sgd.ts";
import type { OptimizerKind } from "./kind.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, finite, nonNegative, type ParameterSource } from "./param-group.ts";

export interface SgdOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: number;
  /** Share of the last step's direction that is kept. Default 0. */
  readonly momentum?: number;
  /** Share of the gradient that momentum leaves out. Default 0. */
  readonly dampening?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Whether momentum is Nesterov's; it needs momentum without dampening. Default false. */
  readonly nesterov?: boolean;
  /** Whether the loss is made larger instead of smaller. Default false. */
  readonly maximize?: boolean;
}

/** Whether the momentum buffer has begun, and whether it begins with the step that runs now. */
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
 */
export class SGD extends Optimizer<SgdOptions> {
  constructor(params: ParameterSource<SgdOptions>, options: SgdOptions = {}) {
    super(sgdKind, params, options);
  }
}
