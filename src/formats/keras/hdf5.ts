/** Reads HDF5 with the npm package jsfive, which is loaded on demand. */
import type { Dataset, Group } from "jsfive";
import { quote, show } from "../../checks.ts";
import { WebGpuLstmError } from "../../errors.ts";
import { sizeOf } from "../../shape.ts";
import type { Budget } from "../budget.ts";
import type { Refuse } from "../refuse.ts";

/** A tensor of a file. */
export interface Hdf5Tensor {
  /** Names of the groups that it is in, and its own. */
  readonly path: readonly string[];
  readonly dtype: "F16" | "F32" | "F64";
  readonly shape: readonly number[];
}

/** A tensor with what it holds, as float32. */
export interface Hdf5Values extends Hdf5Tensor {
  readonly values: Float32Array;
}

/** The content of a file. */
export interface Hdf5File<T extends Hdf5Tensor = Hdf5Tensor> {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly tensors: readonly T[];
  /** The attribute `name` of every group that has one, by its path joined with slashes. */
  readonly names: ReadonlyMap<string, string>;
}

/** Most groups within groups, and most objects of a file. */
const DEEPEST = 32;
const MOST = 100_000;

async function library(where: string): Promise<typeof import("jsfive")> {
  try {
    return await import("jsfive");
  } catch (error) {
    throw new WebGpuLstmError(
      `${where}: HDF5 is read by the npm package jsfive, which is not installed; run npm install jsfive`,
      { cause: error },
    );
  }
}

/** Reads all tensors of floating-point numbers below some groups; throws for others there, and for a damaged file. */
export function readHdf5(
  where: string,
  bytes: Uint8Array,
  top: readonly string[],
  budget: Budget,
  refuse: Refuse,
): Promise<Hdf5File<Hdf5Values>> {
  return walk(where, bytes, top, budget, refuse, (tensor, dataset) => ({
    ...tensor,
    values: valuesOf(tensor, dataset, budget, refuse),
  }));
}

/** Lists the same tensors, and reads none. */
export function listHdf5(
  where: string,
  bytes: Uint8Array,
  top: readonly string[],
  budget: Budget,
  refuse: Refuse,
): Promise<Hdf5File> {
  return walk(where, bytes, top, budget, refuse, (tensor) => tensor);
}

async function walk<T extends Hdf5Tensor>(
  where: string,
  bytes: Uint8Array,
  top: readonly string[],
  budget: Budget,
  refuse: Refuse,
  take: (tensor: Hdf5Tensor, dataset: Dataset) => T,
): Promise<Hdf5File<T>> {
  const { File } = await library(where);
  const tensors: T[] = [];
  const names = new Map<string, string>();
  let objects = 0;
  const visit = (object: unknown, path: readonly string[]): void => {
    if (++objects > MOST || path.length > DEEPEST) {
      throw refuse(`its HDF5 has more than ${MOST} objects, or groups more than ${DEEPEST} deep`);
    }
    budget.spend(200, "the list of its content");
    const group = object as Group;
    if (!Array.isArray(group.keys)) {
      const dataset = object as Dataset;
      tensors.push(take(tensorOf(dataset, path, bytes.length, refuse), dataset));
      return;
    }
    const { name } = group.attrs;
    if (typeof name === "string") names.set(path.join("/"), name);
    for (const key of group.keys)
      if (path.length > 0 || top.includes(key)) visit(group.get(key), [...path, key]);
  };
  try {
    budget.spend(bytes.length, "a copy of its HDF5");
    const file = new File(Uint8Array.from(bytes).buffer, "file");
    visit(file, []);
    return { attributes: file.attrs, tensors, names };
  } catch (error) {
    if (error instanceof WebGpuLstmError) throw error;
    throw refuse(
      `its HDF5 is damaged, or of a kind that is not read (${show((error as Error).message)})`,
      error,
    );
  }
}

function tensorOf(dataset: Dataset, path: readonly string[], fileBytes: number, refuse: Refuse): Hdf5Tensor {
  const { shape, dtype: type } = dataset;
  const label = labelOf(path);
  const dtype = ({ "<f2": "F16", "<f4": "F32", "<f8": "F64" } as const)[String(type)];
  if (!dtype) throw refuse(`${label} is of type ${show(type)}; float16, float32 and float64 are read`);
  const bytes = Number(dtype.slice(1)) / 8;
  const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size > 0);
  if (!isShape || bytes * sizeOf(shape) > fileBytes) {
    throw refuse(
      `${label} of shape ${show(shape)} has more bytes than the file, or none; the file is damaged`,
    );
  }
  return { path, dtype, shape: [...shape] };
}

function labelOf(path: readonly string[]): string {
  return `the tensor ${quote(path.join("/"), 80)}`;
}

function valuesOf(
  { path, shape }: Hdf5Tensor,
  dataset: Dataset,
  budget: Budget,
  refuse: Refuse,
): Float32Array {
  const label = labelOf(path);
  budget.spend(12 * sizeOf(shape), label);
  // A chunk may be compressed, and may say that it is as large as it likes.
  if (dataset._dataobjects.chunks !== null) {
    throw refuse(
      `${label} is stored in chunks, as compressed tensors are; open the model with Keras and save it again, which stores it whole`,
    );
  }
  const given = dataset.value;
  if (!Array.isArray(given) || given.length !== sizeOf(shape)) {
    throw refuse(
      `${label} does not have as many elements as its shape ${show(shape)} says; the file is damaged`,
    );
  }
  const values = Float32Array.from(given as number[]);
  const bad = values.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(given[i]));
  if (bad >= 0) throw refuse(`${label} holds ${String(given[bad])}, which float32 does not hold`);
  return values;
}
