import { show } from "../checks.ts";
import { DisposedError, OptionError } from "../errors.ts";
import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { BufferCopy, GpuContext } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import type { Timestamps } from "../gpu/timestamps.ts";
import { runInputChecks } from "../graph/input-checks.ts";
import { checkNotDisposed, type Parameter } from "../graph/parameter.ts";
import type { HasMode } from "../graph/recorder.ts";
import { OnDemand } from "../ondemand.ts";
import { checkRunOptions, type RunOptions } from "../plan/accumulate-options.ts";
import type { Accumulation } from "../plan/accumulation.ts";
import { lostCarry } from "../plan/carry.ts";
import type { Updater } from "../plan/updater.ts";
import type { NDArray } from "../shape.ts";
import type { Evictable } from "./eviction.ts";
import { InFlight } from "./in-flight.ts";
import { dataOf, type InputShapes, type InputValue, shapesOfRun } from "./inputs.ts";
import type { Profile } from "./profile.ts";
import { Program, type ProgramSource } from "./program.ts";
import type { ProgramMemory } from "./program-memory.ts";
import { Result, ScalarHistory } from "./result.ts";
import type { StepRandom, StepRandomState } from "./step-random.ts";

const eviction = /* @__PURE__ */ new OnDemand(() => import("./eviction.ts"));
const description = /* @__PURE__ */ new OnDemand(() => import("./describe.ts"));
const profiling = /* @__PURE__ */ new OnDemand(() => import("./profile.ts"));

/** The source of a step's program, and the parameters that it needs when it runs. */
export interface StepSource extends ProgramSource {
  readonly parameters: ReadonlySet<Parameter>;
  /** Whether the modules still hold the parameters and modules that the program was planned with. */
  readonly intact: () => boolean;
}

/** One program for one set of input shapes. */
interface Variant extends Evictable, Pick<StepSource, "parameters" | "intact"> {
  readonly results: Map<string, WeakRef<Result>>;
}

/** What all programs of a step share. */
export interface StepParts {
  readonly optimizer: Updater | null;
  /** Where runs add up their gradients; `null` for a step that updates in every run. */
  readonly accumulation: Accumulation | null;
  /** Inputs that a run leaves to the next one. */
  readonly carries: ReadonlySet<string>;
  readonly random: StepRandom;
  /** Modules whose modes its programs depend on. */
  readonly modes: ReadonlySet<HasMode>;
  /** Bytes that the programs of other shapes than the declared ones may hold. */
  readonly shapeBudget: number;
}

/** A run whose values and options have been checked. */
interface PreparedRun {
  readonly variant: Variant;
  readonly options: RunOptions;
  readonly data: readonly (readonly [name: string, value: Float32Array | BufferRange])[];
}

/**
 * A traced function, planned for its input shapes. Every run replays the same static program; input shapes not seen before are
 * planned when they first come, so that a last short batch just works; so are other modes of the model, after `eval()` or `train()`.
 */
export class CompiledStep<Names extends string = string> {
  readonly #context: GpuContext;
  readonly #inputs: InputShapes;
  readonly #build: (shapes: InputShapes) => StepSource;
  readonly #parts: StepParts;
  /** From the least to the most recently used. */
  readonly #variants = new Map<string, Variant>();
  /** How many programs were kept when their modules were replaced: their results can still be read. */
  #outdated = 0;
  /** What given up programs have left for their results. */
  readonly #leftovers = new Set<DeviceBuffer>();
  #disposed = false;
  readonly #inFlight: InFlight;

  /** @internal */
  constructor(
    context: GpuContext,
    inputs: InputShapes,
    parts: StepParts,
    build: (shapes: InputShapes) => StepSource,
    declared: StepSource,
  ) {
    this.#context = context;
    this.#inFlight = new InFlight(context);
    this.#inputs = inputs;
    this.#parts = parts;
    this.#build = build;
    this.#add(inputs, declared);
  }

