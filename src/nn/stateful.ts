import { show } from "../checks.ts";
import { GraphError, OptionError } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import { recording, Tensor } from "../graph/tensor.ts";
import type { Shape } from "../shape.ts";
import type { Module } from "./module.ts";
import { Recurrent } from "./recurrent.ts";

/**
 * A model that takes the state it gave, as `nn.LSTM`, `nn.GRU` and `nn.RNN` do: for a `Stream`, step after step, and for a `Trainer`
 * with `carryState`, batch after batch. The state is a tensor, or tensors in objects and arrays; without one the model begins
 * at zero.
 */
export type StatefulModel = Module & {
  // biome-ignore lint/suspicious/noExplicitAny: the state is whatever the model makes of it
  forward(x: Tensor, state?: any): { readonly output: Tensor; readonly state: unknown };
};

/** Runs a model from a state of zero in a trace of its own, to see the shapes of its output and its state. */
export function traceStateful(where: string, model: StatefulModel, input: Shape) {
  // Only shapes are looked at: what an op would draw does not matter.
  const graph = new Graph({ next: () => ({ seed: 0, stream: 0, run: () => 0 }) });
  return checkStateful(
    where,
    recording.into(graph, () => model.forward(graph.input(input))),
  );
}

/** Throws a GraphError unless this is what a stateful model's `forward` returns. */
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
 * A model's recurrent layers, in their order.
 * @throws {@link OptionError} for a bidirectional one: it has to see the whole sequence.
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
