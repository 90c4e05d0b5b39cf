import { listed, quote, show } from "../checks.ts";
import { DataError } from "../errors.ts";
import { MAX_DEPTH } from "../io/json-text.ts";
import { sizeOf, stridesOf } from "../shape.ts";
import type { TorchTensor } from "./load-torch.ts";
import type { TorchArray } from "./torch-storage.ts";
import { PickleWriter } from "./write-pickle.ts";
import { writeZip, type ZipFile } from "./write-zip.ts";

/** The storage class for each array type; the type, for those that have no class. */
const storages = new Map<unknown, string>([
  [Float32Array, "FloatStorage"],
  [Float64Array, "DoubleStorage"],
  [BigInt64Array, "LongStorage"],
  [Int32Array, "IntStorage"],
  [Int16Array, "ShortStorage"],
  [Int8Array, "CharStorage"],
  [Uint8Array, "ByteStorage"],
  [BigUint64Array, "uint64"],
  [Uint32Array, "uint32"],
  [Uint16Array, "uint16"],
]);

/**
 * Writes a `.pt` file that `torch.load(…, weights_only=True)` reads: a state dict, or a checkpoint of state dicts, lists, numbers and text.
 *
 * - Tensors are `{ data, shape }`: `Float32Array` becomes float32, `Float64Array` float64, and arrays of integers the integers of their names;
 *   PyTorch reads unsigned ones of more than 8 bits from version 2.3 on. Tensors with the same `data` share a storage.
 * - A Map or a plain object becomes a `dict`. JavaScript does not tell an object's key `0` from `"0"`: one that is a whole number is written as
 *   an `int`, as an optimizer's `state` has it. A Map's keys are text or integers, and stay what they are.
 * - A number that is whole becomes an `int`, any other a `float`; a `bigint` an `int`; `null` `None`; an array a `list`, a frozen one a `tuple`.
 *
 * @throws DataError for any other value, and for what contains itself; it says where in `value` that is.
 *
 * @example
 * const bytes = saveTorch({ model: await model.stateDict(), optimizer: await optimizer.stateDict(), epoch: 3 });
 * // In Python:
 * // checkpoint = torch.load("checkpoint.pt", weights_only=True)
 * // model.load_state_dict(checkpoint["model"])
 */
export function saveTorch(value: unknown): Uint8Array<ArrayBuffer> {
  const saver = new Saver();
  saver.save(value);
  return writeZip("saveTorch", saver.files());
}

class Saver {
  readonly #pickle = new PickleWriter();
  readonly #keys = new Map<TorchArray, string>();
  /** The keys and indices that lead to the value in work. */
  readonly #path: string[] = [];

