/** Sums, means and the like over axes. */
import type { Tensor } from "../../../graph/tensor.ts";
import { sizeOf, stridesOf } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";
import { isFloat } from "../dtype.ts";
import { type HostTensor, hostTensor, placer } from "../host.ts";
import { isHost } from "../value.ts";

/**
 * @param fold Of the values that become one.
 * @returns `null` where no integer is the result.
 */
function onHost(
  x: HostTensor,
  axes: readonly number[],
  keep: boolean,
  fold: (values: number[]) => number,
): HostTensor | null {
  const isReduced = (_: number, dim: number) => axes.includes(dim);
  const kept = x.shape.map((size, dim) => (axes.includes(dim) ? 1 : size));
  const strides = stridesOf(x.shape);
  const inner = x.shape.filter(isReduced);
  const starts = placer(kept, strides);
  const places = placer(inner, strides.filter(isReduced));
  const shape = keep ? kept : kept.filter((_, dim) => !axes.includes(dim));
  const result = hostTensor(x.dtype, shape);
  const count = sizeOf(inner);
  if (count === 0 && !isFloat(x.dtype) && !Number.isFinite(fold([]))) return null;
  for (let i = 0; i < result.data.length; i++) {
    const start = starts(i);
    result.data[i] = fold(Array.from({ length: count }, (_, k) => x.data[start + places(k)]!));
  }
  return result;
}

/** The axes to reduce, counted from 0; `null` for a reduction that does nothing. */
function axesOf(call: Call, since: number, rank: number): number[] | null {
  const given = call.listSince(since, 1, "axes");
  if (given && given.length > 0) return call.axes(given, rank);
  if (call.opset >= since && call.int("noop_with_empty_axes", 0) !== 0) return null;
  return Array.from({ length: rank }, (_, dim) => dim);
}

/** @param since The version from which the axes are an input. */
function reduction(
  since: number,
  fold: (values: number[]) => number,
  onDevice: ((x: Tensor, axes: number[], keep: boolean) => Tensor) | null,
  before: (x: Tensor) => Tensor = (x) => x,
): Operator {
  return (call) => {
    const x = call.value(0);
    const axes = axesOf(call, since, call.shape(0).length);
    const keep = call.int("keepdims", 1) !== 0;
    if (isHost(x)) {
      const result = onHost(x, axes ?? [], keep, fold);
      if (!result) throw call.refuse("there is no largest or smallest of no integers");
      return [result];
    }
    if (!onDevice) throw call.refuse("it is computed only where its input is known before the model runs");
    const tensor = before(x.tensor);
    if (axes === null || axes.length === 0)
      return [call.device(x.dtype, onDevice(tensor.unsqueeze(0), [0], false))];
    return [call.device(x.dtype, onDevice(tensor, axes, keep))];
  };
}

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
const squares = (values: number[]) => total(values.map((value) => value * value));

export const reductions: Readonly<Record<string, Operator>> = {
  ReduceSum: reduction(13, total, (x, axes, keep) => x.sum(axes, keep)),
  ReduceMean: reduction(
    18,
    (values) => total(values) / values.length,
    (x, axes, keep) => x.mean(axes, keep),
  ),
  ReduceSumSquare: reduction(
    18,
    squares,
    (x, axes, keep) => x.sum(axes, keep),
    (x) => x.mul(x),
  ),
  ReduceLogSum: reduction(
    18,
    (values) => Math.log(total(values)),
    (x, axes, keep) => x.sum(axes, keep).log(),
  ),
  ReduceMax: reduction(18, (values) => Math.max(...values), null),
  ReduceMin: reduction(18, (values) => Math.min(...values), null),
  ReduceProd: reduction(18, (values) => values.reduce((product, value) => product * value, 1), null),
};
