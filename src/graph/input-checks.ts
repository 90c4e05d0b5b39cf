import { checkFinite } from "../checks.ts";
import { DataError } from "../errors.ts";
import type { InputCheck, Tensor } from "./tensor.ts";

/**
 * Makes every run check host data before it starts, if `tensor` is an input or only rearranges one. Values computed on the GPU
 * cannot be checked, so kernels do not trust an index: a bad one gives NaN.
 */
export function checkOnTheWayIn(tensor: Tensor, complain: InputCheck["complain"]): void {
  const from = originOf(tensor);
  from?.input.checks?.push({ positions: from.positions, complain });
}

/** The input that a tensor rearranges, and each element's place there; `null` for a tensor that something computes. */
export function originOf(
  tensor: Tensor,
): { readonly input: Tensor; readonly positions: Uint32Array | null } | null {
  let origin = tensor;
  let positions: Uint32Array | null = null;
  while (origin.source) {
    const { op, inputs, attributes } = origin.source.node;
    if (!op.moves) return null;
    const [from] = inputs as [Tensor];
    const move = op.moves(from.shape, attributes);
    // A reshape moves nothing.
    if (op.forward)
      positions = (positions ?? Uint32Array.from({ length: origin.elements }, (_, i) => i)).map(move);
    origin = from;
  }
  return { input: origin, positions };
}

/** Makes every run check that the input's indices are integers from 0 to `count` - 1, or exactly `except`. */
export function checkIndices(tensor: Tensor, what: string, count: number, except?: number): void {
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
export function runInputChecks(name: string, input: Tensor, given: ReadonlyMap<Tensor, Float32Array>): void {
  const data = given.get(input)!;
  checkFinite("step.run", `input ${name}`, input.readPart?.(data, given) ?? data);
  for (const { positions, complain } of input.checks ?? []) {
    const values = positions ? Float32Array.from(positions, (position) => data[position]!) : data;
    const complaint = complain(values);
    if (complaint) throw new DataError(`step.run: input ${name}: ${complaint}`);
  }
}
