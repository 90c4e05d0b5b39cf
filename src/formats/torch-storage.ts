/** Tensors of a `.pt` file: views of storages, with strides and an offset, in any of PyTorch's number types. */
import { quote } from "../checks.ts";
import { DataError } from "../errors.ts";
import { dtypes, type SafetensorsDtype } from "../io/dtypes.ts";
import { type Shape, showShape, sizeOf } from "../shape.ts";
import type { Refuse } from "./refuse.ts";

/** Data of a tensor of a `.pt` file. */
export type TorchArray =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Storage classes of PyTorch. */
export const storageTypes: ReadonlyMap<string, SafetensorsDtype> = new Map([
  ["torch.FloatStorage", "F32"],
  ["torch.DoubleStorage", "F64"],
  ["torch.HalfStorage", "F16"],
  ["torch.BFloat16Storage", "BF16"],
  ["torch.LongStorage", "I64"],
  ["torch.IntStorage", "I32"],
  ["torch.ShortStorage", "I16"],
  ["torch.CharStorage", "I8"],
  ["torch.ByteStorage", "U8"],
  ["torch.BoolStorage", "BOOL"],
]);

/** The class of a storage whose tensors say of which type they are. */
export const UNTYPED = "torch.storage.UntypedStorage";

/** The types that have no storage class. */
export const untypedTypes: ReadonlyMap<string, SafetensorsDtype> = new Map([
  ["torch.uint64", "U64"],
  ["torch.uint32", "U32"],
  ["torch.uint16", "U16"],
  ["torch.float8_e5m2", "F8_E5M2"],
  ["torch.float8_e4m3fn", "F8_E4M3"],
]);

/** Bytes of elements in a row, as an entry of the file. */
export class UntypedStorage {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;

  constructor(key: string, bytes: Uint8Array, littleEndian: boolean) {
    this.key = key;
    this.bytes = bytes;
    this.littleEndian = littleEndian;
  }
}

/** Elements of one type in a row. */
export class Storage {
  readonly key: string;
  readonly dtype: SafetensorsDtype;
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;

  constructor(key: string, dtype: SafetensorsDtype, bytes: Uint8Array, littleEndian: boolean) {
    this.key = key;
    this.dtype = dtype;
    this.bytes = bytes;
    this.littleEndian = littleEndian;
  }
}

