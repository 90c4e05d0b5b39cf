/** The weights that a model.json lists: checked against the bytes of the shards, converted when a layer takes them. */
import { isObject, quote, show } from "../../checks.ts";
import { DataError } from "../../errors.ts";
import { dtypes, type SafetensorsDtype } from "../../io/dtypes.ts";
import { type Shape, showShape, sizeOf } from "../../shape.ts";
import type { Refuse } from "../refuse.ts";
import { entry } from "./layer-file.ts";
import type { Bytes } from "./shards.ts";

/** Most dimensions of a weight. */
const MAX_RANK = 8;

const types: ReadonlyMap<string, SafetensorsDtype> = new Map([
  ["float32", "F32"],
  ["float16", "F16"],
  ["int32", "I32"],
  ["uint8", "U8"],
  ["uint16", "U16"],
  ["bool", "BOOL"],
]);

/** How quantized integers become numbers: n·scale + min. */
interface Linear {
  readonly scale: number;
  readonly min: number;
}

/** A weight as the manifest describes it. */
export interface WeightFile {
  readonly name: string;
  readonly shape: Shape;
  /** Its type in the shards. */
  readonly dtype: SafetensorsDtype;
  /** Where its bytes begin among those of all shards. */
  readonly from: number;
  readonly linear: Linear | null;
  /** Whether its numbers were integers before they were quantized. */
  readonly isInteger: boolean;
  /** `optimizer` for a weight of the optimizer, not of a layer. */
  readonly group: unknown;
}

export interface Manifest {
  /** Of all shards, in order. */
  readonly paths: readonly string[];
  readonly weights: readonly WeightFile[];
  readonly bytes: number;
}

/** Reads `weightsManifest`. Throws for one that is damaged, or has types that are not read. */
export function manifestOf(value: unknown, refuse: Refuse): Manifest {
  if (!Array.isArray(value)) throw refuse(`its weightsManifest must be a list, got ${show(value)}`);
  const paths: string[] = [];
  const weights: WeightFile[] = [];
  let bytes = 0;
  for (const [i, group] of (value as readonly unknown[]).entries()) {
    const own = isObject(group) ? entry(group, "paths") : null;
    const listed = isObject(group) ? entry(group, "weights") : null;
    if (!Array.isArray(own) || !own.every((path) => typeof path === "string") || !Array.isArray(listed)) {
      throw refuse(`group ${i} of its weightsManifest must have paths and weights; the file is damaged`);
    }
    for (const path of own as string[]) paths.push(path);
    for (const weight of listed as unknown[]) {
      const read = weightOf(weight, bytes, refuse);
      weights.push(read);
      bytes += dtypes[read.dtype].size * sizeOf(read.shape);
      if (!Number.isSafeInteger(bytes))
        throw refuse("its weights have more than 2^53 bytes; the file is damaged");
    }
  }
  return { paths, weights, bytes };
}

function weightOf(value: unknown, from: number, refuse: Refuse): WeightFile {
  const name = isObject(value) ? entry(value, "name") : undefined;
  if (!isObject(value) || typeof name !== "string") {
    throw refuse(`its weightsManifest must list weights with names, got ${show(value)}`);
  }
  const label = `the weight ${quote(name, 80)}`;
  const shape = entry(value, "shape");
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) > 0;
  if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isSize)) {
    throw refuse(`${label} must have a shape of at most ${MAX_RANK} sizes of 1 or more, got ${show(shape)}`);
  }
  const original = entry(value, "dtype");
  const quantization = entry(value, "quantization");
  const stored = isObject(quantization) ? entry(quantization, "dtype") : original;
  const dtype = typeof stored === "string" ? types.get(stored) : undefined;
  const isNumber = typeof original === "string" && types.has(original);
  if (!dtype || !isNumber) {
    throw refuse(
      `${label} is of type ${show(isNumber ? stored : original)}; ${[...types.keys()].join(", ")} are read`,
    );
  }
  let linear: Linear | null = null;
  if (isObject(quantization) && (dtype === "U8" || dtype === "U16")) {
    const { scale, min } = { scale: entry(quantization, "scale"), min: entry(quantization, "min") };
    if (!Number.isFinite(scale) || !Number.isFinite(min)) {
      throw refuse(`${label} is quantized without a scale and a min, got ${show(scale)} and ${show(min)}`);
    }
    linear = { scale: scale as number, min: min as number };
  } else if (quantization !== undefined && dtype !== "F16") {
    throw refuse(`${label} has the quantization ${show(quantization)}; uint8, uint16 and float16 are read`);
  }
  return {
    name,
    shape: [...(shape as number[])],
    dtype,
    from,
    linear,
    isInteger: original === "int32",
    group: entry(value, "group"),
  };
}

/** A weight's numbers, row-major; an array of its own. */
export function valuesOf(
  { name, shape, dtype, from, linear, isInteger }: WeightFile,
  bytes: Bytes,
): Float32Array<ArrayBuffer> {
  const { size, read } = dtypes[dtype];
  const count = sizeOf(shape);
  const view = bytes.view(from, size * count);
  const values = new Float32Array(count);
  const wrong = (what: string) =>
    new DataError(`loadTfjs: the weight ${quote(name, 80)} of ${showShape(shape)}: ${what}`);
  for (let i = 0; i < count; i++) {
    const byte = dtype === "BOOL" ? view.getUint8(i) : 0;
    if (byte > 1) throw wrong(`a bool must be 0 or 1, got ${byte}; the shard is damaged`);
    const stored = read(view, i * size);
    const value = linear ? stored * linear.scale + linear.min : stored;
    values[i] = linear && isInteger ? Math.round(value) : value;
    if (dtype === "I32" && values[i] !== value) {
      throw wrong(
        `it holds ${value}, which float32 does not hold exactly; save the model with float32 weights`,
      );
    }
  }
  return values;
}
