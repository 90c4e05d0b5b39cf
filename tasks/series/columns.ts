import type { data } from "webgpu-lstm";

/** A column of `[time, columns]`. */
export function columnOf({ data, shape }: data.Float64NDArray, column: number): number[] {
  const width = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, t) => data[t * width + column]!);
}
