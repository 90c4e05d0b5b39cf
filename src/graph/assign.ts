import { assignTexts, bufferAssign } from "../ops/update/buffer-assign.ts";
import type { Buffer } from "./parameter.ts";
import { recording, type Tensor } from "./tensor.ts";

/** A module's buffer, as the traced function has it by now: what it was given last, or its own value. */
export function current(where: string, buffer: Buffer): Tensor {
  return recording.current(where).assignments.get(buffer)?.value ?? buffer;
}

/**
 * Stores a tensor in a module's buffer at the end of every run, after all that reads the buffer; never in a run whose update is left out.
 * @param value Of the buffer's shape; computed by an op.
 */
export function assign(where: string, buffer: Buffer, value: Tensor): void {
  const { assignments } = recording.current(where);
  buffer.changes();
  assignments.set(buffer, { value, store: (guard, plan) => bufferAssign(value, buffer, guard, plan) });
}

/** What a module that assigns in one of its modes needs loaded in all of them. */
export { assignTexts };
