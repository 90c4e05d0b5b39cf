/** One comparison with the other side. */
export interface Check {
  readonly name: string;
  /** What went wrong; `null` for nothing. */
  readonly error: string | null;
}

/** Runs one comparison, which throws what is wrong. */
export async function check(name: string, compare: () => Promise<void> | void): Promise<Check> {
  try {
    await compare();
    return { name, error: null };
  } catch (error) {
    return { name, error: (error as Error).message };
  }
}

/** Throws unless float32 results are those of float64 within torch's own bounds for float32. */
export function expectClose(name: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const largest = Array.from(expected).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const atol = 1e-5 * Math.min(1, Math.max(0.01, largest));
  const bad = Array.from(expected).findIndex(
    (value, i) => !(Math.abs(actual[i]! - value) <= 1.3e-6 * Math.abs(value) + atol),
  );
  if (actual.length === expected.length && bad < 0) return;
  throw new Error(`${name}: got ${actual[bad]} at index ${bad} of ${actual.length}, wanted ${expected[bad]}`);
}

/** Throws unless two tensors are the same, bit for bit. */
export function expectSame(name: string, actual: Tensor | undefined, expected: Tensor): void {
  const same =
    actual?.shape.join() === expected.shape.join() &&
    actual.data.length === expected.data.length &&
    Array.from(expected.data).every((value, i) => Object.is(actual.data[i], value));
  if (!same)
    throw new Error(`${name} is not the same: ${actual?.shape.join()}, wanted ${expected.shape.join()}`);
}

interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}
