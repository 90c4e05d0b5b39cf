/** Tensors of a file: checked when the file is read, converted when somebody wants their values. */
import { listed, quote } from "../../checks.ts";
import { DataError } from "../../errors.ts";
import { dtypes, type SafetensorsDtype } from "../../io/dtypes.ts";
import { type Shape, showShape, sizeOf } from "../../shape.ts";
import type { Budget } from "../budget.ts";
import type { Refuse } from "../refuse.ts";
import { type DtypeInfo, dtypeName, dtypeOf, readable, sizeOfDtype } from "./dtype.ts";
import type { TensorProto } from "./schema.ts";

/** Most dimensions of a tensor. */
const MAX_RANK = 32;

/** A tensor whose bytes and shape agree. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: Shape;
  /** Its values, row-major; an array of its own. Infinite for what does not fit. */
  values<Into extends Float32Array | Float64Array>(make: (length: number) => Into): Into;
}

/** Checks a tensor of the file. Throws for a type that is not read, for data elsewhere, and where shape and data disagree. */
export function storedTensor(proto: TensorProto, what: string, budget: Budget, refuse: Refuse): StoredTensor {
  const { name = "", dims = [], dataType = 0 } = proto;
  const label = `the ${what} ${quote(name, 80)}`;
  if (proto.dataLocation === 1 || proto.externalData) {
    const place = proto.externalData?.find(({ key }) => key === "location")?.value;
    throw refuse(
      `${label} has its data in another file${place === undefined ? "" : ` (${quote(place, 80)})`}, and nothing but these bytes ` +
        "is read; save the model in one file: onnx.save(model, path, save_as_external_data=False)",
    );
  }
  const info = dtypeOf(dataType);
  if (!info) {
    throw refuse(
      `${label} is of type ${dtypeName(dataType)}; ${listed(readable)} are read, so convert it before it is saved`,
    );
  }
  if (dims.length > MAX_RANK) throw refuse(`${label} has ${dims.length} dimensions, more than ${MAX_RANK}`);
  if (!dims.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw refuse(
      `${label} has the shape ${showShape(dims)}; every size must be an integer from 0 to 2^53 - 1`,
    );
  }
  if (proto.segment) throw refuse(`${label} is stored in segments; save it in one piece`);
  const count = sizeOf(dims);
  const { dtype } = info;
  const raw = proto.rawData;
  const stored = raw ? raw.length / sizeOfDtype(dtype) : storedCount(proto, info);
  if (stored !== count) {
    throw refuse(
      `${label} of type ${info.name} and shape ${showShape(dims)} must have ${count} values, and its data has ${stored}; the file is damaged`,
    );
  }
  return {
    name,
    dtype,
    shape: dims,
    values(make) {
      budget.spend(count * 8, label);
      const into = make(count);
      try {
        if (raw) fillRaw(into, raw, dtype);
        else fillTyped(into, proto, info);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        throw refuse(`${label}: ${error.message}`);
      }
      return into;
    },
  };
}

/** Values in the field of the type. */
function storedCount(proto: TensorProto, { field }: DtypeInfo): number {
  if (field !== "floatData" && field !== "doubleData") return proto[field]?.length ?? 0;
  const width = field === "floatData" ? 4 : 8;
  return (proto[field] ?? []).reduce((sum, { length }) => sum + length / width, 0);
}

function fillRaw(into: Float32Array | Float64Array, raw: Uint8Array, dtype: SafetensorsDtype): void {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  // A float64 array holds every value exactly, but for integers of 64 bits beyond 2^53: those are ends of slices, "as far as there is".
  const { size, read } = dtypes[dtype];
  for (let i = 0; i < into.length; i++) {
    if (dtype === "I64") into[i] = Number(view.getBigInt64(8 * i, true));
    else if (dtype === "U64") into[i] = Number(view.getBigUint64(8 * i, true));
    else into[i] = read(view, size * i);
  }
}

function fillTyped(into: Float32Array | Float64Array, proto: TensorProto, { field, dtype }: DtypeInfo): void {
  if (field === "floatData" || field === "doubleData") {
    let at = 0;
    for (const chunk of proto[field] ?? []) {
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const width = field === "floatData" ? 4 : 8;
      for (let byte = 0; byte + width <= chunk.length; byte += width) {
        into[at++] = width === 4 ? view.getFloat32(byte, true) : view.getFloat64(byte, true);
      }
    }
    return;
  }
  const numbers = proto[field] ?? [];
  const isHalf = dtype === "F16" || dtype === "BF16";
  const scratch = new DataView(new ArrayBuffer(8));
  for (const [i, number] of numbers.entries()) {
    if (isHalf || dtype === "BOOL") {
      // Their bits, in the low end of an int32.
      scratch.setUint32(0, number, true);
      if (isHalf) into[i] = dtypes[dtype].read(scratch, 0);
      else if (number !== 0 && number !== 1) throw new DataError(`a bool must be 0 or 1, got ${number}`);
      else into[i] = number;
    } else into[i] = number;
  }
}
