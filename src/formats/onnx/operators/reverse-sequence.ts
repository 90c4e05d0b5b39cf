/** ReverseSequence: the first steps of each sequence the other way round. */
import type { Tensor } from "../../../graph/tensor.ts";
import { sizeOf } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";
import { gathered, placer } from "../host.ts";
import { pick } from "../pick.ts";
import { isHost, literal, shapeOf, type Value } from "../value.ts";

/** The step that is read at each step of each sequence, [T, N]. */
function stepsOf(call: Call, lengths: Value, T: number, N: number): readonly number[] | Tensor {
  const times = Array.from({ length: T }, (_, t) => t);
  if (!isHost(lengths)) {
    const own = literal(times, [T, 1]);
    const last = lengths.tensor.sub(1).unsqueeze(0); // [1, N]
    const inside = last.sub(own).ge(0).expand([T, N]); // [T, N]
    return own.expand([T, N]).add(inside.mul(last.sub(own.mul(2))));
  }
  if (!lengths.data.every((length) => Number.isInteger(length) && length >= 1 && length <= T)) {
    throw call.refuse(`its lengths must be integers from 1 to ${T}, got ${Array.from(lengths.data).join()}`);
  }
  return times.flatMap((t) => Array.from(lengths.data, (length) => (t < length ? length - 1 - t : t)));
}

const reverseSequence: Operator = (call) => {
  const x = call.value(0);
  const shape = shapeOf(x);
  const time = call.axis(call.int("time_axis", 0), shape.length);
  const batch = call.axis(call.int("batch_axis", 1), shape.length);
  if (time === batch) throw call.refuse("its axes of time and batch must be different");
  const [T, N] = [shape[time]!, shape[batch]!];
  const lengths = call.value(1);
  if (shapeOf(lengths).join() !== `${N}`)
    throw call.refuse(`it takes ${N} lengths, got ${sizeOf(shapeOf(lengths))}`);
  const steps = stepsOf(call, lengths, T, N);
  if (isHost(lengths) && lengths.data.every((length) => length === T)) {
    return [
      pick(
        call,
        x,
        time,
        Array.from({ length: T }, (_, t) => T - 1 - t),
      ),
    ];
  }
  if (isHost(x) && Array.isArray(steps)) {
    const strides = shape.map((_, dim) => sizeOf(shape.slice(dim + 1)));
    const at = (dim: number) =>
      placer(
        shape,
        shape.map((_, own) => (own === dim ? 1 : 0)),
      );
    const [timeOf, sequenceOf] = [at(time), at(batch)];
    const from = (i: number) => i + (steps[timeOf(i) * N + sequenceOf(i)]! - timeOf(i)) * strides[time]!;
    return [gathered(x, shape, from)];
  }
  const places = Array.isArray(steps) ? literal(steps, [T, N]) : (steps as Tensor);
  const inOrder = time < batch ? places : places.transpose(0, 1);
  const index = inOrder.reshape(shape.map((size, dim) => (dim === time || dim === batch ? size : 1)));
  return [call.device(x.dtype, call.toTensor(x).gather(time, index.expand(shape)))];
};

export const reversals: Readonly<Record<string, Operator>> = { ReverseSequence: reverseSequence };
