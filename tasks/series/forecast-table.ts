import type { NDArray } from "webgpu-lstm";

/** A forecast `[origins, horizon]` from a function of the origin and the number of steps after it, 0 for the origin itself. */
export function forecastTable(
  origins: readonly number[],
  horizon: number,
  value: (origin: number, ahead: number) => number,
): NDArray {
  const cells = new Float32Array(origins.length * horizon);
  origins.forEach((origin, i) => {
    for (let ahead = 0; ahead < horizon; ahead++) cells[i * horizon + ahead] = value(origin, ahead);
  });
  return { data: cells, shape: [origins.length, horizon] };
}
