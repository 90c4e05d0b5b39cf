/** Pooling over one axis, and over all of them. */
import { avgPool1d, maxPool1d } from "../../../graph/pooling.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { showShape } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";
import { windowOf } from "../window.ts";

/** The window of pooling over one axis. */
function windowOfPool(call: Call) {
  const shape = call.shape(0);
  if (shape.length !== 3) {
    throw call.refuse(
      `its input has ${shape.length - 2} spatial axes, and pooling over one is computed here`,
    );
  }
  const { taps, stride, dilation, padding } = windowOf(call, [], shape[2]!);
  return { kernelSize: taps, stride, dilation, padding, ceilMode: call.int("ceil_mode", 0) !== 0 };
}

const maxPool: Operator = (call) => {
  call.only("storage_order", call.int("storage_order", 0), [0]);
  return [call.device(call.value(0).dtype, maxPool1d("MaxPool", call.tensor(0), windowOfPool(call)))];
};

const averagePool: Operator = (call) => {
  const { dilation, ...window } = windowOfPool(call);
  call.only("dilations", dilation, [1]);
  const countIncludePad = call.int("count_include_pad", 0) !== 0;
  const y = avgPool1d("AveragePool", call.tensor(0), { ...window, countIncludePad });
  return [call.device(call.value(0).dtype, y)];
};

/** Over all spatial axes. */
function global(pool: (x: Tensor, axes: number[]) => Tensor): Operator {
  return (call) => {
    const x = call.tensor(0);
    if (x.shape.length < 3)
      throw call.refuse(`its input must be [batch, channels, *], got ${showShape(x.shape)}`);
    const axes = x.shape.map((_, axis) => axis).slice(2);
    return [call.device(call.value(0).dtype, pool(x, axes))];
  };
}

export const poolings: Readonly<Record<string, Operator>> = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: global((x, axes) => x.mean(axes, true)),
  GlobalMaxPool: global((x, axes) => x.amax(axes, true)),
};
