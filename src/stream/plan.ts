import { GraphError, OptionError, ShapeError, show } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import { recordInto } from "../graph/recorder.ts";
import { Tensor } from "../graph/tensor.ts";
import type { Module } from "../nn/module.ts";
import { Recurrent } from "../nn/recurrent.ts";
import { type Shape, showShape } from "../shape.ts";
import { leavesOf } from "./state-tree.ts";

/**
 * A model that can be run one time step after another: it takes the state it gave, as `nn.LSTM`, `nn.GRU` and `nn.RNN` do. The
 * state is a tensor, or tensors in objects and arrays; without one the model begins at zero.
 */
export type StreamingModel = Module & {
  // biome-ignore lint/suspicious/noExplicitAny: the state is whatever the model makes of it
  forward(x: Tensor, state?: any): { readonly output: Tensor; readonly state: unknown };
};

/** Tensors of a state, as one step leaves them for the next. */
export interface StateSlot {
  readonly shape: Shape;
  /** The dimension that counts streams. */
  readonly dim: number;
}

/** What tracing one step of a model shows. */
export interface StreamPlan {
  /** The model's input for one step: [1, N, …] or [N, 1, …]. */
  readonly input: Shape;
  /** An answer: [N, …], the model's output without its time dimension. */
  readonly output: Shape;
  /** The form of the state, its tensors those of a trace that is over. */
  readonly state: unknown;
  readonly slots: ReadonlyMap<string, StateSlot>;
}

/** Traces one step of a model; and one of N + 1 streams, and two steps, to see which dimensions count streams and time. */
export function planStream(
  where: string,
  model: StreamingModel,
  streams: number,
  input: Shape,
  batchFirst: boolean,
): StreamPlan {
  const shape = (n: number, t = 1): Shape => (batchFirst ? [n, t, ...input] : [t, n, ...input]);
  const one = traceStep(where, model, shape(streams));
  const more = traceStep(where, model, shape(streams + 1));
  const longer = traceStep(where, model, shape(streams, 2));
  const slots = new Map<string, StateSlot>();
  const others = leavesOf(where, more.state);
  for (const [name, tensor] of leavesOf(where, one.state)) {
    slots.set(name, { shape: tensor.shape, dim: dimOf(where, name, tensor, others.get(name)) });
  }
  if (slots.size === 0) {
    throw new GraphError(
      `${where}: the model returns no state; forward(x, state) must return { output, state }`,
    );
  }
  return {
    input: shape(streams),
    output: answerShape(where, one.output.shape, longer.output.shape, streams),
    state: one.state,
    slots,
  };
}

function traceStep(where: string, model: StreamingModel, shape: Shape) {
  // Only shapes are looked at: what an op would draw does not matter.
  const graph = new Graph({ next: () => ({ seed: 0, stream: 0, run: () => 0 }) });
  const result = recordInto(graph, () => model.forward(graph.input(shape)));
  if (!(result?.output instanceof Tensor) || !("state" in result)) {
    throw new GraphError(
      `${where}: forward(x, state) must return { output, state }, got ${show(result)}; pass the recurrent layers' state through`,
    );
  }
  return result;
}

/** The dimension that is larger with one stream more. */
function dimOf(where: string, name: string, tensor: Tensor, other: Tensor | undefined): number {
  const { shape } = tensor;
  const differing = shape.map((_, i) => i).filter((i) => shape[i] !== other?.shape[i]);
  const [dim] = differing;
  if (dim === undefined || differing.length > 1 || other?.shape[dim] !== shape[dim]! + 1) {
    throw new ShapeError(
      `${where}: one dimension of ${name} must count the streams, got ${showShape(shape)}, and with one stream more ` +
        (other ? showShape(other.shape) : "none"),
    );
  }
  return dim;
}

/** The output without the dimension that is larger with two steps, if there is one. */
function answerShape(where: string, shape: Shape, longer: Shape, streams: number): Shape {
  const time = shape.length === longer.length ? shape.findIndex((size, i) => size !== longer[i]) : -1;
  const answer = shape.filter((_, i) => i !== time);
  if (answer[0] !== streams) {
    throw new ShapeError(
      `${where}: the model's output, its time dimension aside, must be [${streams}, …] for a step of ${streams} stream(s), got ` +
        showShape(shape),
    );
  }
  return answer;
}

/** What a model's recurrent layers say of its input. Throws for one that has to see the whole sequence. */
export function recurrentLayersOf(where: string, model: Module): Recurrent[] {
  const found: Recurrent[] = [];
  const visit = (module: Module): void => {
    if (module instanceof Recurrent) found.push(module);
    for (const [, child] of module.namedChildren()) visit(child);
  };
  visit(model);
  if (found.some(({ bidirectional }) => bidirectional)) {
    throw new OptionError(
      `${where}: the model is bidirectional: its backward direction begins at the end, which a stream has not got; ` +
        "use a model of one direction",
    );
  }
  return found;
}
