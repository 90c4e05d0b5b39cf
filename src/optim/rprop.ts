import { checkNumber, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { rpropUpdate } from "../ops/update/rprop.ts";
import type { OptimizerKind } from "./kind.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, type Check, nonNegative, type ParameterSource } from "./param-group.ts";

/** Options of {@link Rprop}. */
export interface RpropOptions {
  /** Size of every element's first step. Default 1e-2. */
  readonly lr?: number;
  /** Factors on a step size where the gradient's sign has changed, and where it has not. Default [0.5, 1.2]. */
  readonly etas?: readonly [number, number];
  /** Smallest and largest step size. Default [1e-6, 50]. */
  readonly stepSizes?: readonly [number, number];
  /** Whether to maximize the loss. Default false. */
  readonly maximize?: boolean;
}

/** Two numbers, each in its own range. */
function two(expected: string, isFit: (first: number, second: number) => boolean): Check {
  return (where, name, value) => {
    if (!Array.isArray(value) || value.length !== 2) {
      throw new OptionError(`${where}: ${name} must be two numbers, got ${show(value)}`);
    }
    for (const one of value) checkNumber(where, `each of ${name}`, one, "a finite number", () => true);
    if (!isFit(value[0], value[1])) {
      throw new OptionError(`${where}: ${name} must be ${expected}, got ${show(value)}`);
    }
  };
}

const rpropKind: OptimizerKind<RpropOptions> = {
  name: "Rprop",
  defaults: { lr: 1e-2, etas: [0.5, 1.2], stepSizes: [1e-6, 50], maximize: false },
  checks: {
    lr: nonNegative,
    etas: /* @__PURE__ */ two(
      "one in (0, 1) and one above 1",
      (minus, plus) => minus > 0 && minus < 1 && plus > 1,
    ),
    stepSizes: /* @__PURE__ */ two(
      "smallest and largest, of at least 0",
      (low, high) => low >= 0 && high >= low,
    ),
    maximize: boolean,
  },
  scalars: ["step"],
  allBuffers: ["prev", "step_size"],
  buffers: () => ["prev", "step_size"],
  update: (group, _, range, plan) => rpropUpdate(range, () => group, plan),
};

/**
 * Resilient backpropagation (Riedmiller & Braun, 1993), as `torch.optim.Rprop`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html). It uses only the gradients' signs, so an element whose
 * gradient is NaN stays where it is. For whole batches, as a step size follows signs from step to step.
 *
 * @example
 * const optimizer = new optim.Rprop(model.parameters(), { lr: 0.01 });
 * const trainer = new Trainer(device, model, { loss: criterion, optimizer });
 * await trainer.fit(loader, { epochs: 20 });
 */
export class Rprop extends Optimizer<RpropOptions> {
  constructor(params: ParameterSource<RpropOptions>, options: RpropOptions = {}, ...more: never[]) {
    super(rpropKind, params, options, more);
  }
}
