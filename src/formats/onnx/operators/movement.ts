/** Operators that move elements and compute nothing: shapes, orders, parts, repetition. */
import { cat } from "../../../graph/tensor.ts";
import { type Shape, showShape, sizeOf, stridesOf } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";
import { broadcastShapes, broadcastStrides, gathered, hostTensor, placer } from "../host.ts";
import { pick } from "../pick.ts";
import { isHost, shapeOf, type Value } from "../value.ts";

/** The same elements under another shape. */
export function reshaped(call: Call, value: Value, shape: Shape): Value {
  const [elements, wanted] = [sizeOf(shapeOf(value)), sizeOf(shape)];
  if (elements !== wanted) {
    throw call.refuse(
      `${showShape(shapeOf(value))} of ${elements} elements cannot become ${showShape(shape)} of ${wanted}`,
    );
  }
  if (isHost(value)) return { ...value, shape };
  return { dtype: value.dtype, tensor: value.tensor.reshape(shape) };
}

const reshape: Operator = (call) => {
  const x = call.value(0);
  const from = shapeOf(x);
  const zeroCopies = call.int("allowzero", 0) === 0;
  const given = call.list(1, "the shape");
  const shape = given.map((size, dim) => (size === 0 && zeroCopies ? (from[dim] ?? 0) : size));
  const known = sizeOf(shape.filter((size) => size !== -1));
  const inferred = known === 0 ? 0 : sizeOf(from) / known;
  return [
    reshaped(
      call,
      x,
      shape.map((size) => (size === -1 ? inferred : size)),
    ),
  ];
};

const flatten: Operator = (call) => {
  const shape = call.shape(0);
  const given = call.int("axis", 1);
  const axis = given < 0 ? given + shape.length : given;
  return [reshaped(call, call.value(0), [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))])];
};

const squeeze: Operator = (call) => {
  const shape = call.shape(0);
  const given = call.listSince(13, 1, "axes");
  const axes = given ? call.axes(given, shape.length) : null;
  const bad = axes?.find((axis) => shape[axis] !== 1);
  if (bad !== undefined) throw call.refuse(`axis ${bad} of ${showShape(shape)} has not size 1`);
  const keeps = (size: number, dim: number) => (axes ? !axes.includes(dim) : size !== 1);
  return [reshaped(call, call.value(0), shape.filter(keeps))];
};

const unsqueeze: Operator = (call) => {
  const shape = call.shape(0);
  const given = call.listSince(13, 1, "axes") ?? [];
  const rank = shape.length + given.length;
  const axes = call.axes(given, rank);
  const rest = [...shape];
  const full = Array.from({ length: rank }, (_, dim) => (axes.includes(dim) ? 1 : rest.shift()!));
  return [reshaped(call, call.value(0), full)];
};

const transpose: Operator = (call) => {
  const shape = call.shape(0);
  const perm = call.axes(call.ints("perm") ?? shape.map((_, dim) => shape.length - 1 - dim), shape.length);
  if (perm.length !== shape.length) throw call.refuse(`perm must name all ${shape.length} axes`);
  return [permuted(call.value(0), perm)];
};

function permuted(value: Value, perm: readonly number[]): Value {
  if (!isHost(value)) return { dtype: value.dtype, tensor: value.tensor.permute(perm) };
  const strides = stridesOf(value.shape);
  const shape = perm.map((dim) => value.shape[dim]!);
  return gathered(
    value,
    shape,
    placer(
      shape,
      perm.map((dim) => strides[dim]!),
    ),
  );
}

const concat: Operator = (call) => {
  const values = call.inputs.map((_, i) => call.value(i));
  const first = shapeOf(values[0]!);
  const axis = call.axis(call.int("axis", 0), first.length);
  const parts = values.filter((value) => !(isHost(value) && value.data.length === 0 && values.length > 1));
  if (parts.length === 0) return [values[0]!];
  const { dtype } = parts[0]!;
  if (!parts.every(isHost)) {
    const tensors = parts.map((part) => call.toTensor(part));
    return [call.device(dtype, cat(tensors, axis))];
  }
  const fits = parts.every(
    ({ shape }) =>
      shape.length === first.length && shape.every((n, d) => d === axis || n === parts[0]!.shape[d]),
  );
  if (!fits)
    throw call.refuse(
      `the shapes ${parts.map(({ shape }) => showShape(shape)).join(", ")} do not fit together`,
    );
  const total = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  const shape = parts[0]!.shape.map((size, dim) => (dim === axis ? total : size));
  const result = hostTensor(dtype, shape);
  const strides = stridesOf(shape);
  let start = 0;
  for (const part of parts) {
    const place = placer(part.shape, strides, start * strides[axis]!);
    for (let i = 0; i < part.data.length; i++) result.data[place(i)] = part.data[i]!;
    start += part.shape[axis]!;
  }
  return [result];
};