  files(): ZipFile[] {
    const text = (content: string) => new TextEncoder().encode(content);
    return [
      { name: "archive/data.pkl", bytes: this.#pickle.end() },
      { name: "archive/byteorder", bytes: text("little") }, // WebGPU's platforms are little-endian
      ...[...this.#keys].map(([{ buffer, byteOffset, byteLength }, key]) => ({
        name: `archive/data/${key}`,
        bytes: new Uint8Array(buffer, byteOffset, byteLength),
      })),
      { name: "archive/version", bytes: text("3\n") },
    ];
  }

  save(value: unknown): void {
    if (value === null) this.#pickle.code("NONE");
    else if (typeof value === "boolean") this.#pickle.code(value ? "NEWTRUE" : "NEWFALSE");
    else if (typeof value === "string") this.#text(value);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "bigint") this.#integer(value);
    else if (typeof value === "object") this.#object(value);
    else
      throw this.#wrong(
        "a tensor { data, shape }, a Map, an object, an array, a number, text or null",
        value,
      );
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#integer(BigInt(value));
    else this.#pickle.float(value);
  }

  #integer(value: bigint): void {
    if (BigInt.asIntN(8 * 255, value) !== value) throw this.#wrong("an integer of at most 255 bytes", value);
    this.#pickle.integer(value);
  }

  #object(value: object): void {
    if (this.#path.length > MAX_DEPTH) {
      throw new DataError(
        `saveTorch: the value is nested too deeply, or contains itself: more than ${MAX_DEPTH} levels`,
      );
    }
    const { data, shape } = value as Partial<TorchTensor>;
    if (Array.isArray(value)) this.#list(value);
    else if (value instanceof Map) this.#dict([...value]);
    else if (ArrayBuffer.isView(data)) this.#tensor(data, shape);
    else if (isPlain(value)) this.#dict(Object.entries(value).map(([key, item]) => [keyOf(key), item]));
    else throw this.#wrong("a tensor { data, shape }, a Map, a plain object or an array", value);
  }

  #list(items: readonly unknown[]): void {
    const isTuple = Object.isFrozen(items);
    if (!isTuple) this.#pickle.code("EMPTY_LIST");
    this.#pickle.code("MARK");
    for (let i = 0; i < items.length; i++) this.#inside(`[${i}]`, items[i]);
    this.#pickle.code(isTuple ? "TUPLE" : "APPENDS");
  }

  #dict(entries: readonly (readonly [unknown, unknown])[]): void {
    this.#pickle.code("EMPTY_DICT");
    this.#pickle.code("MARK");
    for (const [key, item] of entries) {
      if (typeof key === "string") this.#text(key);
      else if (Number.isSafeInteger(key)) this.#pickle.integer(BigInt(key as number));
      else throw this.#wrong("a Map with keys that are text or integers", key);
      this.#inside(`[${show(key)}]`, item);
    }
    this.#pickle.code("SETITEMS");
  }

  #inside(step: string, value: unknown): void {
    this.#path.push(step);
    this.save(value);
    this.#path.pop();
  }

  #text(text: string): void {
    if (/\p{Surrogate}/u.test(text)) throw this.#wrong("text without half a surrogate pair", text);
    this.#pickle.text(text);
  }

  #tensor(data: ArrayBufferView, shape: unknown): void {
    const type = storages.get(data.constructor);
    if (!type) {
      const known = [...storages.keys()].map((array) => (array as { readonly name: string }).name).join(", ");
      throw this.#wrong(`a tensor with data of ${known}`, data);
    }
    const array = data as TorchArray;
    const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
    if (!isShape || sizeOf(shape) !== array.length) {
      throw this.#wrong(`a tensor with a shape of ${array.length} elements`, shape);
    }
    const key = this.#keys.get(array) ?? String(this.#keys.size);
    this.#keys.set(array, key);
    const pickle = this.#pickle;
    const integers = (values: readonly number[]) => {
      pickle.code("MARK");
      for (const value of values) pickle.integer(BigInt(value));
      pickle.code("TUPLE");
    };
    const isUntyped = !type.endsWith("Storage");
    pickle.global("torch._utils", isUntyped ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2");
    pickle.code("MARK");
    pickle.code("MARK");
    pickle.text("storage");
    if (isUntyped) pickle.global("torch.storage", "UntypedStorage");
    else pickle.global("torch", type);
    pickle.text(key);
    pickle.text("cpu");
    pickle.integer(BigInt(isUntyped ? array.byteLength : array.length));
    pickle.code("TUPLE");
    pickle.code("BINPERSID");
    pickle.integer(0n);
    integers(shape);
    integers(stridesOf(shape.map((size: number) => Math.max(size, 1))));
    pickle.code("NEWFALSE");
    pickle.global("collections", "OrderedDict");
    pickle.code("EMPTY_TUPLE");
    pickle.code("REDUCE");
    if (isUntyped) pickle.global("torch", type);
    pickle.code("TUPLE");
    pickle.code("REDUCE");
  }

  #wrong(wanted: string, got: unknown): DataError {
    const where = this.#path.length > 0 ? `value${listed(this.#path, "")}` : "value";
    return new DataError(
      `saveTorch: ${where} must be ${wanted}, got ${typeof got === "string" ? quote(got, 80) : show(got)}`,
    );
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** An object's key as Python has it: a whole number as an `int`. */
function keyOf(key: string): string | number {
  const number = Number(key);
  return String(number) === key && Number.isSafeInteger(number) ? number : key;
}
