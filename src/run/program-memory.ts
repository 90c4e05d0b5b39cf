import type { BufferRole, DeviceBuffer } from "../gpu/buffer.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { Parameter } from "../graph/parameter.ts";
import type { Operand } from "../ops/op.ts";
import type { HalfWeights } from "./half-weights.ts";

/** GPU memory of a program, in bytes. */
export interface ProgramMemory {
  /** Intermediates, which share buffers if their lifetimes do not overlap. */
  readonly activation: number;
  /** What the runs are given. */
  readonly input: number;
  /** Scalar results of the last runs. */
  readonly output: number;
  /** Sizes and settings that kernels read. */
  readonly uniform: number;
  /** The sum of the others, without the parameters. */
  readonly total: number;
  /** Parameters that the program reads. All programs over a model share them, so `total` leaves them out. */
  readonly parameter: number;
}

/**
 * @param buffers The program's own.
 * @param ranges Where its operands lie.
 */
export function memoryOf(
  buffers: readonly DeviceBuffer[],
  ranges: ReadonlyMap<Operand, BufferRange>,
  halves: HalfWeights | undefined,
): ProgramMemory {
  const own: Partial<Record<BufferRole, number>> = {};
  for (const { role, bytes } of buffers) own[role] = (own[role] ?? 0) + bytes;
  const { activation = 0, input = 0, output = 0, uniform = 0 } = own;
  let parameter = halves?.bytes ?? 0;
  for (const [root, { bytes }] of ranges) if (root instanceof Parameter) parameter += bytes;
  return { activation, input, output, uniform, total: activation + input + output + uniform, parameter };
}