/** Elements start, start + step, … of an axis. */
function strided(start: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start + i * step);
}

const slice: Operator = (call) => {
  const isInput = call.opset >= 10;
  const starts = isInput ? call.list(1, "a slice's start") : (call.ints("starts") ?? []);
  const ends = isInput ? call.list(2, "a slice's end") : (call.ints("ends") ?? []);
  const axes = call.listSince(10, 3, "axes") ?? starts.map((_, i) => i);
  const steps = (isInput ? call.optionalList(4, "a slice's step") : null) ?? starts.map(() => 1);
  let value = call.value(0);
  const shape = shapeOf(value);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw call.refuse("it must have as many starts, ends, axes and steps");
  }
  for (const [i, axis] of call.axes(axes, shape.length).entries()) {
    const size = shape[axis]!;
    const step = steps[i]!;
    if (step === 0) throw call.refuse("a slice's step must not be 0");
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const inside = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, low), high);
    const start = Math.max(inside(starts[i]!), 0);
    const count = Math.max(0, Math.ceil((inside(ends[i]!) - inside(starts[i]!)) / step));
    if (start !== 0 || step !== 1 || count !== size)
      value = pick(call, value, axis, strided(start, step, count));
  }
  return [value];
};

const split: Operator = (call) => {
  const x = call.value(0);
  const shape = shapeOf(x);
  const axis = call.axis(call.int("axis", 0), shape.length);
  const size = shape[axis]!;
  const given = call.listSince(13, 1, "split");
  const parts = call.int("num_outputs", call.node.outputs.length);
  const each = Math.ceil(size / parts);
  const sizes =
    given ?? Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(each, size - i * each)));
  if (sizes.reduce((sum, part) => sum + part, 0) !== size) {
    throw call.refuse(`the parts ${showShape(sizes)} do not add up to the ${size} of axis ${axis}`);
  }
  let start = 0;
  return sizes.map((count) => {
    start += count;
    return count === size ? x : pick(call, x, axis, strided(start - count, 1, count));
  });
};

/** Repeats a value to a shape that it broadcasts to. */
function expanded(call: Call, value: Value, shape: Shape): Value {
  if (!isHost(value)) return { dtype: value.dtype, tensor: value.tensor.expand(shape) };
  if (value.data.length === 1 || sizeOf(shape) < 2 ** 24) {
    return gathered(value, shape, placer(shape, broadcastStrides(value.shape, shape)));
  }
  return { dtype: value.dtype, tensor: call.toTensor(value).expand(shape) };
}

const expand: Operator = (call) => {
  const x = call.value(0);
  const wanted = call.list(1, "the shape");
  const shape = broadcastShapes([shapeOf(x), wanted]);
  if (!shape) throw call.refuse(`${showShape(shapeOf(x))} cannot be expanded to ${showShape(wanted)}`);
  return [expanded(call, x, shape)];
};

const tile: Operator = (call) => {
  const x = call.value(0);
  const shape = shapeOf(x);
  const repeats = call.list(1, "the repeats");
  if (repeats.length !== shape.length) throw call.refuse(`it must have ${shape.length} repeats`);
  const apart = reshaped(
    call,
    x,
    shape.flatMap((size) => [1, size]),
  );
  const repeated = expanded(
    call,
    apart,
    shape.flatMap((size, dim) => [repeats[dim]!, size]),
  );
  return [
    reshaped(
      call,
      repeated,
      shape.map((size, dim) => size * repeats[dim]!),
    ),
  ];
};

export const movements: Readonly<Record<string, Operator>> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Slice: slice,
  Split: split,
  Expand: expand,
  Tile: tile,
};
