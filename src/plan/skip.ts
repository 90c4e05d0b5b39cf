import { OptionError } from "../errors.ts";
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
  readonly taken: DeviceBuffer;
  readonly outcome: DeviceBuffer;
}

/** The scalars of updates of the same parameters. Which these are changes when some are frozen. */
interface Scalars {
  readonly planKey: string;
  readonly parameters: readonly Parameter[];
  /** The update's dispatches, whose scalars fill a row. */
  readonly updates: readonly Dispatch[];
  readonly table: DeviceBuffer;
  readonly chosen: DeviceBuffer;
  /** The row that was written last, and its step. */
  latest: Uint8Array;
  step: number;
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
  readonly #scalars: Scalars[] = [];
  /** By the parameters of a planned update. */
  readonly #planned = new WeakMap<readonly Parameter[], Scalars>();
  /** Of the updates whose outcome is not known. */
  #running: Scalars | null = null;
  /** Steps that the host has counted since the buffers were made, and updates submitted since then. */
  #counted = 0;
  #unknown = 0;

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
        const scalars = this.#scalarsOf(parameters, updates);
        this.#planned.set(parameters, scalars);
        const [table, chosen, taken] = [scalars.table, scalars.chosen, this.#open().taken].map((buffer) => {
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
    return this.#open().outcome;
  }

  protected override plan(loss: Operand, left: Tensor, graph: Graph, request: WatchRequest): PlannedWatch {
    const { flat, plan } = request;
    const mark = flat(this.markIn());
    const kept = plan.view(mark, 0, [1]);
    this.#marks.set(graph, { mark, guard: kept, outcome: left });
    return { dispatches: this.check(loss, mark, request), guard: plan.view(left, 0, [1]), kept };
  }

  /** Writes the scalars of the update that is about to be submitted. Its step is counted when its outcome is known. */
  override beginStep(parameters: readonly Parameter[]): () => void {
    const scalars = this.#planned.get(parameters)!;
    const unknown = this.#unknown;
    if (unknown > 0 && scalars !== this.#running) {
      throw new OptionError(
        `Trainer.fit: parameters were frozen or unfrozen, or the optimizer's groups changed, while the outcome of ${unknown} updates is not ` +
          "known; do it at the end of an epoch",
      );
    }
    this.#running = scalars;
    const width = scalars.updates.length * STRUCT_BYTES;
    const step = this.#counted + unknown;
    // If a setting was changed, all rows are others.
    const isKnown =
      unknown > 0 &&
      scalars.step === step - 1 &&
      same(ahead(this.#optimizer, scalars, unknown), scalars.latest);
    for (let row = isKnown ? unknown : 0; row <= unknown; row++) {
      scalars.latest = ahead(this.#optimizer, scalars, row + 1);
      this.#context.write(scalars.table, ((this.#counted + row) % ROWS) * width, scalars.latest);
    }
    scalars.step = step;
    this.#unknown++;
    return () => {};
  }

  /** Takes the outcome of the first update whose outcome was not known. */
  learn(happened: boolean): void {
    if (this.#unknown === 0) return;
    this.#unknown--;
    if (!happened) return;
    this.#optimizer.beginStep(this.#running!.parameters);
    this.#counted++;
  }

  override dispose(): void {
    super.dispose();
    const scalars = this.#scalars.splice(0).flatMap(({ table, chosen }) => [table, chosen]);
    for (const buffer of [...scalars, ...Object.values(this.#buffers ?? {})]) buffer.dispose();
    this.#buffers = null;
    this.#running = null;
    this.#counted = 0;
    this.#unknown = 0;
  }

  #open(): Buffers {
    this.#buffers ??= {
      taken: this.#context.allocate("optimizer", 4, "steps counted"),
      outcome: this.#context.allocate("output", 8, "outcome of an update"),
    };
    return this.#buffers;
  }

  /** The scalars that updates of these parameters share, in one state of the optimizer. */
  #scalarsOf(parameters: readonly Parameter[], updates: readonly Dispatch[]): Scalars {
    const { planKey } = this.#optimizer;
    const known = this.#scalars.find(
      (other) => other.planKey === planKey && sameParameters(other.parameters, parameters),
    );
    if (known) return known;
    const made: Scalars = {
      planKey,
      parameters,
      updates,
      table: this.#context.allocate(
        "uniform",
        ROWS * updates.length * STRUCT_BYTES,
        "table of update scalars",
      ),
      chosen: this.#context.allocateUniforms(updates.length * STRUCT_BYTES, "update scalars"),
      latest: new Uint8Array(0),
      step: -1,
    };
    this.#scalars.push(made);
    return made;
  }
}

/** The update's scalars at the step that is this many after the last one counted. */
function ahead(
  optimizer: Optimizing,
  { parameters, updates }: Scalars,
  steps: number,
): Uint8Array<ArrayBuffer> {
  const undo = Array.from({ length: steps }, () => optimizer.beginStep(parameters));
  const row = new DataView(new ArrayBuffer(updates.length * STRUCT_BYTES));
  for (const [i, { kernel, params }] of updates.entries()) {
    kernel.packParams((params as () => Record<string, number>)(), row, i * STRUCT_BYTES);
  }
  for (const back of undo.reverse()) back();
  return new Uint8Array(row.buffer);
}

function sameParameters(a: readonly Parameter[], b: readonly Parameter[]): boolean {
  return a.length === b.length && a.every((parameter, i) => parameter === b[i]);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