  /**
   * Runs the step once and returns its results without waiting for them.
   * @param values One value for every input. A `Float32Array` without a shape that does not fit the declared one is
   * taken as another number of rows.
   * @param options For a step that accumulates gradients: the run's weight, and whether to update after it.
   * @throws {@link ShapeError}, {@link OptionError} or {@link DataError} (NaN, infinity) before anything has run.
   */
  run(values: Readonly<Record<string, InputValue>>, options: RunOptions = {}): Record<Names, Result> {
    return this.#start(this.#prepare("step.run", values, options)).results;
  }

  /**
   * Runs the step once, as {@link run}, and reads one of its results, all in one submission: the fastest way to an answer. Calls
   * may overlap.
   * @param name The result to read.
   */
  async ask(values: Readonly<Record<string, InputValue>>, name: Names): Promise<NDArray> {
    if (typeof values === "string") {
      throw new OptionError(
        `step.ask: the values come first, then the result's name, as in step.ask({ x }, ${show(values)})`,
      );
    }
    const prepared = this.#prepare("step.ask", values, {});
    const { program } = prepared.variant;
    const output = program.source.outputs.get(name);
    if (!output) {
      throw new OptionError(
        `step.ask: there is no result ${show(name)}; the results are ${[...program.source.outputs.keys()].join(", ")}`,
      );
    }
    const transfer = program.beginRead(output);
    const { sound } = this.#start(prepared, undefined, [transfer.copy]);
    const data = await transfer.arrive();
    await sound;
    return { shape: output.shape, data };
  }

  /**
   * Runs the step once, as {@link run}, and measures the GPU time of every dispatch. With an optimizer this is one more training
   * step. Browsers round the times (to 0.1 ms in Chromium unless WebGPU's developer features are on), so for short kernels only
   * the sums mean something.
   * @throws {@link WebGpuLstmError} where the device has no timestamps, and what {@link run} throws.
   */
  async profile(values: Readonly<Record<string, InputValue>>): Promise<Profile> {
    await profiling.load();
    const prepared = this.#prepare("step.profile", values, {});
    const { dispatches } = prepared.variant.program.source;
    return profiling.module.profile(this.#context, dispatches.length, (timestamps) =>
      this.#start(prepared, timestamps),
    );
  }

