/** Sums, means and the like over axes. */
import type { Tensor } from "../../../graph/tensor.ts";
import { sizeOf, stridesOf } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";
import { isFloat } from "../dtype.ts";
import { type HostTensor, hostTensor, placer } from "../host.ts";
import { pick } from "../pick.ts";
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
  onDevice: (x: Tensor, axes: number[], keep: boolean) => Tensor,
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
    const tensor = before(x.tensor);
    if (axes === null || axes.length === 0)
      return [call.device(x.dtype, onDevice(tensor.unsqueeze(0), [0], false))];
    return [call.device(x.dtype, onDevice(tensor, axes, keep))];
  };
}

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
const squares = (values: number[]) => total(values.map((value) => value * value));

/** The place of an axis's first, or last, largest or smallest element. */
function place(smallest: boolean): Operator {
  return (call) => {
    const x = call.tensor(0);
    const axis = call.axis(call.int("axis", 0), x.shape.length);
    const keep = call.int("keepdims", 1) !== 0;
    const last = call.int("select_last_index", 0) !== 0;
    const row = last ? call.toTensor(pick(call, call.device("F32", x), axis, backwards(x.shape[axis]!))) : x;
    const found = smallest ? row.argmin(axis, keep) : row.argmax(axis, keep);
    return [call.device("I64", last ? found.mul(-1).add(x.shape[axis]! - 1) : found)];
  };
}

function backwards(count: number): number[] {
  return Array.from({ length: count }, (_, i) => count - 1 - i);
}

/** The largest float32 value. */
const LARGEST = 3.4028234663852886e38;

/** Running sums along an axis, of the elements before each with `exclusive`, from the end with `reverse`. */
const cumulated: Operator = (call) => {
  const x = call.tensor(0);
  const { dtype } = call.value(0);
  const axis = call.axis(call.list(1, "the axis")[0]!, x.shape.length);
  const turned = (tensor: Tensor) =>
    call.int("reverse", 0)
      ? call.toTensor(pick(call, call.device(dtype, tensor), axis, backwards(x.shape[axis]!)))
      : tensor;
  const forward = turned(x);
  // One place on, with a zero before the first: a difference of sums would lose what is small beside them.
  const later = x.shape.slice(axis + 1).flatMap(() => [0, 0]);
  const summed = call.int("exclusive", 0) ? forward.pad([...later, 1, -1]) : forward;
  return [call.device(dtype, turned(summed.cumsum(axis)))];
};

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
  ReduceL1: reduction(
    18,
    (values) => total(values.map(Math.abs)),
    (x, axes, keep) => x.sum(axes, keep),
    (x) => x.abs(),
  ),
  ReduceL2: reduction(
    18,
    (values) => Math.sqrt(squares(values)),
    (x, axes, keep) => x.square().sum(axes, keep).sqrt(),
  ),
  ReduceLogSumExp: reduction(
    18,
    (values) => Math.log(total(values.map(Math.exp))),
    (x, axes, keep) => {
      // An infinite one would give ∞ - ∞.
      const peak = x.amax(axes, true).detach();
      const largest = peak.where(peak.abs().le(LARGEST), 0);
      const sum = x.sub(largest).exp().sum(axes, true).log().add(largest);
      return keep ? sum : sum.reshape(sum.shape.filter((_, axis) => !axes.includes(axis)));
    },
  ),
  ReduceMax: reduction(
    18,
    (values) => Math.max(...values),
    (x, axes, keep) => x.amax(axes, keep),
  ),
  ReduceMin: reduction(
    18,
    (values) => Math.min(...values),
    (x, axes, keep) => x.amin(axes, keep),
  ),
  ReduceProd: reduction(
    18,
    (values) => values.reduce((product, value) => product * value, 1),
    // From the last axis on, so that the others keep their places.
    (x, axes, keep) => axes.toSorted((a, b) => b - a).reduce((left, axis) => left.prod(axis, keep), x),
  ),
  ArgMax: place(false),
  ArgMin: place(true),
  CumSum: cumulated,
};
