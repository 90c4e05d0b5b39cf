/** Arithmetic of broadcast operands, element by element. */
import type { Tensor } from "../../../graph/tensor.ts";
import type { SafetensorsDtype } from "../../../io/dtypes.ts";
import { showShape } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";
import { isFloat } from "../dtype.ts";
import { type HostTensor, mapped } from "../host.ts";
import { isHost, shapeOf, type Value } from "../value.ts";

/** `fn` on the host; integers stay integers that float64 holds. */
export function onHost(
  call: Call,
  dtype: SafetensorsDtype,
  operands: readonly HostTensor[],
  fn: (...values: number[]) => number,
): HostTensor {
  const result = mapped(dtype, operands, fn);
  if (!result) {
    throw call.refuse(`${operands.map(({ shape }) => showShape(shape)).join(" and ")} cannot be broadcast`);
  }
  if (!isFloat(dtype) && !result.data.every(Number.isSafeInteger)) {
    throw call.refuse("an integer is beyond 2^53, or divided by 0");
  }
  return result;
}

type TwoOnHost = (a: number, b: number) => number;

/** An operator of two operands whose result has the first one's type. */
function arithmetic(
  onDevice: (a: Tensor, b: Tensor) => Tensor,
  float: TwoOnHost,
  options: { readonly integer?: TwoOnHost; readonly scalar?: (a: Tensor, b: number) => Tensor } = {},
): Operator {
  const { integer = float, scalar } = options;
  return (call) => {
    const [a, b] = [call.value(0), call.value(1)];
    if (isHost(a) && isHost(b)) return [onHost(call, a.dtype, [a, b], isFloat(a.dtype) ? float : integer)];
    if (!isFloat(a.dtype) && integer !== float) {
      throw call.refuse("it is computed for integers only where they are known before the model runs");
    }
    const number = scalarOf(b);
    if (scalar && number !== null && !isHost(a) && shapeOf(b).length <= shapeOf(a).length) {
      return [call.device(a.dtype, scalar(a.tensor, number))];
    }
    return [call.device(a.dtype, onDevice(call.toTensor(a), call.toTensor(b)))];
  };
}

/** The one finite element of a value on the host; `null` if it is anything else. */
function scalarOf(value: Value): number | null {
  if (!isHost(value) || value.data.length !== 1) return null;
  return Number.isFinite(value.data[0]) ? value.data[0]! : null;
}

const mod: Operator = (call) => {
  const [a, b] = [call.host(0, "a dividend"), call.host(1, "a divisor")];
  const fmod = call.int("fmod", 0) !== 0;
  // Without fmod the result has the divisor's sign, as in Python.
  const rest = (x: number, y: number) => {
    const left = x % y;
    return fmod || left === 0 || left < 0 === y < 0 ? left : left + y;
  };
  return [onHost(call, a.dtype, [a, b], rest)];
};

/** The sum, mean, minimum or maximum of any number of operands. */
function variadic(onDevice: (a: Tensor, b: Tensor) => Tensor, fn: TwoOnHost, mean = false): Operator {
  return (call) => {
    const values = call.inputs.map((_, i) => call.value(i));
    const { dtype } = values[0]!;
    if (values.every(isHost)) {
      const total = values.reduce((a, b) => onHost(call, dtype, [a, b], fn));
      return [mean ? onHost(call, dtype, [total], (sum) => sum / values.length) : total];
    }
    const tensors = values.map((value) => call.toTensor(value));
    const total = tensors.reduce((a, b) => onDevice(a, b));
    return [call.device(dtype, mean ? total.mul(1 / tensors.length) : total)];
  };
}

/** Integers divide as in C: towards zero. */
const divided: TwoOnHost = (a, b) => Math.trunc(a / b);

/** x, or slope·x where x is negative. */
const prelu: Operator = (call) => {
  const x = call.tensor(0);
  return [call.device(call.value(0).dtype, x.relu().sub(x.neg().relu().mul(call.tensor(1))))];
};

export const elementwise: Readonly<Record<string, Operator>> = {
  Add: arithmetic(
    (a, b) => a.add(b),
    (a, b) => a + b,
    { scalar: (a, b) => a.add(b) },
  ),
  Sub: arithmetic(
    (a, b) => a.sub(b),
    (a, b) => a - b,
    { scalar: (a, b) => a.sub(b) },
  ),
  Mul: arithmetic(
    (a, b) => a.mul(b),
    (a, b) => a * b,
    { scalar: (a, b) => a.mul(b) },
  ),
  Div: arithmetic(
    (a, b) => a.div(b),
    (a, b) => a / b,
    { integer: divided, scalar: (a, b) => a.div(b) },
  ),
  Pow: arithmetic(
    (a, b) => a.pow(b),
    (a, b) => a ** b,
    { integer: (a, b) => Math.trunc(a ** b), scalar: (a, b) => a.pow(b) },
  ),
  PRelu: prelu,
  Mod: mod,
  Sum: variadic(
    (a, b) => a.add(b),
    (a, b) => a + b,
  ),
  Mean: variadic(
    (a, b) => a.add(b),
    (a, b) => a + b,
    true,
  ),
  Max: variadic((a, b) => a.maximum(b), Math.max),
  Min: variadic((a, b) => a.minimum(b), Math.min),
};
