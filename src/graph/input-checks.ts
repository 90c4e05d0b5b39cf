import { checkFinite } from "../checks.ts";
import { DataError } from "../errors.ts";
import type { Viewed } from "./views.ts";

/** A condition on the values of a trace's input that a kernel relies on. */
export interface InputCheck {
  /** The elements to check, in the order in which the op sees them; `null` for all. */
  readonly positions: Uint32Array | null;
  /** What is wrong with the values, as `must be …, got …`; `null` if they are right. */
  complain(values: ArrayLike<number>): string | null;
}

/** A tensor whose values may be given. `T` is the graph's tensor, which imports this file. */
export interface Checked<T> extends Viewed<T> {
  /** Conditions on an input's values, from the ops that read it; `null` if the tensor is not an input. @internal */
  readonly checks: InputCheck[] | null;
  /** Of an input's values those that are read, the others as zeros, given the run's host data; `null` if all are. @internal */
  readonly readPart: ((values: Float32Array, given: ReadonlyMap<T, Float32Array>) => Float32Array) | null;
}

/**
 * Makes every run check host data before it starts, if `tensor` is an input or only rearranges one. Values computed on the GPU
 * cannot be checked, so kernels do not trust an index: a bad one gives NaN.
 */
export function checkOnTheWayIn<T extends Checked<T>>(tensor: T, complain: InputCheck["complain"]): void {
  const from = originOf(tensor);
  from?.input.checks?.push({ positions: from.positions, complain });
}

/** The input that a tensor rearranges, and each element's place there; `null` for a tensor that something computes. */
export function originOf<T extends Checked<T>>(
  tensor: T,
): { readonly input: T; readonly positions: Uint32Array | null } | null {
  let origin = tensor;
  let positions: Uint32Array | null = null;
  while (origin.source) {
    const { op, inputs, attributes } = origin.source.node;
    if (!op.moves) return null;
    const [from] = inputs as [T];
    const move = op.moves(from.shape, attributes);
    // A reshape moves nothing.
    if (op.forward)
      positions = (positions ?? Uint32Array.from({ length: origin.elements }, (_, i) => i)).map(move);
    origin = from;
  }
  return { input: origin, positions };
}

/** Makes every run check that the input's indices are integers from 0 to `count` - 1, or exactly `except`. */
export function checkIndices<T extends Checked<T>>(
  tensor: T,
  what: string,
  count: number,
  except?: number,
): void {
  checkOnTheWayIn(tensor, (values) => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if ((Number.isInteger(value) && value >= 0 && value < count) || value === except) continue;
      const range = `an integer from 0 to ${count - 1}${except === undefined ? "" : `, or ${except}`}`;
      return `every ${what} must be ${range}, got ${value} at index ${i}`;
    }
    return null;
  });
}

/**
 * Throws a DataError for a value that is read and not finite, and for the first of the input's checks that fails.
 * @param given Host data of the run's inputs.
 */
export function runInputChecks<T extends Checked<T>>(
  name: string,
  input: T,
  given: ReadonlyMap<T, Float32Array>,
): void {
  const data = given.get(input)!;
  checkFinite("step.run", `input ${name}`, input.readPart?.(data, given) ?? data);
  for (const { positions, complain } of input.checks ?? []) {
    const values = positions ? Float32Array.from(positions, (position) => data[position]!) : data;
    const complaint = complain(values);
    if (complaint) throw new DataError(`step.run: input ${name}: ${complaint}`);
  }
}
