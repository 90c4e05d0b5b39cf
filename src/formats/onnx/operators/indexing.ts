/** Operators that read by indices. */
import { checkIndices } from "../../../graph/input-checks.ts";
import { apply } from "../../../graph/tensor.ts";
import { embedding } from "../../../ops/layer/embedding.ts";
import { sizeOf } from "../../../shape.ts";
import type { Operator } from "../call.ts";
import { pick } from "../pick.ts";
import { isHost, shapeOf } from "../value.ts";
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

export const indexings: Readonly<Record<string, Operator>> = { Gather: gather };
