/** Convolutions over one axis; others are refused by name. */
import { conv1d, convTranspose1d } from "../../../graph/convolution.ts";
import type { Call, Operator } from "../call.ts";
import { type Window, windowOf } from "../window.ts";

/** Throws unless the input and the weights have one spatial axis. */
function checkRank(call: Call): void {
  const rank = call.shape(0).length;
  if (rank !== 3)
    throw call.refuse(`its input has ${rank - 2} spatial axes, and convolutions over one are computed here`);
}

function convolutionOf(call: Call, { stride, dilation, padding }: Window) {
  return { stride, dilation, padding, groups: call.int("group", 1) };
}

const conv: Operator = (call) => {
  checkRank(call);
  const window = windowOf(call, call.shape(1).slice(2), call.shape(0)[2]!);
  const bias = call.optional(2) ? call.tensor(2) : null;
  const y = conv1d("Conv", call.tensor(0), call.tensor(1), bias, convolutionOf(call, window));
  return [call.device(call.value(0).dtype, y)];
};

const convTranspose: Operator = (call) => {
  checkRank(call);
  call.only("auto_pad", call.text("auto_pad", "NOTSET"), ["NOTSET", "VALID"]);
  const length = call.shape(0)[2]!;
  const [taps] = call.shape(1).slice(2) as [number];
  const window = windowOf(call, [taps], length);
  const [outputPadding = 0] = call.ints("output_padding") ?? [];
  const bias = call.optional(2) ? call.tensor(2) : null;
  const { stride, dilation } = window;
  let { padding } = window;
  const [wanted] = call.ints("output_shape") ?? [];
  if (wanted !== undefined) {
    // What is too much is taken away, the larger half before.
    const all = (length - 1) * stride + outputPadding + dilation * (taps - 1) + 1 - wanted;
    if (all < 0) throw call.refuse(`output_shape ${wanted} is ${-all} more than the convolution gives`);
    const before = Math.ceil(all / 2);
    padding = [before, all - before];
  }
  const options = { ...convolutionOf(call, window), padding, outputPadding };
  return [
    call.device(
      call.value(0).dtype,
      convTranspose1d("ConvTranspose", call.tensor(0), call.tensor(1), bias, options),
    ),
  ];
};

export const convolutions: Readonly<Record<string, Operator>> = { Conv: conv, ConvTranspose: convTranspose };
