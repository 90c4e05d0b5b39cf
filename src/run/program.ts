import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { BufferCopy, GpuContext } from "../gpu/context.ts";
import { BindGroups, type BufferRange, type PreparedDispatch, UNIFORM_ALIGNMENT } from "../gpu/kernel.ts";
import { StagingPool, type Transfer } from "../gpu/staging.ts";
import type { Timestamps } from "../gpu/timestamps.ts";
import type { Graph } from "../graph/graph.ts";
import { Parameter } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Choices } from "../ops/choice.ts";
import type { Dispatch, Operand } from "../ops/op.ts";
import type { AnomalyWatch } from "../plan/anomaly.ts";
import { type Carried, carryCopies, sharedPlaces } from "../plan/carry.ts";
import { planMemory, storageBytes } from "../plan/memory.ts";
import { ParameterArena } from "../plan/parameters.ts";
import type { PlannedUpdate } from "../plan/update.ts";
import type { HalfWeights } from "./half-weights.ts";
import { memoryOf, type ProgramMemory } from "./program-memory.ts";
import { type RunScalars, ScalarRing } from "./scalar-ring.ts";

/** What a program is built from: a traced and lowered function. */
export interface ProgramSource {
  readonly graph: Graph;
  readonly dispatches: readonly Dispatch[];
  /** The kernel versions that the dispatches were planned with, and why. */
  readonly choices: Choices;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** Results that become inputs of the next run. */
  readonly carried: Carried;
  /** Storage that lives elsewhere: gradients, flat parameters, optimizer state. */
  readonly placed: ReadonlyMap<Tensor, BufferRange>;
  /** Index of the first dispatch that a run may leave out (the update of a step that accumulates); `null` if none. */
  readonly optionalFrom: number | null;
  /** What follows the gradients in a training step; `null` for a step that does not train. */
  readonly update: PlannedUpdate | null;
  /** What checks for NaN and infinity, if something does. */
  readonly anomalies?: AnomalyWatch | undefined;
  /** The weights that are read in half precision, if some are. */
  readonly halves?: HalfWeights | undefined;
}

/** Target length of one submission in ms, short enough for the page's own frames in between. */
const SUBMISSION_MS = 40;

/** Share of the adapter's FMA rate assumed when a submission's length is estimated. */
const ASSUMED_EFFICIENCY = 0.1;

/** Ranges of the buffer that is bound where a kernel uses no operand. */
const UNUSED_RANGES = 8;

/** What errors call an intermediate: the operand that it first is. */
function nameOf(dispatches: readonly Dispatch[], root: Operand): string {
  for (const { kernel, bindings } of dispatches) {
    for (const name in bindings)
      if (bindings[name]?.storage.root === root) return `${name} of ${kernel.name}`;
  }
  return "a result";
}

/** A static list of dispatches over buffers that already exist, replayed by {@link replay}. */
export class Program {
  readonly source: ProgramSource;
  readonly context: GpuContext;
  readonly staging: StagingPool;
  /** Runs so far. */
  runs = 0;
  readonly #buffers: DeviceBuffer[] = [];
  #ranges = new Map<Operand, BufferRange>();
  #uniforms: DeviceBuffer;
  #submissions: PreparedDispatch[][] = [];
  /** Number of submissions that every run needs. */
  #required = 0;
  /** Dispatches whose uniforms are computed before each run. */
  #changing: { dispatch: Dispatch; index: number; bytes: DataView<ArrayBuffer> }[] = [];
  /** Copies from carried results to their inputs. */
  #carries: readonly BufferCopy[];
  readonly #scalars: ScalarRing | null;

