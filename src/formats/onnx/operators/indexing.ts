/** Operators that read by indices. */
import { checkIndices } from "../../../graph/input-checks.ts";
import { apply } from "../../../graph/tensor.ts";
import { embedding } from "../../../ops/layer/embedding.ts";
import { showShape, sizeOf, stridesOf } from "../../../shape.ts";
import type { Operator } from "../call.ts";
import { pick } from "../pick.ts";
import { isHost, literal, shapeOf } from "../value.ts";
import { reshaped } from "./movement.ts";

/** Rows of an axis by indices of any shape: known ones pick, others look up as an embedding. */
const gather: Operator = (call) => {
  const data = call.value(0);
  const indices = call.value(1);
  const shape = shapeOf(data);
  const axis = call.axis(call.int("axis", 0), shape.length);
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
  if (isHost(indices)) {
    const size = shape[axis]!;
    const from0 = Array.from(indices.data, (index) => (index < 0 ? index + size : index));
    return [reshaped(call, pick(call, data, axis, from0), [...before, ...indices.shape, ...after])];
  }
  const rest = [...before, ...after];
  const order = shape.map((_, dim) => (dim === 0 ? axis : dim <= axis ? dim - 1 : dim));
  const table = call
    .toTensor(data)
    .permute(order)
    .reshape([shape[axis]!, sizeOf(rest)]);
  checkIndices(indices.tensor, `index of ${call.node.label}`, shape[axis]!);
  const [rows] = apply("Gather", embedding, [table, indices.tensor], { paddingIdx: null });
  const found = rows!.reshape([...indices.tensor.shape, ...rest]);
  // From [indices, before, after] to [before, indices, after].
  const rank = indices.tensor.shape.length;
  const places = [
    ...before.map((_, dim) => rank + dim),
    ...Array.from({ length: rank }, (_, dim) => dim),
    ...after.map((_, dim) => rank + axis + dim),
  ];
  return [call.device(data.dtype, found.permute(places))];
};

/** Parts by indices into several axes at once: known ones pick, others look up as an embedding. */
const gatherNd: Operator = (call) => {
  const data = call.value(0);
  const indices = call.value(1);
  const shape = shapeOf(data);
  const own = shapeOf(indices);
  const batched = call.int("batch_dims", 0);
  const depth = own.at(-1) ?? 0;
  const sizes = shape.slice(batched, batched + depth);
  if (batched < 0 || own.length <= batched || sizes.length < depth)
    throw call.refuse(`its indices ${showShape(own)} do not fit the data ${showShape(shape)}`);
  const strides = stridesOf(sizes);
  const found = own.slice(0, -1);
  const each = sizeOf(found.slice(batched));
  const rest = shape.slice(batched + depth);
  const rows = reshaped(call, data, [sizeOf(shape.slice(0, batched + depth)), ...rest]);
  const starts = Array.from({ length: sizeOf(found) }, (_, i) => Math.floor(i / each) * sizeOf(sizes));
  if (isHost(indices)) {
    const places = starts.map((start, i) => {
      const within = sizes.map((size, k) => call.axis(indices.data[i * depth + k]!, size) * strides[k]!);
      return within.reduce((sum, place) => sum + place, start);
    });
    return [reshaped(call, pick(call, rows, 0, places), [...found, ...rest])];
  }
  const { tensor } = indices;
  const within = tensor.mul(literal(strides, [depth])).sum(-1);
  const places = batched > 0 ? within.add(literal(starts, found)) : within;
  // An index that is outside gives NaN, and no part of another row.
  const outside = tensor
    .lt(0)
    .add(tensor.ge(literal(sizes, [depth])))
    .sum(-1);
  const table = call.toTensor(rows).reshape([shapeOf(rows)[0]!, sizeOf(rest)]);
  const [parts] = apply("GatherND", embedding, [table, places.where(outside.eq(0), -1)], {
    paddingIdx: null,
  });
  return [call.device(data.dtype, parts!.reshape([...found, ...rest]))];
};

export const indexings: Readonly<Record<string, Operator>> = { Gather: gather, GatherND: gatherNd };
