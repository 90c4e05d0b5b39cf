import { GraphError, ShapeError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { leavesOf } from "../nn/state-tree.ts";
import { type StatefulModel, traceStateful } from "../nn/stateful.ts";
import { type Shape, showShape } from "../shape.ts";

/** A tensor of a state, as one step leaves it for the next. */
export interface StateSlot {
  readonly shape: Shape;
  /** The dimension of the streams. */
  readonly dim: number;
}

/** What tracing one step of a model tells about it. */
export interface StreamPlan {
  /** The model's input for one step: [1, N, …] or [N, 1, …]. */
  readonly input: Shape;
  /** The model's output without its time dimension: [N, …]. */
  readonly output: Shape;
  /** A state of the model's form; its tensors belong to a trace that is over. */
  readonly state: unknown;
  readonly slots: ReadonlyMap<string, StateSlot>;
}

/** Traces one step of a model; also one step of N + 1 streams, and two steps, to find the dimensions of streams and time. */
export function planStream(
  where: string,
  model: StatefulModel,
  streams: number,
  input: Shape,
  batchFirst: boolean,
): StreamPlan {
  const shape = (n: number, t = 1): Shape => (batchFirst ? [n, t, ...input] : [t, n, ...input]);
  const one = traceStateful(where, model, shape(streams));
  const more = traceStateful(where, model, shape(streams + 1));
  const longer = traceStateful(where, model, shape(streams, 2));
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

/** The dimension of the streams: the one that grows with one stream more. */
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

/** The output's shape without the time dimension: the one that grows with two steps, if there is one. */
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
