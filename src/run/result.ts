import { DataError, GraphError } from "../errors.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { type NDArray, type Shape, showShape, sizeOf } from "../shape.ts";
import type { Program } from "./program.ts";
import { HISTORY } from "./scalar-ring.ts";

type History = Awaited<ReturnType<Program["readHistory"]>>;

/** Reads a program's scalar history. One read serves every result of the runs before it. */
export class ScalarHistory {
  #program: Program;
  #latest: { readonly runs: number; readonly values: Promise<History> } | null = null;
  /** Undoes a run's step count in the optimizer, by run, while it is unknown whether its update was skipped. */
  #undo = new Map<number, () => void>();

  constructor(program: Program) {
    this.#program = program;
  }

  /** Registers how to undo the run that is about to start. */
  begin(undo: () => void): void {
    if (!this.#program.source.update?.guard) return;
    const { runs } = this.#program;
    this.#undo.set(runs, undo);
    this.#undo.delete(runs - HISTORY);
  }

  /** Reads all runs, so that they can be asked for when the program's memory is gone. */
  readOut(): void {
    const program = this.#program;
    const { runs } = program;
    if (runs === 0 || this.#latest?.runs === runs || !program.hasHistory) return;
    const values = program.readHistory();
    // A failure is told to those who ask.
    values.catch(() => {});
    this.#latest = { runs, values };
  }

  /**
   * The scalar of run `run` (from 0).
   * @param updated Whether the run was to update.
   */
  async read(name: string, run: number, updated: boolean): Promise<number> {
    const program = this.#program;
    if (program.runs - run > HISTORY) {
      throw new GraphError(
        `Result.item: ${name} of run ${run + 1} was overwritten by one of the ${program.runs - run - 1} runs since; read it ` +
          `within ${HISTORY} runs`,
      );
    }
    // One read serves every run before it.
    if (!this.#latest || this.#latest.runs <= run) {
      program.outputRange(name).buffer.check("Result.item");
      this.#latest = { runs: program.runs, values: program.readHistory() };
    }
    const { runs, values } = this.#latest;
    const history = await values;
    const badNorm = (of: number) => history(of).norms.find((norm) => !Number.isFinite(norm));
    for (const [earlier, undo] of [...this.#undo].reverse()) {
      if (earlier >= runs) continue;
      this.#undo.delete(earlier);
      if (badNorm(earlier) !== undefined) undo();
    }
    const bad = updated ? badNorm(run) : undefined;
    if (bad !== undefined) {
      throw new DataError(
        `Result.item: the gradients' norm of run ${run + 1} is ${bad}, so clipGradNorm_ with errorIfNonfinite left its update ` +
          "out and nothing has changed; use a lower learning rate, or check the batch",
      );
    }
    return history(run).scalars.get(name)!;
  }
}

/**
 * A result of one run. It stays on the GPU until it is read, and can be given to a later run as an input. Scalars can be
 * read up to 1,024 runs later, others until the same program (same step, same input shapes) runs again.
 */
export class Result {
  /** Its sizes, the outermost first. */
  readonly shape: Shape;
  /** The name that the compiled function gave it. */
  readonly name: string;
  #program: Program;
  #history: ScalarHistory;
  #run: number;
  #updated: boolean;
  /** Rejects where the run has made a NaN or an infinity, if its step detects that. @internal */
  declare sound?: Promise<void> | undefined;

  /** @internal */
  constructor(program: Program, history: ScalarHistory, name: string, run: number, updated: boolean) {
    this.name = name;
    this.shape = program.source.outputs.get(name)!.shape;
    this.#program = program;
    this.#history = history;
    this.#run = run;
    this.#updated = updated;
  }

  /**
   * The value of a result with one element. Waits for the GPU.
   * @throws {@link DataError} if the run's update was left out because of a gradient norm that is not finite, {@link AnomalyError} as
   * `detectAnomaly` says.
   */
  async item(): Promise<number> {
    this.#checkComputed("Result.item");
    if (sizeOf(this.shape) !== 1) {
      throw new GraphError(
        `Result.item: ${this.name} has shape ${showShape(this.shape)}; use read() for more than one value`,
      );
    }
    const value = await this.#history.read(this.name, this.#run, this.#updated);
    await this.sound;
    return value;
  }

  /** What an operator, such as `loss < best`, asks for: it would go on with a text that is no number. @internal */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return `Result ${this.name} ${showShape(this.shape)}`;
    throw new GraphError(`Result.valueOf: ${this.name} is on the GPU; await result.item() gives its number`);
  }

  /** TensorFlow.js's name of {@link read}. @internal */
  get data(): never {
    throw new GraphError("Result.data, Result.numpy: await result.read() gives { data, shape }");
  }

  /** PyTorch's name of {@link read}. @internal */
  get numpy(): never {
    return this.data;
  }

  /** The values in row-major order. Waits for the GPU. */
  async read(): Promise<NDArray> {
    if (sizeOf(this.shape) === 1) return { shape: this.shape, data: Float32Array.of(await this.item()) };
    this.#checkCurrent("Result.read");
    this.#program.outputRange(this.name).buffer.check("Result.read");
    const data = await this.#program.readOutput(this.name);
    await this.sound;
    return { shape: this.shape, data };
  }

  /** Its place on the GPU, for a run that takes it as an input. @internal */
  range(where: string, context: GpuContext): BufferRange {
    if (this.#program.context !== context) {
      throw new GraphError(`${where}: ${this.name} lies on another device; read() it and pass what you get`);
    }
    this.#checkCurrent(where);
    if (this.#program.source.outputs.get(this.name)!.layout) {
      throw new GraphError(
        `${where}: ${this.name} lies in the kernels' own order and cannot be an input; read() it first`,
      );
    }
    const range = this.#program.outputRange(this.name);
    range.buffer.check(where);
    return range;
  }

  /** Throws for a gradient norm of a run that only added up gradients: norms are computed with the update. */
  #checkComputed(where: string): void {
    const { graph, outputs } = this.#program.source;
    const { root } = outputs.get(this.name)!.storage;
    if (this.#updated || !graph.norms.has(root)) return;
    throw new GraphError(
      `${where}: ${this.name} of run ${this.#run + 1} was not computed: the run added up gradients and no update followed; read ` +
        "it of the run that updates",
    );
  }

  #checkCurrent(where: string): void {
    this.#checkComputed(where);
    if (this.#program.runs - 1 !== this.#run) {
      throw new GraphError(
        `${where}: ${this.name} of run ${this.#run + 1} was overwritten when the step ran again; read it, or pass it on, ` +
          "before the next run",
      );
    }
  }
}
