import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { Graph } from "../graph/graph.ts";
import type { Parameter } from "../graph/parameter.ts";
import { Tensor } from "../graph/tensor.ts";
import type { Dispatch, Operand } from "../ops/op.ts";
import { STRUCT_BYTES, stateKeep, updateDecide } from "../ops/update/update-decide.ts";
import type { training } from "./training.ts";
import type { PlannedWatch, WatchRequest } from "./update.ts";
import { type Optimizing, Watch } from "./watch.ts";

/** Updates whose outcome the host may not know: more than a trainer lets wait. */
const ROWS = 512;

interface Buffers {
  readonly table: DeviceBuffer;
  readonly chosen: DeviceBuffer;
  readonly taken: DeviceBuffer;
  readonly outcome: DeviceBuffer;
}

/**
 * An optimizer whose updates are left out if their loss or gradients are not finite, and no others. Such a step is not counted. The host
 * learns of it later, so it gives the GPU the update's scalars for every number of steps that may have been counted: a table with a row
 * for each.
 */
export class Skip extends Watch {
  readonly #context: GpuContext;
  readonly #optimizer: Optimizing;
  readonly #carried = new WeakMap<object, readonly (readonly [before: Operand, after: Operand])[]>();
  readonly #marks = new WeakMap<Graph, Readonly<Record<"mark" | "guard" | "outcome", Operand>>>();
  #buffers: Buffers | null = null;
  /** The update's dispatches, whose scalars fill a row. */
  #updates: readonly Dispatch[] = [];
  #parameters: readonly Parameter[] = [];
  /** Steps that the host has counted since the buffers were made, and updates submitted since then. */
  #counted = 0;
  #unknown = 0;
  /** The row that was written last. */
  #latest = new Uint8Array(0);

  constructor(context: GpuContext, optimizer: Optimizing) {
    super(context, optimizer);
    this.#context = context;
    this.#optimizer = optimizer;
  }

  /** Notes the states that a traced run starts from and leaves: if its update is left out, it leaves the one it started from. */
  carries(before: Readonly<Record<string, Tensor>>, after: Readonly<Record<string, Tensor>>): void {
    for (const [name, tensor] of Object.entries(after)) {
      const from = before[name];
      if (!tensor.owner || !from || from.storage.root === tensor.storage.root) continue;
      this.#carried.set(tensor.owner, [...(this.#carried.get(tensor.owner) ?? []), [from, tensor]]);
    }
  }

  override get training(): typeof training {
    const { planUpdate, ...rest } = super.training;
    return {
      ...rest,
      planUpdate: (request) => {
        const { graph, settings, placed } = request;
        const planned = planUpdate(request);
        const marks = this.#marks.get(graph);
        // The function has a guard of its own.
        if (!marks) return planned;
        const { updates, parameters } = planned;
        if (updates.length !== this.#updates.length) this.#latest = new Uint8Array(0);
        this.#updates = updates;
        this.#parameters = parameters;
        const [table, chosen, taken] = (["table", "chosen", "taken"] as const).map((name) => {
          const buffer = this.#open(updates.length)[name];
          const tensor = new Tensor([buffer.bytes / 4], graph);
          placed.set(tensor, { buffer, offset: 0, bytes: buffer.bytes });
          return tensor;
        }) as [Tensor, Tensor, Tensor];
        const { mark, guard, outcome } = marks;
        const words = STRUCT_BYTES / 4;
        const decide = updateDecide(
          { rows: ROWS, dispatches: updates.length, table, mark, outcome, chosen, taken },
          settings,
        );
        const carried = this.#carried.get(graph) ?? [];
        return {
          ...planned,
          accumulating: [
            ...planned.accumulating,
            ...carried.map(([before, after]) => stateKeep(guard, before, after, settings)),
          ],
          dispatches: [...planned.dispatches, decide],
          updates: updates.map((update, i) => ({
            ...update,
            uniform: new Tensor([words], graph, { root: chosen, offset: i * words }),
          })),
        };
      },
    };
  }

  protected override leftIn(): DeviceBuffer {
    return this.#open(this.#updates.length || 1).outcome;
  }

  protected override plan(loss: Operand, left: Tensor, graph: Graph, request: WatchRequest): PlannedWatch {
    const { flat, plan } = request;
    const mark = flat(this.markIn());
    const kept = plan.view(mark, 0, [1]);
    this.#marks.set(graph, { mark, guard: kept, outcome: left });
    return { dispatches: this.check(loss, mark, request), guard: plan.view(left, 0, [1]), kept };
  }

  /** Writes the scalars of the update that is about to be submitted. Its step is counted when its outcome is known. */
  override beginStep(): () => void {
    const { table } = this.#buffers!;
    const width = this.#updates.length * STRUCT_BYTES;
    const known = this.#ahead(this.#unknown);
    // A setting was changed: all rows are others.
    const first = this.#unknown > 0 && same(known, this.#latest) ? this.#unknown : 0;
    for (let row = first; row <= this.#unknown; row++) {
      this.#latest = this.#ahead(row + 1);
      this.#context.write(table, ((this.#counted + row) % ROWS) * width, this.#latest);
    }
    this.#unknown++;
    return () => {};
  }

  /** Takes the outcome of the first update whose outcome was not known. */
  learn(happened: boolean): void {
    if (this.#unknown === 0) return;
    this.#unknown--;
    if (!happened) return;
    this.#optimizer.beginStep(this.#parameters);
    this.#counted++;
  }

  override dispose(): void {
    super.dispose();
    for (const buffer of Object.values(this.#buffers ?? {}) as DeviceBuffer[]) buffer.dispose();
    this.#buffers = null;
    this.#latest = new Uint8Array(0);
    this.#counted = 0;
    this.#unknown = 0;
  }

  /** The update's scalars at the step that is this many after the last one counted. */
  #ahead(steps: number): Uint8Array<ArrayBuffer> {
    const undo = Array.from({ length: steps }, () => this.#optimizer.beginStep(this.#parameters));
    const row = new DataView(new ArrayBuffer(this.#updates.length * STRUCT_BYTES));
    for (const [i, { kernel, params }] of this.#updates.entries()) {
      kernel.packParams((params as () => Record<string, number>)(), row, i * STRUCT_BYTES);
    }
    for (const back of undo.reverse()) back();
    return new Uint8Array(row.buffer);
  }

  #open(updates: number): Buffers {
    const context = this.#context;
    if (this.#buffers && this.#buffers.chosen.bytes < updates * STRUCT_BYTES) {
      this.#buffers.table.dispose();
      this.#buffers.chosen.dispose();
      this.#buffers = { ...this.#buffers, ...this.#rows(updates) };
    }
    this.#buffers ??= {
      ...this.#rows(updates),
      taken: context.allocate("optimizer", 4, "steps counted"),
      outcome: context.allocate("output", 8, "outcome of an update"),
    };
    return this.#buffers;
  }

  #rows(updates: number): Pick<Buffers, "table" | "chosen"> {
    return {
      table: this.#context.allocate("uniform", ROWS * updates * STRUCT_BYTES, "table of update scalars"),
      chosen: this.#context.allocateUniforms(updates * STRUCT_BYTES, "update scalars"),
    };
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