/** A tensor as the file describes it; its elements lie within the storage. */
export interface View {
  readonly storage: Storage;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Most dimensions of a tensor. PyTorch's own limit. */
const MAX_RANK = 64;

/** Checks what a file says of a tensor. */
export function checkView(
  storage: unknown,
  offset: unknown,
  shape: unknown,
  strides: unknown,
  refuse: Refuse,
): View {
  if (!(storage instanceof Storage)) throw refuse("it has a tensor without a storage; the file is damaged");
  const name = `the tensor of storage ${quote(storage.key, 40)}`;
  if (!isSizes(shape) || !isSizes(strides) || shape.length !== strides.length || !isSizes([offset])) {
    throw refuse(
      `${name} must have an offset, sizes and strides from 0 to 2^53 - 1, as many strides as sizes`,
    );
  }
  if (shape.length > MAX_RANK) throw refuse(`${name} has ${shape.length} dimensions, more than ${MAX_RANK}`);
  const start = offset as number;
  const elements = Math.floor(storage.bytes.length / dtypes[storage.dtype].size);
  // A sum beyond 2^53 is inexact, but no storage is that large.
  const last = shape.reduce((sum, size, dim) => sum + (size - 1) * strides[dim]!, start);
  const fits = shape.includes(0) ? start <= elements : last < elements;
  if (!fits) {
    throw refuse(
      `${name}, with shape ${showShape(shape)}, strides ${showShape(strides)} and offset ${start}, reaches beyond its ` +
        `${elements} elements; the file is damaged`,
    );
  }
  // Copies: a list of the pickle may still change.
  return { storage, shape: [...shape], strides: [...strides], offset: start };
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** The array type that keeps a number type's values as they are. */
const own = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Float32Array,
  BF16: Float32Array,
  F8_E5M2: Float32Array,
  F8_E4M3: Float32Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** How many bytes {@link arrayOf} gives. */
export function sizeOfArray({ shape, storage }: View, keepTypes: boolean): number {
  return sizeOf(shape) * (keepTypes ? own[storage.dtype] : Float32Array).BYTES_PER_ELEMENT;
}

/** A view's elements in row-major order: in float32, or in the array type of their own. */
export function arrayOf(view: View, keepTypes: boolean, refuse: Refuse): TorchArray {
  const { dtype } = view.storage;
  const Kept = own[dtype];
  const isCopy = dtype === "F32" || (keepTypes && Kept.BYTES_PER_ELEMENT === dtypes[dtype].size);
  if (!isCopy) return converted(view, refuse);
  const bytes = copied(view);
  if (dtype === "BOOL" && bytes.some((byte) => byte > 1)) {
    throw refuse(`a bool of storage ${quote(view.storage.key, 40)} is neither 0 nor 1; the file is damaged`);
  }
  return new Kept(bytes.buffer);
}

/** A view's elements in row-major order, little-endian. */
function copied(view: View): Uint8Array<ArrayBuffer> {
  const { storage, shape, offset } = view;
  const { bytes, littleEndian, dtype } = storage;
  const { size } = dtypes[dtype];
  const count = sizeOf(shape);
  if (littleEndian && isContiguous(view))
    return new Uint8Array(bytes.subarray(offset * size, (offset + count) * size));
  const result = new Uint8Array(count * size);
  eachElement(view, (i, element) => {
    for (let b = 0; b < size; b++)
      result[i * size + b] = bytes[element * size + (littleEndian ? b : size - 1 - b)]!;
  });
  return result;
}

/** A view's elements in float32. F64 is rounded; any other type must fit exactly. */
function converted(view: View, refuse: Refuse): Float32Array {
  const { bytes, littleEndian, dtype, key } = view.storage;
  const { size, read } = dtypes[dtype];
  const whole = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const one = new DataView(new ArrayBuffer(size));
  const result = new Float32Array(sizeOf(view.shape));
  const wrong = (i: number, what: string) => {
    const advice = dtype === "BOOL" ? "" : "; load with { keepTypes: true }";
    return refuse(`the ${dtype} tensor of storage ${quote(key, 40)} at index ${i}: ${what}${advice}`);
  };
  eachElement(view, (i, element) => {
    let value: number;
    try {
      if (littleEndian) value = read(whole, element * size);
      else {
        for (let b = 0; b < size; b++) one.setUint8(b, bytes[element * size + size - 1 - b]!);
        value = read(one, 0);
      }
    } catch (error) {
      if (error instanceof DataError) throw wrong(i, error.message);
      throw error;
    }
    result[i] = value;
    const fits =
      dtype === "F64" ? Number.isFinite(result[i]) || !Number.isFinite(value) : result[i] === value;
    if (!fits && !Number.isNaN(value)) throw wrong(i, `float32 does not hold ${value}`);
  });
  return result;
}

function isContiguous({ shape, strides }: View): boolean {
  let expected = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    if (shape[dim] !== 1 && strides[dim] !== expected) return shape.includes(0);
    expected *= shape[dim]!;
  }
  return true;
}

/** Calls `use` with the index of every element in row-major order, and its place in the storage. */
function eachElement({ shape, strides, offset }: View, use: (i: number, element: number) => void): void {
  const count = sizeOf(shape);
  const index = shape.map(() => 0);
  let element = offset;
  for (let i = 0; i < count; i++) {
    use(i, element);
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      element += strides[dim]!;
      if (++index[dim]! < shape[dim]!) break;
      element -= shape[dim]! * strides[dim]!;
      index[dim] = 0;
    }
  }
}
