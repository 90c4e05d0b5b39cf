/**
 * The safetensors file format: an 8-byte little-endian header length, a JSON header, then the tensors' bytes.
 *
 * @see https://huggingface.co/docs/safetensors/index
 */
import { isObject, quote, shorten, show } from "../checks.ts";
import { DataError, OptionError } from "../errors.ts";
import { type NDArray, type Shape, showShape, sizeOf } from "../shape.ts";
import { dtypes, type SafetensorsDtype } from "./dtypes.ts";
import { problemOf } from "./json-text.ts";

/** One tensor of a file: its entry in the header, and its bytes. */
interface SafetensorsEntry {
  readonly dtype: SafetensorsDtype;
  readonly shape: Shape;
  /** The tensor's little-endian elements in row-major order: a view into the file's bytes, not a copy. */
  readonly bytes: Uint8Array;
}

/** A parsed file: tensors by name, in the header's order, and the free-form strings of `__metadata__`. */
export interface SafetensorsFile<Tensor> {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Record<string, string>;
}

/** Maximum length of a header in bytes, as in the reference implementation. */
const maxHeaderLength = 100_000_000;

/**
 * Writes tensors as a safetensors file of float32 values, as Python's `safetensors.numpy.save` lays it out: sorted by
 * name, header padded with spaces to a multiple of 8 bytes.
 *
 * @throws OptionError unless `tensors` is a Map; DataError if a tensor's data does not have as many elements as its shape says, or its name
 * is reserved.
 */
export function saveSafetensors(
  tensors: ReadonlyMap<string, NDArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  return writeSafetensors("saveSafetensors", tensors, metadata);
}

/** {@link saveSafetensors} whose errors name the call `where`. @internal */
export function writeSafetensors(
  where: string,
  tensors: ReadonlyMap<string, NDArray>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  if (!(tensors instanceof Map))
    throw new OptionError(
      `${where}: expected a Map, as await model.stateDict() gives it, got ${show(tensors)}`,
    );
  const encoder = new TextEncoder();
  // The reference sorts by width of the type, then by name. All tensors are float32 here, so the names' bytes decide.
  const sorted = [...tensors]
    .map(([name, tensor]) => ({ name, tensor, key: encoder.encode(name) }))
    .sort((a, b) => compareBytes(a.key, b.key));

  // Build the header as text, since an object would move names like "0" to the front.
  const fields: string[] = [];
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string") {
      throw new OptionError(`${where}: metadata must be strings, got ${show(value)} for ${show(key)}`);
    }
  }
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let end = 0;
  for (const { name, tensor } of sorted) {
    const begin = end;
    end += checkTensor(where, name, tensor).byteLength;
    const info = { dtype: "F32", shape: tensor.shape, data_offsets: [begin, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(info)}`);
  }
  const text = encoder.encode(`{${fields.join(",")}}`);
  const headerLength = Math.ceil(text.length / 8) * 8;

  const file = new Uint8Array(8 + headerLength + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength); // spaces
  file.set(text, 8);
  let at = 8 + headerLength;
  for (const { tensor } of sorted) {
    const { buffer, byteOffset, byteLength } = tensor.data;
    file.set(new Uint8Array(buffer, byteOffset, byteLength), at); // WebGPU's platforms are little-endian
    at += byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file into float32 arrays, in the order of its header. F64 (rounded), F16, BF16, F8_E4M3 and F8_E5M2 are
 * converted, and so are integers and booleans if float32 holds them exactly.
 *
 * @throws DataError if the bytes are not a valid safetensors file, or a value does not fit into float32.
 */
export function loadSafetensors(bytes: Uint8Array | ArrayBuffer): SafetensorsFile<NDArray> {
  return readSafetensors("loadSafetensors", bytes);
}

/** {@link loadSafetensors} whose errors name the call `where`. @internal */
export function readSafetensors(where: string, bytes: Uint8Array | ArrayBuffer): SafetensorsFile<NDArray> {
  const file = parseSafetensors(where, bytes);
  const tensors = new Map<string, NDArray>();
  for (const [name, entry] of file.tensors) {
    tensors.set(name, { data: toFloat32Array(where, name, entry), shape: entry.shape });
  }
  return { tensors, metadata: file.metadata };
}

function toFloat32Array(where: string, name: string, entry: SafetensorsEntry): Float32Array {
  if (entry.dtype === "F32") return new Float32Array(entry.bytes.slice().buffer);
  const { size, read } = dtypes[entry.dtype];
  const view = new DataView(entry.bytes.buffer, entry.bytes.byteOffset, entry.bytes.byteLength);
  const doubles = Float64Array.from({ length: entry.bytes.byteLength / size }, (_, i) => {
    try {
      return read(view, i * size);
    } catch (error) {
      throw new DataError(`${where}: tensor ${describe(name)} at index ${i}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  });
  const floats = Float32Array.from(doubles);
  const rounds = entry.dtype === "F64"; // a wider float may be rounded, but must not overflow
  for (let i = 0; i < floats.length; i++) {
    const good = rounds
      ? Number.isFinite(floats[i]) || !Number.isFinite(doubles[i])
      : floats[i] === doubles[i];
    if (!good && !Number.isNaN(doubles[i])) {
      throw new DataError(
        `${where}: tensor ${describe(name)} (${entry.dtype}) holds ${doubles[i]} at index ${i}, which float32 cannot; ` +
          (rounds
            ? "rescale the tensor before it is saved"
            : "save the tensor as F64, which is rounded here"),
      );
    }
  }
  return floats;
}

