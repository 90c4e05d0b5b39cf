/** Constants, and what is made from shapes. */
import type { SafetensorsDtype } from "../../../io/dtypes.ts";
import { sizeOf } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";
import { dtypeName, dtypeOf, isFloat } from "../dtype.ts";
import { arrayFor, hostTensor, int64s } from "../host.ts";
import { isHost, type Value } from "../value.ts";

const constant: Operator = (call) => {
  const tensor = call.constant("value");
  if (tensor) return [tensor];
  if (call.has("value_float")) return [hostTensor("F32", [], [call.float("value_float", 0)])];
  if (call.has("value_int")) return [hostTensor("I64", [], [call.int("value_int", 0)])];
  const ints = call.ints("value_ints");
  if (ints) return [int64s(ints)];
  const floats = call.floats("value_floats");
  if (floats) return [hostTensor("F32", [floats.length], floats)];
  throw call.refuse("a constant that is text or a sparse tensor is not read; give it as dense numbers");
};

const constantOfShape: Operator = (call) => {
  const shape = call.list(0, "the shape");
  const value = call.constant("value");
  const made = hostTensor(value?.dtype ?? "F32", shape);
  made.data.fill(value?.data[0] ?? 0);
  return [made];
};

const shape: Operator = (call) => {
  const sizes = call.shape(0);
  if (call.opset < 15) return [int64s(sizes)];
  const inside = (at: number) => (at < 0 ? at + sizes.length : at);
  const end = call.has("end") ? inside(call.int("end", 0)) : sizes.length;
  return [int64s(sizes.slice(Math.max(0, inside(call.int("start", 0))), Math.max(0, end)))];
};

const size: Operator = (call) => [hostTensor("I64", [], [sizeOf(call.shape(0))])];

const range: Operator = (call) => {
  const ends = [0, 1, 2].map((i) => call.host(i, "a range's end or step"));
  const [start, limit, delta] = ends.map(({ data }) => data[0] ?? Number.NaN) as [number, number, number];
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  const made = hostTensor(ends[0]!.dtype, [count]);
  for (let i = 0; i < count; i++) made.data[i] = start + i * delta;
  return [made];
};

const cast: Operator = (call) => {
  const to = dtypeOf(call.int("to", 0));
  if (!to) throw call.refuse(`a cast to ${dtypeName(call.int("to", 0))} is not computed here`);
  return [castTo(call, call.value(0), to.dtype)];
};

const castLike: Operator = (call) => [castTo(call, call.value(0), call.value(1).dtype)];

/** A value as another type. On the GPU numbers are float32, so that most casts change only what the number is called. */
function castTo(call: Call, value: Value, dtype: SafetensorsDtype): Value {
  if (value.dtype === dtype) return value;
  if (isHost(value)) {
    const data = arrayFor(dtype, value.data.length);
    for (let i = 0; i < data.length; i++) data[i] = convert(value.data[i]!, dtype);
    if (!isFloat(dtype) && !data.every(Number.isFinite))
      throw call.refuse("a NaN or an infinity is no integer");
    return { dtype, shape: value.shape, data };
  }
  if (dtype === "BOOL") return { dtype, tensor: value.tensor.ne(0) };
  if (isFloat(value.dtype) && !isFloat(dtype)) return { dtype, tensor: value.tensor.trunc() };
  return { dtype, tensor: value.tensor };
}

function convert(value: number, dtype: SafetensorsDtype): number {
  if (dtype === "BOOL") return value === 0 ? 0 : 1;
  return isFloat(dtype) ? value : Math.trunc(value) + 0;
}

/** The triangle of a matrix above or below a diagonal. */
const trilu: Operator = (call) => {
  const x = call.host(0, "the matrix");
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const diagonal = call.optional(1) ? call.list(1, "the diagonal")[0]! : 0;
  const upper = call.int("upper", 1) !== 0;
  const keeps = (i: number) => {
    const distance = (i % columns) - (Math.floor(i / columns) % rows);
    return upper ? distance >= diagonal : distance <= diagonal;
  };
  const made = hostTensor(x.dtype, x.shape, x.data);
  for (let i = 0; i < made.data.length; i++) if (!keeps(i)) made.data[i] = 0;
  return [made];
};

export const constants: Readonly<Record<string, Operator>> = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Shape: shape,
  Size: size,
  Range: range,
  Cast: cast,
  CastLike: castLike,
  Trilu: trilu,
};
