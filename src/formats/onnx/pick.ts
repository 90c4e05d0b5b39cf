import { cat, type Tensor } from "../../graph/tensor.ts";
import { stridesOf } from "../../shape.ts";
import type { Call } from "./call.ts";
import { gathered, placer } from "./host.ts";
import { isHost, literal, shapeOf, type Value } from "./value.ts";

/** The elements of an axis at these indices, in their order, as `torch.index_select`. */
export function pick(call: Call, value: Value, axis: number, indices: readonly number[]): Value {
  const size = shapeOf(value)[axis]!;
  const bad = indices.find((index) => !(index >= 0 && index < size));
  if (bad !== undefined) throw call.refuse(`the index ${bad} is outside of the ${size} of axis ${axis}`);
  if (isHost(value)) {
    const shape = value.shape.map((own, dim) => (dim === axis ? indices.length : own));
    const strides = stridesOf(value.shape);
    const place = placer(
      shape,
      strides.map((stride, dim) => (dim === axis ? 0 : stride)),
    );
    const inner = stridesOf(shape)[axis]!;
    return gathered(value, shape, (i) => {
      return place(i) + indices[Math.floor(i / inner) % indices.length]! * strides[axis]!;
    });
  }
  if (indices.length === 0) {
    throw call.refuse(
      "a part without elements is left, and tensors on the GPU have some; the model's inputs are too short",
    );
  }
  const rows = runs(indices);
  // More parts than this cost more than one dispatch that reads by index.
  if (rows.length > 4)
    return { dtype: value.dtype, tensor: value.tensor.indexSelect(axis, literal(indices, [indices.length])) };
  const parts = rows.map(({ start, step, count }) => sliced(value.tensor, axis, start, step, count));
  return { dtype: value.dtype, tensor: parts.length === 1 ? parts[0]! : cat(parts, axis) };
}

function sliced(x: Tensor, axis: number, start: number, step: number, count: number): Tensor {
  return x.slice(axis, start, start + (count - 1) * step + 1, step);
}

/** Indices as few rows of equal, ascending steps. */
function runs(indices: readonly number[]): { start: number; step: number; count: number }[] {
  const found: { start: number; step: number; count: number }[] = [];
  for (const index of indices) {
    const last = found.at(-1);
    if (last && last.count === 1 && index > last.start) {
      last.step = index - last.start;
      last.count = 2;
    } else if (last && last.count > 1 && index === last.start + last.count * last.step) last.count++;
    else found.push({ start: index, step: 1, count: 1 });
  }
  return found;
}
