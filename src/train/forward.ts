import { GraphError } from "../errors.ts";
import { Tensor } from "../graph/tensor.ts";
import type { Module } from "../nn/module.ts";
import { leavesOf, rebuild } from "../nn/state-tree.ts";
import {
  checkStateful,
  inMode,
  recurrentLayersOf,
  type StatefulModel,
  traceStateful,
} from "../nn/stateful.ts";
import type { InputShapes } from "../run/inputs.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";

/** A model that maps one batch of inputs to one batch of predictions. */
export type Model = Module & { forward(x: Tensor): Tensor };

/** The form of a model's state for one shape of batches. */
interface StateForm {
  /** A state of that form; its tensors belong to a trace that is over. */
  readonly state: unknown;
  /** Shapes of its tensors by path: `state.h`. */
  readonly shapes: InputShapes;
}

const NONE: StateForm = { state: null, shapes: {} };

/** A trainer's model as its steps call it: in training or evaluation mode, with or without a state that is carried. */
export class Forward {
  readonly #model: Model | StatefulModel;
  readonly #carryState: boolean;
  readonly #forms = new Map<string, StateForm>();

  constructor(where: string, model: Model | StatefulModel, carryState: boolean) {
    this.#model = model;
    this.#carryState = carryState;
    if (carryState) recurrentLayersOf(`${where}: carryState`, model);
  }

  /** Shapes of the state's tensors by path, for a batch of inputs; none if nothing is carried. */
  stateShapes(where: string, x: Shape): InputShapes {
    return this.#formOf(where, x).shapes;
  }

  /**
   * Traces the model in training or evaluation mode. It is called within traced functions, since a program for
   * another batch size is traced when it is first needed.
   * @param inputs `x`, and the state's tensors by path unless the state is zero.
   */
  trace(
    inputs: Readonly<Record<string, Tensor>>,
    training: boolean,
  ): { readonly output: Tensor; readonly state: Readonly<Record<string, Tensor>> } {
    const model = this.#model;
    const { x, ...given } = inputs as { readonly x: Tensor };
    return inMode("Trainer", model, training, () => {
      if (!this.#carryState) return { output: checkOutput((model as Model).forward(x)), state: {} };
      const { state: form, shapes } = this.#formOf("Trainer", x.shape);
      const leaves = given as Readonly<Record<string, Tensor>>;
      const before = Object.keys(leaves).length > 0 ? rebuild(form, (path) => leaves[path]!) : undefined;
      const { output, state } = checkStateful("Trainer", (model as StatefulModel).forward(x, before));
      const after = Object.fromEntries(leavesOf("Trainer", state));
      for (const [path, shape] of Object.entries(shapes)) {
        const left = after[path]?.shape;
        if (left && sameShape(left, shape)) continue;
        throw new GraphError(
          `Trainer: the model was given a ${path} of ${showShape(shape)} and returned ${left ? showShape(left) : "none"}; ` +
            "with carryState what comes out must fit what goes in",
        );
      }
      return { output, state: Object.fromEntries(Object.keys(shapes).map((path) => [path, after[path]!])) };
    });
  }

  #formOf(where: string, x: Shape): StateForm {
    if (!this.#carryState) return NONE;
    const key = showShape(x);
    const known = this.#forms.get(key);
    if (known) return known;
    const { state } = traceStateful(where, this.#model as StatefulModel, x);
    const shapes = Object.fromEntries([...leavesOf(where, state)].map(([path, { shape }]) => [path, shape]));
    if (Object.keys(shapes).length === 0) {
      throw new GraphError(
        `${where}: the model returns no state; with carryState forward(x, state) must return { output, state }`,
      );
    }
    const form = { state, shapes };
    this.#forms.set(key, form);
    return form;
  }
}

/** Throws for the output of a stateful model, whose `carryState` is easily forgotten. The loss refuses other wrong outputs. */
function checkOutput(output: Tensor): Tensor {
  const { output: inner } = (output ?? {}) as { readonly output?: unknown };
  if (inner instanceof Tensor) {
    throw new GraphError(
      "Trainer: the model's forward returned { output, state }; set carryState: true to carry the state from batch to batch, or " +
        "return the output alone",
    );
  }
  return output;
}
