/** Operators about the order of elements, and about places in an axis. */
import type { Tensor } from "../../../graph/tensor.ts";
import { stridesOf } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";
import { type HostTensor, hostTensor, placer } from "../host.ts";
import { isHost, type Value } from "../value.ts";

/** Calls `use` with the places of each row along an axis. */
function eachRow(x: HostTensor, axis: number, use: (row: number[], outer: number) => void): void {
  const strides = stridesOf(x.shape);
  const outer = x.shape.filter((_, dim) => dim !== axis);
  const start = placer(
    outer,
    strides.filter((_, dim) => dim !== axis),
  );
  const rows = outer.reduce((product, size) => product * size, 1);
  for (let i = 0; i < rows; i++) {
    use(
      Array.from({ length: x.shape[axis]! }, (_, k) => start(i) + k * strides[axis]!),
      i,
    );
  }
}

/** The k largest or smallest of an axis in order; equal ones in the order of their indices. */
const topK: Operator = (call) => {
  const x = call.value(0);
  if (!isHost(x)) {
    const dim = call.axis(call.int("axis", -1), x.tensor.shape.length);
    const [count] = call.list(1, "the number of elements") as [number];
    const { values, indices } = x.tensor.topk(count, dim, { largest: call.int("largest", 1) !== 0 });
    return [call.device(x.dtype, values), call.device("I64", indices)];
  }
  const axis = call.axis(call.int("axis", -1), x.shape.length);
  const [k] = call.list(1, "the number of elements") as [number];
  if (!(k >= 0 && k <= x.shape[axis]!)) throw call.refuse(`it takes ${k} of ${x.shape[axis]} elements`);
  const sign = call.int("largest", 1) ? -1 : 1;
  const shape = x.shape.map((size, dim) => (dim === axis ? k : size));
  const [values, indices] = [hostTensor(x.dtype, shape), hostTensor("I64", shape)];
  const sorted: number[][] = [];
  eachRow(x, axis, (row) => {
    const order = row.map((_, i) => i).sort((a, b) => sign * (x.data[row[a]!]! - x.data[row[b]!]!) || a - b);
    sorted.push(order.slice(0, k));
  });
  const places: number[][] = [];
  eachRow(values, axis, (row) => places.push(row));
  eachRow(x, axis, (row, outer) => {
    for (const [i, at] of (places[outer] ?? []).entries()) {
      values.data[at] = x.data[row[sorted[outer]![i]!]!]!;
      indices.data[at] = sorted[outer]![i]!;
    }
  });
  return [values, indices];
};

/** Indices into an axis, counted from 0. */
function fromStart(call: Call, indices: HostTensor, size: number): number[] {
  return Array.from(indices.data, (index) => {
    const at = index < 0 ? index + size : index;
    if (at >= 0 && at < size) return at;
    throw call.refuse(`the index ${index} is outside of an axis of ${size}`);
  });
}

/** The second input as indices from 0; those of an input are held to that when the model runs. */
function indexTensor(call: Call, size: number): Tensor {
  const indices = call.value(1);
  if (!isHost(indices)) return indices.tensor;
  return call.toTensor({ ...indices, data: Float64Array.from(fromStart(call, indices, size)) });
}

/** How a value that is scattered meets the one that is there. */
const reductions: Readonly<Record<string, (old: number, update: number) => number>> = {
  none: (_, update) => update,
  add: (old, update) => old + update,
  mul: (old, update) => old * update,
  max: Math.max,
  min: Math.min,
};

/** The place in `x` of every element of `indices`, whose value replaces the index along one axis. */
function placesOf(call: Call, x: HostTensor, indices: HostTensor, axis: number): number[] {
  if (indices.shape.length !== x.shape.length)
    throw call.refuse("its indices must have as many axes as its data");
  const strides = stridesOf(x.shape);
  const others = strides.map((stride, dim) => (dim === axis ? 0 : stride));
  const place = placer(indices.shape, others);
  return fromStart(call, indices, x.shape[axis]!).map((index, i) => place(i) + index * strides[axis]!);
}

/**
 * With one axis: data where no update goes, else the update, or data plus all that go there. No value meets an element that it does not go
 * to, so an infinity stays alone. PyTorch's exporter inverts the order of sorted sequences this way.
 */
function scatterOnDevice(call: Call): readonly Value[] {
  const [data, updates] = [call.tensor(0), call.tensor(2)];
  const reduction = call.text("reduction", "none");
  call.only("reduction", reduction, ["none", "add"]);
  if (data.shape.length !== 1)
    throw call.refuse("data of several axes is scattered into only where all is known");
  // One row for each update: 1 at its place, NaN where a computed index is none.
  const goes = indexTensor(call, data.shape[0]!).oneHot(data.shape[0]!);
  const meets = goes.amax(0);
  const written =
    reduction === "add"
      ? data.add(updates.unsqueeze(1).mul(goes).where(goes.ne(0), 0).sum(0))
      : updates.indexSelect(0, goes.argmax(0)).mul(meets);
  return [call.device(call.value(0).dtype, written.where(meets.ne(0), data))];
}

const scatterElements: Operator = (call) => {
  if (![0, 1, 2].every((i) => isHost(call.value(i)))) return scatterOnDevice(call);
  const [x, indices, updates] = [
    call.host(0, "data that is scattered into"),
    call.host(1, "indices"),
    call.host(2, "updates"),
  ];
  const axis = call.axis(call.int("axis", 0), x.shape.length);
  const reduction = call.text("reduction", "none");
  call.only("reduction", reduction, Object.keys(reductions));
  const result = hostTensor(x.dtype, x.shape, x.data);
  for (const [i, place] of placesOf(call, x, indices, axis).entries()) {
    result.data[place] = reductions[reduction]!(result.data[place]!, updates.data[i]!);
  }
  return [result];
};

const gatherElements: Operator = (call) => {
  if (!isHost(call.value(0)) || !isHost(call.value(1))) {
    const data = call.tensor(0);
    const axis = call.axis(call.int("axis", 0), data.shape.length);
    return [call.device(call.value(0).dtype, data.gather(axis, indexTensor(call, data.shape[axis]!)))];
  }
  const [x, indices] = [call.host(0, "data"), call.host(1, "indices")];
  const axis = call.axis(call.int("axis", 0), x.shape.length);
  const places = placesOf(call, x, indices, axis);
  return [
    hostTensor(
      x.dtype,
      indices.shape,
      places.map((place) => x.data[place]!),
    ),
  ];
};

export const sortings: Readonly<Record<string, Operator>> = {
  TopK: topK,
  ScatterElements: scatterElements,
  GatherElements: gatherElements,
};
