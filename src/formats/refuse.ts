import { show } from "../checks.ts";
import { DataError } from "../errors.ts";

/** Makes the error for a file that cannot be used: takes what is wrong and what to do. */
export type Refuse = (what: string, cause?: unknown) => DataError;

/** {@link Refuse} for one call and one kind of file. */
export function refuser(where: string, kind: string): Refuse {
  return (what, cause) => new DataError(`${where}: ${kind}: ${what}`, { cause });
}

/** The bytes of a file as a plain view: slice() of Node's Buffer does not copy. */
export function viewOf(where: string, input: Uint8Array | ArrayBuffer): Uint8Array {
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (input instanceof Uint8Array) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  throw new DataError(`${where}: bytes must be a Uint8Array or an ArrayBuffer, got ${show(input)}`);
}
