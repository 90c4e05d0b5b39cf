import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { BufferCopy } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import type { StagingPool } from "../gpu/staging.ts";
import type { Operand } from "../ops/op.ts";
import { sizeOf } from "../shape.ts";

/** Number of past runs whose scalars can be read. */
export const HISTORY = 1024;

/** A run's entry in the ring: its scalars by name, and the gradient norms that decide whether its update happened. */
export interface RunScalars {
  readonly scalars: Map<string, number>;
  readonly norms: Float32Array;
}

/**
 * Scalar results of the last runs, and the gradient norms that decide whether each update happened. They are copied here after
 * each run, so that a later run does not overwrite them before they are read.
 */
export class ScalarRing {
  readonly #buffer: DeviceBuffer;
  readonly #names: readonly string[];
  readonly #width: number;
  readonly #copies: ((slot: number) => BufferCopy)[];

  private constructor(
    names: readonly string[],
    recorded: readonly { readonly tensor: Operand; readonly size: number }[],
    allocate: (bytes: number) => DeviceBuffer,
    rangeOf: (tensor: Operand) => BufferRange,
  ) {
    const width = recorded.reduce((sum, { size }) => sum + size, 0);
    const target = allocate(HISTORY * width * 4);
    let column = 0;
    this.#copies = recorded.map(({ tensor, size }) => {
      const { buffer: source, offset: sourceOffset } = rangeOf(tensor);
      const from = column;
      column += size;
      return (slot) => {
        const targetOffset = (slot * width + from) * 4;
        return { source, sourceOffset, target, targetOffset, bytes: size * 4 };
      };
    });
    this.#buffer = target;
    this.#names = names;
    this.#width = width;
  }

  /** A ring for the scalars among `outputs`; `null` if there are none. */
  static of(
    outputs: ReadonlyMap<string, Operand>,
    guard: Operand | null,
    allocate: (bytes: number) => DeviceBuffer,
    rangeOf: (tensor: Operand) => BufferRange,
  ): ScalarRing | null {
    const scalars = [...outputs].filter(([, tensor]) => sizeOf(tensor.shape) === 1);
    if (scalars.length === 0) return null;
    const recorded = scalars.map(([, tensor]) => ({ tensor, size: 1 }));
    if (guard) recorded.push({ tensor: guard, size: guard.elements });
    return new ScalarRing(
      scalars.map(([name]) => name),
      recorded,
      allocate,
      rangeOf,
    );
  }

  /** The copies that record run number `run`. */
  copiesOf(run: number): BufferCopy[] {
    return this.#copies.map((copy) => copy(run % HISTORY));
  }

  /** Reads the whole ring: what each of the last {@link HISTORY} runs left. */
  async read(staging: StagingPool): Promise<(run: number) => RunScalars> {
    const width = this.#width;
    const values = await staging.read(this.#buffer, 0, HISTORY * width);
    return (run) => {
      const row = values.subarray((run % HISTORY) * width, ((run % HISTORY) + 1) * width);
      return {
        scalars: new Map(this.#names.map((name, i) => [name, row[i]!])),
        norms: row.subarray(this.#names.length),
      };
    };
  }
}
