import { GraphError } from "../errors.ts";
import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import type { Graph } from "../graph/graph.ts";
import type { Parameter } from "../graph/parameter.ts";
import { Tensor } from "../graph/tensor.ts";
import type { Dispatch, Operand, PlanContext, PlanSettings } from "../ops/op.ts";
import {
  type AccumulatedRange,
  accumulateGradients,
  averageGradients,
} from "../ops/update/gradient-accumulation.ts";
import type { Accumulation } from "./accumulation.ts";
import { planIn } from "./lower.ts";
import { type ArenaRange, ParameterArena, rangesOf } from "./parameters.ts";
import type { Updater } from "./updater.ts";

/** What follows the gradients in a training step. */
export interface PlannedUpdate {
  readonly optimizer: Updater;
  /** {@link Updater.planKey} when the update was planned. */
  readonly planKey: string;
  /** The optimizer's parameters that have a gradient. */
  readonly parameters: readonly Parameter[];
  /** Gradient norms that must be finite for the update to happen; `null` if there are none. */
  readonly guard: Operand | null;
}

/** The parameters whose gradients a training step needs: what the optimizer updates and what the function clips. */
export function differentiated(graph: Graph, optimizer: Updater): Parameter[] {
  return [...new Set([...optimizer.parameters, ...graph.clippings.flatMap(({ parameters }) => parameters)])];
}

/** Throws a GraphError for an op that reads a clipping's norm. */
export function checkClippings(graph: Graph): void {
  for (const node of graph.nodes) {
    if (
      node.kind === "forward" &&
      node.inputs.some((input) => input && graph.norms.has(input.storage.root))
    ) {
      throw new GraphError(
        `${node.op.name}: the norm that clipGradNorm_ gives is known only after the step's gradients; return it as a result ` +
          "and compute with what you read",
      );
    }
  }
}

/** What a watch of a step's loss and gradients is planned from. */
export interface WatchRequest {
  /** Gradients of adjacent parameters: of this run, or the sum since the last update. */
  readonly ranges: readonly (ArenaRange & { readonly gradient: Operand })[];
  /** The parameters that have these gradients. */
  readonly parameters: readonly Parameter[];
  /** A buffer as an operand. */
  flat(buffer: DeviceBuffer): Operand;
  readonly plan: PlanContext;
}

/** A watch, which decides on the GPU whether updates happen. */
export interface PlannedWatch {
  /** Follow the gradients of every run. */
  readonly dispatches: readonly Dispatch[];
  /** Must be finite for an update to happen. */
  readonly guard: Operand;
  /** Must be finite for what the run leaves in modules' buffers to be kept; known before the update. */
  readonly kept: Operand;
}

/** A planned update with its dispatches. */
interface UpdateDispatches extends PlannedUpdate {
  /** Add up the gradients after every run and check them. Empty for a step that does neither. */
  readonly accumulating: readonly Dispatch[];
  /** Prepare the gradients for the update. */
  readonly dispatches: readonly Dispatch[];
  /** The update itself. */
  readonly updates: readonly Dispatch[];
}

/** What an update is planned from. */
export interface UpdateRequest {
  readonly context: GpuContext;
  readonly graph: Graph;
  readonly settings: PlanSettings;
  readonly optimizer: Updater;
  /** Gradients by parameter. */
  readonly gradients: ReadonlyMap<Parameter, Tensor>;
  /** Receives the places of the gradients and the flat buffers that the dispatches bind. */
  readonly placed: Map<Tensor, BufferRange>;
  /** Sums the gradients; `null` for a step that updates in every run. */
  readonly accumulation: Accumulation | null;
  /** Plans what decides whether updates happen, unless the function clips with `errorIfNonfinite`. */
  watch?(request: WatchRequest): PlannedWatch;
}

/**
 * Plans what follows the gradients: summing them over several runs, if the step accumulates; clipping, in the order of the
 * calls; then one update for every contiguous range of parameters that the optimizer treats alike.
 */
export function planUpdate(request: UpdateRequest): UpdateDispatches {
  const { context, graph, settings, optimizer, gradients, placed, accumulation } = request;
  for (const [parameter, gradient] of gradients) {
    const place = ParameterArena.placeOf(context, parameter);
    placed.set(gradient, place.range(place.arena.gradients));
  }
  const plan = planIn(graph, settings);
  const flat = (buffer: DeviceBuffer) => {
    const tensor = new Tensor([buffer.bytes / 4], graph);
    placed.set(tensor, { buffer, offset: 0, bytes: buffer.bytes });
    return tensor;
  };
  const gradientRanges = (parameters: readonly Parameter[]) =>
    rangesOf(
      context,
      parameters.filter((parameter) => gradients.has(parameter)),
    ).map(({ arena, offset, size }) => ({ offset, size, gradient: flat(arena.gradients) }));

  const accumulating: Dispatch[] = [];
  const dispatches: Dispatch[] = [];
  if (accumulation) {
    for (const { arena, offset, size } of rangesOf(context, [...gradients.keys()])) {
      const total = flat(accumulation.totalOf(arena));
      const range: AccumulatedRange = { offset, size, gradient: flat(arena.gradients), total };
      accumulating.push(accumulateGradients(range, () => accumulation.run, plan));
      dispatches.push(averageGradients(range, () => accumulation.scale, plan));
    }
  }
  const parameters = optimizer.parameters.filter((parameter) => gradients.has(parameter));
  const clipped = graph.clippings[0]?.plan(graph.clippings, parameters, gradientRanges, plan);
  const { guard = null, factor = null } = clipped ?? {};
  dispatches.push(...(clipped?.dispatches ?? []));
  const watched = guard
    ? undefined
    : request.watch?.({
        ranges: rangesOf(context, [...gradients.keys()]).map((range) => ({
          ...range,
          gradient: flat(accumulation?.totalOf(range.arena) ?? range.arena.gradients),
        })),
        parameters: [...gradients.keys()],
        flat,
        plan,
      });
  accumulating.push(...(watched?.dispatches ?? []));
  // A guard of clippings is known only where an update follows.
  const assigns = guard && !accumulation ? dispatches : accumulating;
  const own = watched?.kept ?? (accumulation ? null : guard);
  assigns.push(...[...graph.assignments.values()].map(({ store }) => store(own, plan)));

  const { planKey } = optimizer;
  const updates: Dispatch[] = [];
  for (const part of optimizer.updateParts(parameters)) {
    for (const { arena, offset, size } of rangesOf(context, part.parameters)) {
      const states = new Map(part.buffers.map((name) => [name, flat(arena.stateOf(optimizer, name))]));
      const range = {
        offset,
        size,
        value: flat(arena.values),
        gradient: flat(arena.gradients),
        state: (name: string) => states.get(name) ?? null,
        guard: watched?.guard ?? guard,
        factor,
      };
      updates.push(part.update(range, plan));
    }
  }
  return { optimizer, planKey, parameters, guard, accumulating, dispatches, updates };
}
