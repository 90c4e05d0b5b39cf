import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { Graph } from "../graph/graph.ts";
import type { Parameter } from "../graph/parameter.ts";
import { Tensor } from "../graph/tensor.ts";
import type { Dispatch, Operand } from "../ops/op.ts";
import { finiteCheck } from "../ops/update/finite-check.ts";
import { ParameterArena } from "./parameters.ts";
import type { training } from "./training.ts";
import type { PlannedWatch, WatchRequest } from "./update.ts";
import type { UpdatePart, Updater } from "./updater.ts";

/** Updates whose marks may be unread: more than a trainer lets wait. */
const MOST_UNREAD = 1024;

/** Results of a watched step, which its function does not return: the two words of finite_check's mark, as they are. */
export const MARKS = ["watch: mark", "watch: first"] as const;

/** Largest finite float32, by its bits: the mark of element 0. */
const FIRST = 0x7f7fffff;

/** What a trace is watched by: its loss, and the two words that it leaves. */
interface Watched {
  readonly loss: Operand;
  readonly left: Tensor;
}

/** An optimizer as a step takes it. */
export interface Optimizing extends Updater {
  readonly training: typeof training;
}

/**
 * An optimizer whose updates are left out from the first one on whose loss or gradients are not finite. The GPU decides, so parameters and
 * optimizer state stay as they were before it, however many runs follow until the host learns of it. A function that clips with
 * `errorIfNonfinite` decides by itself. One step uses it.
 */
export class Watch implements Optimizing {
  readonly #context: GpuContext;
  readonly #optimizer: Optimizing;
  readonly #traces = new WeakMap<Graph, Watched>();
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
        const found = gradientsOf(graph, outputs, this.#optimizer, minimize);
        const left = new Tensor([2], graph);
        this.#traces.set(graph, { loss: outputs.get(minimize!)!, left });
        // Scalars among the results are recorded after every run.
        for (const [offset, name] of MARKS.entries()) {
          (outputs as Map<string, Tensor>).set(name, new Tensor([], graph, { root: left, offset }));
        }
        return found;
      },
      planUpdate: (request) => {
        const { graph, placed } = request;
        const { loss, left } = this.#traces.get(graph)!;
        const buffer = this.leftIn();
        placed.set(left, { buffer, offset: 0, bytes: buffer.bytes });
        const planned = planUpdate({
          ...request,
          optimizer: this.#optimizer,
          watch: (watched) => this.plan(loss, left, graph, watched),
        });
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

  /** @internal */
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

  /** The first parameter whose gradient is not finite, by the second of {@link MARKS}; `null` if there is none. */
  parameterOf(mark: number): Parameter | null {
    if (mark === 0) return null;
    let number = FIRST - new Uint32Array(Float32Array.of(mark).buffer)[0]!;
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

  /** The buffer with what a run leaves. */
  protected leftIn(): DeviceBuffer {
    return this.markIn();
  }

  /** The buffer that finite_check marks. */
  protected markIn(): DeviceBuffer {
    this.#mark ??= this.#context.allocate("gradient", 8, "mark of what is not finite");
    return this.#mark;
  }

  /** Plans what decides whether a traced run's update happens. */
  protected plan(loss: Operand, left: Tensor, _graph: Graph, request: WatchRequest): PlannedWatch {
    const guard = request.plan.view(left, 0, [1]);
    return { dispatches: this.check(loss, left, request), guard, kept: guard };
  }

  /** Plans the check of a loss and of gradients. */
  protected check(loss: Operand, mark: Operand, { ranges, parameters, plan }: WatchRequest): Dispatch[] {
    this.#checked = ranges;
    this.#gradients = parameters;
    let first = 0;
    return ranges.map(({ gradient, offset, size }, i) => {
      const scalar = i === 0 ? loss : null;
      const check = finiteCheck({ value: gradient, offset, size, first, scalar, mark, slot: 0 }, plan);
      first += size;
      return check;
    });
  }
}