  constructor(context: GpuContext, source: ProgramSource) {
    this.context = context;
    this.source = source;
    this.staging = new StagingPool(context, "program");
    context.freeWith(this, this.#buffers);
    this.#uniforms = this.#allocate(
      context.allocateUniforms(source.dispatches.length * UNIFORM_ALIGNMENT, "uniforms"),
    );
    this.#place();
    this.#prepare();
    this.#scalars = ScalarRing.of(
      source.outputs,
      source.update?.guard ?? null,
      (bytes) => this.#allocate(context.allocate("output", bytes, "scalar results")),
      (tensor) => this.#rangeOf(tensor),
    );
    this.#carries = carryCopies(source.carried, (tensor) => this.#rangeOf(tensor));
  }

  #allocate(buffer: DeviceBuffer): DeviceBuffer {
    this.#buffers.push(buffer);
    return buffer;
  }

  /** Assigns a buffer to all storage. */
  #place(): void {
    const { graph, dispatches, inputs, outputs, carried, placed } = this.source;
    for (const [root, range] of placed) this.#ranges.set(root, range);
    for (const [name, tensor] of inputs) {
      const buffer = this.#allocate(this.context.allocate("input", storageBytes(tensor), `input ${name}`));
      this.#ranges.set(tensor, { buffer, offset: 0, bytes: buffer.bytes });
    }
    const operands = dispatches.flatMap(({ bindings }) => Object.values(bindings));
    for (const tensor of [...operands, ...outputs.values()]) {
      const root = tensor?.storage.root;
      if (!root || this.#ranges.has(root)) continue;
      const values = graph.literals.get(root);
      if (values) {
        const buffer = this.#allocate(this.context.allocate("input", storageBytes(root), "constant"));
        this.context.write(buffer, 0, values);
        this.#ranges.set(root, { buffer, offset: 0, bytes: buffer.bytes });
      } else if (root instanceof Parameter) {
        const place = ParameterArena.placeOf(this.context, root);
        this.#ranges.set(root, place.range(place.arena.values));
      }
    }
    for (const [root, input] of sharedPlaces(dispatches, carried, (root) => this.#ranges.has(root))) {
      this.#ranges.set(root, this.#ranges.get(input)!);
    }
    const kept = new Set<Operand>([...outputs.values()].map((tensor) => tensor.storage.root));
    if (this.source.update?.guard) kept.add(this.source.update.guard);
    if (this.source.anomalies) kept.add(this.source.anomalies.marks);
    const plan = planMemory(dispatches, new Set(this.#ranges.keys()), kept);
    const largest: Operand[] = [];
    for (const [root, slot] of plan.slotOf) largest[slot] ??= root;
    const slots = plan.slots.map((bytes, i) =>
      this.#allocate(this.context.allocate("activation", bytes, nameOf(dispatches, largest[i]!))),
    );
    for (const [root, slot] of plan.slotOf) {
      this.#ranges.set(root, { buffer: slots[slot]!, offset: 0, bytes: storageBytes(root) });
    }
  }

  /** The bytes that an operand is seen through. */
  #rangeOf(operand: Operand): BufferRange {
    const { root, offset } = operand.storage;
    const range = this.#ranges.get(root)!;
    if (operand === root) return range;
    return {
      buffer: range.buffer,
      offset: range.offset + offset * 4,
      bytes: operand.elements * 4,
    };
  }

  /** Makes the uniforms, the bind groups and the submissions. */
  #prepare(): void {
    const { dispatches, optionalFrom } = this.source;
    const unused = this.#allocate(
      this.context.allocate("activation", UNUSED_RANGES * UNIFORM_ALIGNMENT, "unused bindings"),
    );
    const written = this.#allocate(
      this.context.allocate("activation", UNUSED_RANGES * UNIFORM_ALIGNMENT, "unused outputs"),
    );
    const uniforms = new DataView(new ArrayBuffer(this.#uniforms.bytes));
    const groups = new BindGroups();
    const { facts } = this.context;
    let submission: PreparedDispatch[] = [];
    let spent = 0;
    for (const [index, dispatch] of dispatches.entries()) {
      const { kernel, bindings, grid, flops } = dispatch;
      const offset = index * UNIFORM_ALIGNMENT;
      const uniform = dispatch.uniform ? this.#rangeOf(dispatch.uniform) : { buffer: this.#uniforms, offset };
      if (!dispatch.uniform && typeof dispatch.params === "function") {
        const bytes = new DataView(new ArrayBuffer(kernel.paramBytes));
        this.#changing.push({ dispatch, index, bytes });
      } else if (typeof dispatch.params !== "function") {
        kernel.packParams(dispatch.params, uniforms, offset);
      }
      // Each unused binding gets its own range, since writable bindings must not overlap.
      const storage = Object.entries(kernel.declaration.bindings).map(([name, access], i): BufferRange => {
        const operand = bindings[name];
        if (operand) return this.#rangeOf(operand);
        const buffer = access === "read" ? unused : written;
        return { buffer, offset: i * UNIFORM_ALIGNMENT, bytes: UNIFORM_ALIGNMENT };
      });
      const { kernels } = this.context;
      submission.push(kernels.prepare(kernel, uniform.buffer, uniform.offset, storage, grid, groups));
      spent += facts.dispatchMicros / 1e3 + flops / (facts.gflops * ASSUMED_EFFICIENCY * 1e6);
      const ends = index === dispatches.length - 1 || index + 1 === optionalFrom;
      if (spent >= SUBMISSION_MS || ends) {
        this.#submissions.push(submission);
        submission = [];
        spent = 0;
      }
      if (index + 1 === optionalFrom) this.#required = this.#submissions.length;
    }
    this.context.write(this.#uniforms, 0, uniforms);
  }

  /** The dispatches of a run. */
  dispatchesOf(whole: boolean): readonly Dispatch[] {
    const { dispatches, optionalFrom } = this.source;
    return whole || optionalFrom === null ? dispatches : dispatches.slice(0, optionalFrom);
  }

  /** How many submissions one run is cut into. */
  get submissions(): number {
    return this.#submissions.length;
  }

  /** GPU memory of this program, in bytes by role; gradients and optimizer state are the model's. */
  get memory(): ProgramMemory {
    return memoryOf(this.#buffers, this.#ranges, this.source.halves);
  }

  /**
   * Writes an input in queue order: host data in row-major order, or another program's result.
   * @param from Index of the input's element where host data is written.
   */
  writeInput(name: string, value: Float32Array | BufferRange, from = 0): void {
    const { buffer } = this.#ranges.get(this.source.inputs.get(name)!)!;
    if (value instanceof Float32Array) {
      this.context.write(buffer, from * 4, value);
    } else {
      const { buffer: source, offset: sourceOffset, bytes } = value;
      this.context.copy([{ source, sourceOffset, target: buffer, targetOffset: 0, bytes }]);
    }
  }

  /**
   * Runs every dispatch once more; returns at once.
   * @param whole Whether the dispatches from {@link ProgramSource.optionalFrom} on run too.
   * @param timestamps Records the time of every dispatch, each in a pass of its own.
   * @param reads Copies of results, submitted with the run.
   */
  replay(whole: boolean, timestamps?: Timestamps, reads: readonly BufferCopy[] = []): void {
    const submissions = whole ? this.#submissions : this.#submissions.slice(0, this.#required);
    const end = this.dispatchesOf(whole).length;
    for (const { dispatch, index, bytes } of this.#changing) {
      if (index >= end) continue;
      const params = (dispatch.params as () => Record<string, number>)();
      dispatch.kernel.packParams(params, bytes, 0);
      this.context.write(this.#uniforms, index * UNIFORM_ALIGNMENT, bytes);
    }
    const copies = [...(this.#scalars?.copiesOf(this.runs) ?? []), ...reads, ...this.#carries];
    const last = submissions.length - 1;
    let done = 0;
    for (const [i, submission] of submissions.entries()) {
      if (timestamps) this.context.submitTimed(submission, timestamps, done);
      else this.context.submit(submission, i === last ? copies : []);
      done += submission.length;
    }
    if (last < 0 || timestamps) this.context.copy(copies);
    this.runs++;
  }

  /** The bytes of a result, for a copy on the GPU. */
  outputRange(name: string): BufferRange {
    const tensor = this.source.outputs.get(name)!;
    return { ...this.#rangeOf(tensor), bytes: tensor.elements * 4 };
  }

  /** Reads a result of the latest run, in PyTorch's order. */
  async readOutput(name: string): Promise<Float32Array> {
    const transfer = this.beginRead(this.source.outputs.get(name)!);
    this.context.copy([transfer.copy]);
    return transfer.arrive();
  }

  /** Prepares a read of a result; its copy is submitted with the run by {@link replay}. */
  beginRead(tensor: Tensor): Transfer {
    const { buffer, offset } = this.#rangeOf(tensor);
    const { layout } = tensor;
    const { copy, arrive } = this.staging.begin(buffer, offset / 4, tensor.elements);
    return layout ? { copy, arrive: async () => layout.unpack(await arrive()) } : { copy, arrive };
  }

  /** Whether there are scalar results. */
  get hasHistory(): boolean {
    return this.#scalars !== null;
  }

  /** Reads the scalar results of the last {@link HISTORY} runs. */
  readHistory(): Promise<(run: number) => RunScalars> {
    return this.#scalars!.read(this.staging);
  }

  /** Frees the memory of a program that does not run again, except these buffers; reads that have begun go on. */
  release(kept: ReadonlySet<DeviceBuffer>): void {
    for (const buffer of this.#buffers) if (!kept.has(buffer)) buffer.dispose();
    this.staging.release();
  }

  dispose(): void {
    for (const buffer of this.#buffers) buffer.dispose();
    this.staging.dispose();
  }
}
