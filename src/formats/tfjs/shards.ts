import { isObject, listed, quote, show } from "../../checks.ts";
import { DataError, OptionError } from "../../errors.ts";

/** Files with weights: one after the other in the manifest's order, or by their paths in it. */
export type TfjsWeights =
  | Uint8Array
  | ArrayBuffer
  | readonly (Uint8Array | ArrayBuffer)[]
  | ReadonlyMap<string, Uint8Array | ArrayBuffer>
  | Readonly<Record<string, Uint8Array | ArrayBuffer>>;

function viewOfShard(label: string, value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new DataError(
    `loadTfjs: weights: ${label} must be a Uint8Array or an ArrayBuffer, got ${show(value)}`,
  );
}

/**
 * The shards in the order of the manifest's paths.
 * @param paths Of all groups, in order. One array may hold all of them.
 */
export function shardsOf(weights: unknown, paths: readonly string[]): Uint8Array[] {
  if (weights instanceof Uint8Array || weights instanceof ArrayBuffer) return [viewOfShard("they", weights)];
  if (Array.isArray(weights)) {
    const shards = weights.map((shard, i) => viewOfShard(`shard ${i}`, shard));
    if (shards.length === paths.length || shards.length === 1) return shards;
    throw new DataError(
      `loadTfjs: weights: the model has ${paths.length} shards, ${listed(paths.map((path) => quote(path, 60)))}, got ${shards.length}`,
    );
  }
  if (!isObject(weights)) {
    throw new OptionError(
      `loadTfjs: weights must be the bytes of the model's shards: one array, a list in order, or an object by path; got ${show(weights)}`,
    );
  }
  const given: ReadonlyMap<string, unknown> =
    weights instanceof Map ? weights : new Map(Object.entries(weights));
  const missing = paths.filter((path) => !given.has(path));
  const unknown = [...given.keys()].filter((path) => !paths.includes(path));
  if (missing.length > 0 || unknown.length > 0) {
    const says = [
      ...(missing.length > 0 ? [`missing ${listed(missing.map((path) => quote(path, 60)))}`] : []),
      ...(unknown.length > 0
        ? [`not of this model ${listed(unknown.map((path) => quote(String(path), 60)))}`]
        : []),
    ];
    throw new DataError(`loadTfjs: weights: they must have the model's paths as keys: ${says.join("; ")}`);
  }
  return paths.map((path) => viewOfShard(quote(path, 60), given.get(path)));
}

/** Bytes that lie in several arrays, one after the other. */
export class Bytes {
  readonly length: number;
  readonly #parts: readonly { readonly from: number; readonly bytes: Uint8Array }[];

  constructor(shards: readonly Uint8Array[]) {
    let length = 0;
    this.#parts = shards.map((bytes) => {
      const part = { from: length, bytes };
      length += bytes.length;
      return part;
    });
    this.length = length;
  }

  /** A view of a range; a copy where it lies in two shards. */
  view(from: number, length: number): DataView {
    const end = from + length;
    const touched = this.#parts.filter((part) => part.from < end && part.from + part.bytes.length > from);
    if (touched.length <= 1) {
      const part = touched[0] ?? { from, bytes: new Uint8Array(0) };
      return new DataView(part.bytes.buffer, part.bytes.byteOffset + from - part.from, length);
    }
    const copy = new Uint8Array(length);
    for (const part of touched) {
      const start = Math.max(from, part.from);
      copy.set(part.bytes.subarray(start - part.from, end - part.from), start - from);
    }
    return new DataView(copy.buffer);
  }
}
