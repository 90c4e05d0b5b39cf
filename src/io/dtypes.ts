import { DataError } from "../errors.ts";

/** Size of an element of each data type in bytes, and how to read one (little-endian, as the format requires). */
export const dtypes = {
  F64: { size: 8, read: (view, at) => view.getFloat64(at, true) },
  F32: { size: 4, read: (view, at) => view.getFloat32(at, true) },
  F16: { size: 2, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  BF16: { size: 2, read: (view, at) => bfloatToNumber(view.getUint16(at, true)) },
  F8_E5M2: { size: 1, read: (view, at) => halfToNumber(view.getUint8(at) << 8) }, // the upper half of a float16
  F8_E4M3: { size: 1, read: (view, at) => quarterToNumber(view.getUint8(at)) },
  I64: { size: 8, read: (view, at) => exactNumber(view.getBigInt64(at, true)) },
  U64: { size: 8, read: (view, at) => exactNumber(view.getBigUint64(at, true)) },
  I32: { size: 4, read: (view, at) => view.getInt32(at, true) },
  U32: { size: 4, read: (view, at) => view.getUint32(at, true) },
  I16: { size: 2, read: (view, at) => view.getInt16(at, true) },
  U16: { size: 2, read: (view, at) => view.getUint16(at, true) },
  I8: { size: 1, read: (view, at) => view.getInt8(at) },
  U8: { size: 1, read: (view, at) => view.getUint8(at) },
  BOOL: { size: 1, read: (view, at) => booleanByte(view.getUint8(at)) },
} as const satisfies Record<string, { size: number; read: (view: DataView, at: number) => number }>;

/** The readable data types; only F32 is written. */
export type SafetensorsDtype = keyof typeof dtypes;

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function bfloatToNumber(bits: number): number {
  scratch.setUint32(0, bits << 16); // the upper half of a float32
  return scratch.getFloat32(0);
}
const scratch = new DataView(new ArrayBuffer(4));

/** A float8 of PyTorch's `float8_e4m3fn`: no infinities, and NaN in place of ±480. */
function quarterToNumber(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 0xf;
  const fraction = bits & 7;
  if (exponent === 0xf && fraction === 7) return Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7));
}

function booleanByte(byte: number): number {
  if (byte > 1) throw new DataError(`a BOOL must be 0 or 1, got ${byte}; the file is damaged`);
  return byte;
}

function exactNumber(value: bigint): number {
  const number = Number(value);
  if (BigInt(number) !== value) {
    throw new DataError(`no float holds the integer ${value} exactly`);
  }
  return number;
}