  /** Checks everything, before anything has run. */
  #prepare(where: string, values: Readonly<Record<string, InputValue>>, options: RunOptions): PreparedRun {
    this.#check(where);
    const { accumulation, optimizer } = this.#parts;
    const { shapes, written } = shapesOfRun(this.#inputs, this.#parts.carries, values);
    checkRunOptions(where, accumulation !== null, options);
    if (accumulation && !accumulation.fits(optimizer!.parameters)) {
      throw new OptionError(
        `${where}: parameters were frozen or unfrozen between the runs of one update; do it after an update, or discard() the ` +
          `${accumulation.pending} runs before`,
      );
    }
    const data = written.map((name) => [name, dataOf(name, values[name]!, this.#context)] as const);
    const variant = this.#variant(shapes);
    checkNotDisposed(variant.parameters);
    const { inputs, halves } = variant.program.source;
    halves?.refresh();
    const hosted = data.flatMap(([name, value]) => (value instanceof Float32Array ? [{ name, value }] : []));
    const given = new Map(hosted.map(({ name, value }) => [inputs.get(name)!, value]));
    for (const { name } of hosted) runInputChecks(name, inputs.get(name)!, given);
    return { variant, data, options };
  }

  #start(
    { variant, data, options }: PreparedRun,
    timestamps?: Timestamps,
    reads: readonly BufferCopy[] = [],
  ) {
    const { program, history } = variant;
    const { accumulation, optimizer, random } = this.#parts;
    for (const [name, value] of data) program.writeInput(name, value);
    const { update, graph } = program.source;
    const whole = accumulation?.begin(options, optimizer!.parameters) ?? true;
    if (update && whole) history.begin(update.optimizer.beginStep(update.parameters));
    const run = program.runs;
    program.replay(whole, timestamps, reads);
    const sound = program.source.anomalies?.check(program, random.runs);
    random.runs++;
    const updated = update && whole ? update.parameters : [];
    for (const parameter of [...updated, ...(graph.assignments.keys() as Iterable<Parameter>)])
      parameter.revision++;
    this.#inFlight.add();
    const results: Record<string, Result> = {};
    for (const [name, { elements }] of program.source.outputs) {
      const result = new Result(program, history, name, run, whole);
      result.sound = sound;
      results[name] = result;
      if (elements !== 1) variant.results.set(name, new WeakRef(result));
    }
    return {
      results: results as Record<Names, Result>,
      sound,
      dispatches: program.dispatchesOf(whole),
    };
  }

  /** Runs whose gradients wait for an update; 0 unless the step accumulates. */
  get pending(): number {
    return this.#parts.accumulation?.pending ?? 0;
  }

  /** Forgets the gradients of the runs that wait for an update. */
  discard(): void {
    this.#parts.accumulation?.discard();
  }

  /**
   * Position of the step's random numbers (dropout), as plain JSON. A step compiled with it as `random` draws what this one would
   * draw next.
   */
  randomState(): StepRandomState {
    return this.#parts.random.state;
  }

  /**
   * Settles when the GPU has room for another run: at once, unless it is behind. A training loop awaits it before each run, to
   * keep the GPU's queue short.
   */
  ready(): Promise<void> {
    return this.#inFlight.ready();
  }

  /** The dispatches of the program for the declared input shapes, as a table. */
  async describe(): Promise<string> {
    this.#check("step.describe");
    await description.load();
    return description.module.describeProgram(this.#variant(this.#inputs).program);
  }

  /** Live bytes of all programs of this step; parameters, gradients and optimizer state are the model's. */
  get bytes(): number {
    return [...this.#variants.values()].reduce((sum, { program }) => sum + program.memory.total, 0);
  }

  /** GPU memory of the program for the declared input shapes, in bytes by what it is for. */
  get memory(): ProgramMemory {
    return this.program.memory;
  }

  /** The program for the declared input shapes. @internal */
  get program(): Program {
    this.#check("step.program");
    return this.#variant(this.#inputs).program;
  }

  /** Frees the GPU memory of every program of this step. Parameters stay. */
  dispose(): void {
    this.#disposed = true;
    for (const { program } of this.#variants.values()) program.dispose();
    this.#variants.clear();
    for (const buffer of this.#leftovers) buffer.dispose();
    this.#parts.accumulation?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #check(where: string): void {
    this.#context.check(where);
    if (this.#disposed) throw new DisposedError(`${where}: the step was disposed; compile it again`);
  }

  /** A program is planned for its input shapes, the modules' modes and one state of the optimizer. */
  #key(shapes: InputShapes, planKey = this.#parts.optimizer?.planKey): string {
    const modes = [...this.#parts.modes].map(({ training }) => training);
    return JSON.stringify([planKey, modes, ...Object.keys(this.#inputs).map((name) => shapes[name])]);
  }

  #variant(shapes: InputShapes): Variant {
    const key = this.#key(shapes);
    const known = this.#variants.get(key);
    if (!known?.intact()) {
      if (this.#parts.carries.size > 0) throw lostCarry();
      return this.#add(shapes, this.#build(shapes));
    }
    this.#variants.delete(key);
    this.#variants.set(key, known);
    return known;
  }

  #add(shapes: InputShapes, source: StepSource): Variant {
    const program = this.#context.faults.allOrNothing("step.run", () => new Program(this.#context, source));
    const variant = { ...source, program, history: new ScalarHistory(program), results: new Map() };
    const key = this.#key(shapes, source.update?.planKey);
    const outdated = this.#variants.get(key);
    if (outdated) this.#variants.set(`${key} ${this.#outdated++}`, outdated);
    this.#variants.set(key, variant);
    // What fails to load now is tried again with the next shape.
    if (this.#variants.size > 2 && this.bytes > this.#parts.shapeBudget)
      eviction.load().then(
        () => this.#evict(),
        () => {},
      );
    return variant;
  }

  /** Gives up the least recently used programs beyond the budget, soon; never the latest, nor the one of the declared shapes. */
  #evict(): void {
    const stays = new Set([this.#key(this.#inputs), ...[...this.#variants.keys()].slice(-1)]);
    eviction.module.evict(this.#variants, stays, this.#parts.shapeBudget, this.#leftovers);
  }
}