/** The header and the bytes of each tensor, which are checked but not converted. @internal */
export function parseSafetensors(
  where: string,
  input: Uint8Array | ArrayBuffer,
): SafetensorsFile<SafetensorsEntry> {
  if (!(input instanceof Uint8Array || input instanceof ArrayBuffer)) {
    throw new DataError(`${where}: bytes must be a Uint8Array or an ArrayBuffer, got ${show(input)}`);
  }
  // Take a plain Uint8Array: slice() of Node's Buffer does not copy.
  const bytes =
    input instanceof ArrayBuffer
      ? new Uint8Array(input)
      : new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  const { header, dataStart } = readHeader(where, bytes);
  const data = bytes.subarray(dataStart);
  const metadata = readMetadata(where, header["__metadata__"]);
  const tensors = new Map<string, SafetensorsEntry>();
  const ranges: { name: string; begin: number; end: number }[] = [];
  for (const [name, info] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, begin, end } = readInfo(where, name, info, data.length);
    tensors.set(name, { dtype, shape, bytes: data.subarray(begin, end) });
    ranges.push({ name, begin, end });
  }
  checkContiguous(where, ranges, data.length);
  return { tensors, metadata };
}

function readHeader(
  where: string,
  bytes: Uint8Array,
): { header: Record<string, unknown>; dataStart: number } {
  const wrong = (what: string, cause?: unknown) =>
    new DataError(`${where}: not a safetensors file: ${what}`, { cause });
  if (bytes.length < 8)
    throw wrong(`it must begin with an 8-byte header length, got ${bytes.length} bytes in all`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (length > maxHeaderLength) throw wrong(`a header of ${length} bytes is longer than ${maxHeaderLength}`);
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.length) {
    throw wrong(
      `the header should take ${length} bytes, but only ${bytes.length - 8} follow; the file may be cut off`,
    );
  }
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, dataStart));
    header = text.startsWith("{") ? JSON.parse(text) : undefined;
  } catch (error) {
    throw wrong(`the header must be JSON in UTF-8 (${shorten((error as Error).message)})`, error);
  }
  if (!isObject(header)) throw wrong("the header must be a JSON object that begins with {");
  const problem = problemOf(text);
  if (problem) throw wrong(`the header ${problem}`);
  return { header, dataStart };
}

