/** OneHot: a new axis with one value at the place that an index names, and another elsewhere. */
import { where } from "../../../graph/where.ts";
import type { Operator } from "../call.ts";
import { hostTensor, placer } from "../host.ts";
import { isHost, literal, shapeOf } from "../value.ts";

/** An index below 0 counts from the end; for one outside of the axis every place has the other value. */
const oneHot: Operator = (call) => {
  const indices = call.value(0);
  const [depth] = call.list(1, "the number of places") as [number];
  const { dtype, data } = call.host(2, "its values");
  const [off, on] = data as ArrayLike<number> as [number, number];
  if (!Number.isInteger(depth) || depth < 1 || data.length !== 2) {
    throw call.refuse(
      `it takes a number of places from 1 on and two values, got ${depth} and ${data.length}`,
    );
  }
  const from = shapeOf(indices);
  const axis = call.axis(call.int("axis", -1), from.length + 1);
  const shape = [...from.slice(0, axis), depth, ...from.slice(axis)];
  if (isHost(indices)) {
    const inner = from.slice(axis).reduce((product, size) => product * size, 1);
    const place = placer(
      shape,
      shape.map((_, dim) => (dim === axis ? 1 : 0)),
    );
    const result = hostTensor(dtype, shape);
    for (let i = 0; i < result.data.length; i++) {
      const index = indices.data[Math.floor(i / (inner * depth)) * inner + (i % inner)]!;
      result.data[i] = (index < 0 ? index + depth : index) === place(i) ? on : off;
    }
    return [result];
  }
  const { tensor } = indices;
  const places = literal(
    Array.from({ length: depth }, (_, i) => i),
    shape.map((_, dim) => (dim === axis ? depth : 1)),
  );
  const hits = tensor.lt(0).mul(depth).add(tensor).unsqueeze(axis).eq(places);
  return [call.device(dtype, where(hits, on, off))];
};

export const oneHots: Readonly<Record<string, Operator>> = { OneHot: oneHot };
