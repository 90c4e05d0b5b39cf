import { ShapeError } from "../errors.ts";
import type { DeviceLimits } from "../gpu/limits.ts";

declare const made: unique symbol;

/** Workgroups of a dispatch along each axis, within the device's limit. Only the functions of this file make one. */
export type Grid = readonly [x: number, y: number, z: number] & { readonly [made]: true };

type GridLimit = Pick<DeviceLimits, "maxGrid">;

/** Invocations that a kernel can number: an index is a u32, and the last workgroups go past the end. */
const MOST_INVOCATIONS = 2 ** 32 - 2 ** 24;

function checked(x: number, y: number, z: number, { maxGrid }: GridLimit): Grid {
  if (Math.max(x, y, z) > maxGrid || 64 * x * y * z > MOST_INVOCATIONS) {
    throw new ShapeError(
      `device.compile: an operation wants ${x * y * z} workgroups, more than this device can number; use smaller tensors`,
    );
  }
  return [x, y, z] as unknown as Grid;
}

/** Grid with one invocation per element, for kernels with 64 invocations per workgroup; folded into y past the limit. */
export function linearGrid(elements: number, limit: GridLimit): Grid {
  const groups = Math.ceil(elements / 64);
  const y = Math.ceil(groups / limit.maxGrid) || 1;
  return checked(Math.ceil(groups / y), y, 1, limit);
}

/** Grid of exactly so many workgroups. */
export function groupGrid(groups: number, limit: GridLimit): Grid {
  return checked(groups, 1, 1, limit);
}

/** Grid with one workgroup per tile. Past the limit, rows of tiles fold into z if there is one slice. */
export function tileGrid(columns: number, rows: number, slices: number, limit: GridLimit): Grid {
  const folds = slices === 1 ? Math.ceil(rows / limit.maxGrid) : 1;
  return checked(columns, Math.ceil(rows / folds), slices * folds, limit);
}

/** These functions, for files that load on demand and import no values. */
export interface Grids {
  readonly linearGrid: typeof linearGrid;
  readonly tileGrid: typeof tileGrid;
}