function readMetadata(where: string, metadata: unknown): Record<string, string> {
  if (metadata === undefined) return {};
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    const [name, value] = isObject(metadata)
      ? Object.entries(metadata).find(([, value]) => typeof value !== "string")!
      : [];
    const got = name === undefined ? describe(metadata) : `${describe(value)} for ${describe(name)}`;
    throw new DataError(
      `${where}: the header's __metadata__ must be an object of strings by name, got ${got}; leave it out of a file without metadata, ` +
        "and write anything else as text",
    );
  }
  return metadata as Record<string, string>;
}

interface Info {
  readonly dtype: SafetensorsDtype;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

function readInfo(where: string, name: string, info: unknown, dataLength: number): Info {
  const wrong = (what: string) => new DataError(`${where}: tensor ${describe(name)}: ${what}`);
  if (!isObject(info)) throw wrong(`expected { dtype, shape, data_offsets }, got ${describe(info)}`);
  const { dtype, shape, data_offsets: offsets } = info;
  if (typeof dtype !== "string" || !Object.hasOwn(dtypes, dtype)) {
    throw wrong(
      `dtype must be one of ${Object.keys(dtypes).join(", ")}, got ${describe(dtype)}; convert the tensor before it is saved`,
    );
  }
  if (!isSizes(shape))
    throw wrong(`shape must be an array of integers from 0 to 2^53 - 1, got ${describe(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw wrong(`data_offsets must be two integers from 0 to 2^53 - 1, got ${describe(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataLength) {
    throw wrong(
      `data_offsets [${begin}, ${end}] must lie within the ${dataLength} bytes of data, in ascending order`,
    );
  }
  const { size } = dtypes[dtype as SafetensorsDtype];
  // A product beyond 2^53 is inexact, but no file is that large, so it is refused below.
  const wanted = sizeOf(shape) * size;
  if (wanted !== end - begin) {
    throw wrong(
      `${dtype} of shape ${showShape(shape)} takes ${wanted} bytes, but data_offsets span ${end - begin}`,
    );
  }
  return { dtype: dtype as SafetensorsDtype, shape, begin, end };
}

/** Throws unless the tensors cover the data exactly: the format allows neither holes nor overlaps. */
function checkContiguous(
  where: string,
  ranges: { name: string; begin: number; end: number }[],
  dataLength: number,
): void {
  ranges.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of ranges) {
    if (begin !== covered) {
      const what = begin < covered ? "overlaps the tensor before it" : "leaves a hole before it";
      throw new DataError(
        `${where}: tensor ${describe(name)} ${what}: it begins at byte ${begin}, not at ${covered}`,
      );
    }
    covered = end;
  }
  if (covered !== dataLength) {
    throw new DataError(
      `${where}: the tensors take ${covered} bytes of data, but the file has ${dataLength}`,
    );
  }
}

function checkTensor(where: string, name: string, tensor: NDArray): Float32Array {
  if (name === "__metadata__")
    throw new DataError(`${where}: the name "__metadata__" is reserved by the format`);
  const { data, shape } = (tensor ?? {}) as Partial<NDArray>;
  if (!(data instanceof Float32Array) || !isSizes(shape) || sizeOf(shape) !== data.length) {
    const got = isSizes(shape) ? `${show(data)} with shape ${showShape(shape)}` : show(tensor);
    throw new DataError(
      `${where}: tensor ${show(name)} must be { data: Float32Array, shape } with as many elements as its shape says, ` +
        `got ${got}`,
    );
  }
  return data;
}

/** A value from a header as text for an error message, short even if the value is large or deeply nested. @internal */
export function describe(value: unknown): string {
  if (typeof value === "string") return quote(value, 80);
  if (Array.isArray(value)) {
    const flat = value.length <= 8 && value.every((item) => typeof item !== "object");
    return flat ? show(value) : `an array of ${value.length} items`;
  }
  return typeof value === "object" && value !== null ? "an object" : show(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
