/** Comparisons, logic and choices: truth values are 0 and 1. */
import type { Tensor } from "../../../graph/tensor.ts";
import { where as choose } from "../../../graph/where.ts";
import type { Operator } from "../call.ts";
import { isHost, shapeOf, type Value } from "../value.ts";
import { onHost } from "./elementwise.ts";

/** An operator of two operands that gives truth values. */
function truth(
  fn: (a: number, b: number) => boolean,
  onDevice: (a: Tensor, b: Tensor) => Tensor,
  onNumber: ((a: Tensor, b: number) => Tensor) | null = null,
): Operator {
  return (call) => {
    const [a, b] = [call.value(0), call.value(1)];
    if (isHost(a) && isHost(b)) return [onHost(call, "BOOL", [a, b], (x, y) => (fn(x, y) ? 1 : 0))];
    const right = side(b, (value) => call.toTensor(value), shapeOf(a).length);
    if (typeof right === "number" && onNumber)
      return [call.device("BOOL", onNumber(call.toTensor(a), right))];
    return [call.device("BOOL", onDevice(call.toTensor(a), call.toTensor(b)))];
  };
}

/** A test of every element. */
function test(fn: (x: number) => boolean, onDevice: (x: Tensor) => Tensor): Operator {
  return (call) => {
    const x = call.value(0);
    if (isHost(x)) return [onHost(call, "BOOL", [x], (value) => (fn(value) ? 1 : 0))];
    return [call.device("BOOL", onDevice(x.tensor))];
  };
}

/** A side of a choice: one number, or a tensor. */
function side(value: Value, toTensor: (value: Value) => Tensor, rank: number): Tensor | number {
  const isNumber = isHost(value) && value.data.length === 1 && value.shape.length <= rank;
  return isNumber ? value.data[0]! : toTensor(value);
}

const where: Operator = (call) => {
  const [condition, yes, no] = [call.value(0), call.value(1), call.value(2)];
  const { dtype } = yes;
  if (isHost(condition) && isHost(yes) && isHost(no)) {
    return [onHost(call, dtype, [condition, yes, no], (c, a, b) => (c ? a : b))];
  }
  const rank = shapeOf(condition).length;
  const toTensor = (value: Value) => call.toTensor(value);
  return [
    call.device(dtype, choose(call.toTensor(condition), side(yes, toTensor, rank), side(no, toTensor, rank))),
  ];
};

export const logics: Readonly<Record<string, Operator>> = {
  Equal: truth(
    (a, b) => a === b,
    (a, b) => a.eq(b),
    (a, b) => a.eq(b),
  ),
  Less: truth(
    (a, b) => a < b,
    (a, b) => a.lt(b),
    (a, b) => a.lt(b),
  ),
  LessOrEqual: truth(
    (a, b) => a <= b,
    (a, b) => a.le(b),
    (a, b) => a.le(b),
  ),
  Greater: truth(
    (a, b) => a > b,
    (a, b) => a.gt(b),
    (a, b) => a.gt(b),
  ),
  GreaterOrEqual: truth(
    (a, b) => a >= b,
    (a, b) => a.ge(b),
    (a, b) => a.ge(b),
  ),
  And: truth(
    (a, b) => a !== 0 && b !== 0,
    (a, b) => a.mul(b),
  ),
  Or: truth(
    (a, b) => a !== 0 || b !== 0,
    (a, b) => a.maximum(b),
  ),
  Xor: truth(
    (a, b) => (a !== 0) !== (b !== 0),
    (a, b) => a.ne(b),
  ),
  Not: test(
    (x) => x === 0,
    (x) => x.eq(0),
  ),
  IsNaN: test(Number.isNaN, (x) => x.ne(x)),
  Where: where,
};
