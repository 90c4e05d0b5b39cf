import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { Graph } from "../graph/graph.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { Operand } from "../ops/op.ts";
import { finiteCheck } from "../ops/update/finite-check.ts";
import { ParameterArena } from "./parameters.ts";
import type { training } from "./training.ts";
import type { PlannedWatch, WatchRequest } from "./update.ts";
import type { UpdatePart, Updater } from "./updater.ts";

/** Updates whose marks may be unread: more than a trainer lets wait. */
const MOST_UNREAD = 1024;

/** An optimizer as a step takes it. */
export interface Optimizing extends Updater {
  readonly training: typeof training;
}

/**
 * An optimizer whose updates are left out from the first one on whose loss or gradients are not finite. The GPU decides, so parameters and
 * optimizer state stay as they were before it, however many runs follow until the host learns of it. A function that clips with
 * `errorIfNonfinite` decides by itself. One step uses it.
 * @internal
 */
export class Watch implements Optimizing {
  readonly #context: GpuContext;
  readonly #optimizer: Optimizing;
  readonly #losses = new WeakMap<Graph, Operand>();
  #mark: DeviceBuffer | null = null;
  #checked: WatchRequest["ranges"] = [];
  #gradients: readonly Parameter[] = [];
  /** Undo the latest step counts, in order. */
  #undo: (() => void)[] = [];

  constructor(context: GpuContext, optimizer: Optimizing) {
    this.#context = context;
    this.#optimizer = optimizer;
  }

  get training(): typeof training {
    const { gradientsOf, planUpdate, ...rest } = this.#optimizer.training;
    return {
      ...rest,
      gradientsOf: (graph, outputs, _, minimize) => {
        this.#losses.set(graph, outputs.get(minimize!)!);
        return gradientsOf(graph, outputs, this.#optimizer, minimize);
      },
      planUpdate: (context, graph, settings, _, gradients, placed, accumulation) => {
        const watch = (request: WatchRequest) => this.plan(this.#losses.get(graph)!, graph, request);
        const own = this.#optimizer;
        const planned = planUpdate(context, graph, settings, own, gradients, placed, accumulation, watch);
        return { ...planned, optimizer: this };
      },
    };
  }

  get parameters(): readonly Parameter[] {
    return this.#optimizer.parameters;
  }

  get planKey(): string {
    return this.#optimizer.planKey;
  }

  updateParts(parameters: readonly Parameter[]): readonly UpdatePart[] {
    return this.#optimizer.updateParts(parameters);
  }

  beginStep(parameters: readonly Parameter[]): () => void {
    const undo = this.#optimizer.beginStep(parameters);
    this.#undo.push(undo);
    if (this.#undo.length > MOST_UNREAD) this.#undo.shift();
    return undo;
  }

  /** Takes back the counts of the latest steps, whose updates were left out. */
  rollBack(steps: number): void {
    for (let i = 0; i < steps; i++) this.#undo.pop()?.();
  }

  /** Lets updates happen again. */
  reset(): void {
    this.#undo = [];
    if (this.#mark) this.#context.write(this.#mark, 0, new Uint32Array(2));
  }

  /** The first parameter whose gradient is not finite, by what a run has left; `null` if there is none. */
  parameterOf(mark: Float32Array): Parameter | null {
    const inverted = new Uint32Array(mark.buffer, mark.byteOffset, mark.length)[1]!;
    if (inverted === 0) return null;
    let number = ~inverted >>> 0;
    for (const { arena, offset, size } of this.#checked) {
      if (number < size) {
        const found = this.#gradients.find((parameter) => {
          const place = ParameterArena.placeOf(this.#context, parameter);
          const at = offset + number - place.offset;
          return place.arena === arena && at >= 0 && at < place.size;
        });
        return found ?? null;
      }
      number -= size;
    }
    return null;
  }

  dispose(): void {
    this.#mark?.dispose();
    this.#mark = null;
    this.#undo = [];
  }

  /** Plans the check of a traced run's loss and gradients. */
  protected plan(
    loss: Operand,
    _graph: Graph,
    { ranges, parameters, flat, plan }: WatchRequest,
  ): PlannedWatch {
    this.#mark ??= this.#context.allocate("gradient", 8, "mark of what is not finite");
    this.#checked = ranges;
    this.#gradients = parameters;
    const mark = flat(this.#mark);
    let first = 0;
    const dispatches = ranges.map(({ gradient, offset, size }, i) => {
      const scalar = i === 0 ? loss : null;
      const check = finiteCheck({ value: gradient, offset, size, first, scalar, mark, slot: 0 }, plan);
      first += size;
      return check;
    });
    return { dispatches, mark, guard: plan.view(mark, 0, [1]) };
  }
}
