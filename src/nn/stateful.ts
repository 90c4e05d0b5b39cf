import { show } from "../checks.ts";
import { GraphError, OptionError } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import { recording, Tensor } from "../graph/tensor.ts";
import type { Shape } from "../shape.ts";
import type { Module } from "./module.ts";
import { Recurrent } from "./recurrent.ts";

/**
 * A model that takes the state it returned, as `nn.LSTM`, `nn.GRU` and `nn.RNN` do: for a `Stream`, step by step, and for a
 * `Trainer` with `carryState`, batch by batch. The state is a tensor, or tensors in objects and arrays; without one the model
 * starts from zero.
 */
export type StatefulModel = Module & {
  // biome-ignore lint/suspicious/noExplicitAny: the model defines its state
  forward(x: Tensor, state?: any): { readonly output: Tensor; readonly state: unknown };
};

/** Runs a model from the zero state in a separate trace, to find the shapes of its output and state. */
export function traceStateful(where: string, model: StatefulModel, input: Shape) {
  // Only shapes matter here, not random numbers.
  const graph = new Graph({ next: () => ({ seed: 0, stream: 0, run: () => 0 }) });
  return checkStateful(
    where,
    recording.into(graph, () => model.forward(graph.input(input))),
  );
}

/**
 * Runs `fn` with a model in training or evaluation mode; afterwards every module has the mode it had. In a traced function the step
 * keeps this mode.
 * @throws {@link GraphError} if `fn` meets a module that follows its mode and is not the model's, so that no mode is set there.
 */
export function inMode<R>(where: string, model: Module, training: boolean, fn: () => R): R {
  const modes = model.modules().map((module) => [module, module.training] as const);
  const followed = recording.now?.modes;
  const before = followed?.size;
  model.train(training);
  try {
    const result = fn();
    const [stray] = followed ? [...followed].slice(before) : [];
    if (!stray) return result;
    throw new GraphError(
      `${where}: forward() calls a ${stray.constructor.name} that is not among the model's modules, so train() and eval() do not ` +
        "reach it; put it into a field that is not #private, and several into an nn.ModuleList instead of an array",
    );
  } finally {
    for (const [module, mode] of modes) module.training = mode;
  }
}

/** Throws a GraphError unless the value is a valid result of a stateful model's `forward`. */
export function checkStateful(where: string, result: unknown): ReturnType<StatefulModel["forward"]> {
  const { output } = (result ?? {}) as { readonly output?: unknown };
  if (!(output instanceof Tensor) || !("state" in (result as object))) {
    throw new GraphError(
      `${where}: forward(x, state) must return { output, state }, got ${show(result)}; pass the recurrent layers' state through`,
    );
  }
  return result as ReturnType<StatefulModel["forward"]>;
}

/**
 * A model's recurrent layers, in order.
 * @throws {@link OptionError} for a bidirectional one, which needs the whole sequence.
 */
export function recurrentLayersOf(where: string, model: Module): Recurrent[] {
  const found: Recurrent[] = [];
  const visit = (module: Module): void => {
    if (module instanceof Recurrent) found.push(module);
    for (const [, child] of module.namedChildren()) visit(child);
  };
  visit(model);
  if (found.some(({ bidirectional }) => bidirectional)) {
    throw new OptionError(
      `${where}: the model is bidirectional: its backward direction begins at the end of the sequence, which has not come yet ` +
        "where a state is carried on; use a model of one direction",
    );
  }
  return found;
}
