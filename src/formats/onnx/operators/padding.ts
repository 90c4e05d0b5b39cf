/** Pad, on the host or on the GPU. */
import { stridesOf } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";
import { type HostTensor, hostTensor, placer } from "../host.ts";
import { isHost, shapeOf } from "../value.ts";

const modes = { constant: "constant", reflect: "reflect", edge: "replicate", wrap: "circular" } as const;

const pad: Operator = (call) => {
  const x = call.value(0);
  const rank = shapeOf(x).length;
  const given = call.listSince(11, 1, "pads") ?? [];
  const axes = call.axes(call.optionalList(3, "the padded axes") ?? shapeOf(x).map((_, axis) => axis), rank);
  if (given.length !== 2 * axes.length)
    throw call.refuse(`it must have ${2 * axes.length} pads, got ${given.length}`);
  const mode = call.text("mode", "constant");
  call.only("mode", mode, Object.keys(modes));
  const value =
    call.opset >= 11 ? (call.optionalList(2, "the value of the padding")?.[0] ?? 0) : call.float("value", 0);
  // Before and after each axis.
  const pads = shapeOf(x).map((_, axis) => {
    const at = axes.indexOf(axis);
    return at < 0 ? [0, 0] : [given[at]!, given[axes.length + at]!];
  }) as [number, number][];
  if (isHost(x)) {
    call.only("mode", mode, ["constant"]);
    return [onHost(call, x, pads, value)];
  }
  const lastFirst = pads.toReversed().flat();
  return [
    call.device(
      x.dtype,
      x.tensor.pad(lastFirst, modes[mode as keyof typeof modes], mode === "constant" ? value : 0),
    ),
  ];
};

function onHost(call: Call, x: HostTensor, pads: readonly [number, number][], value: number): HostTensor {
  if (pads.flat().some((amount) => amount < 0))
    throw call.refuse("negative pads are computed only on the GPU");
  const shape = x.shape.map((size, axis) => size + pads[axis]![0] + pads[axis]![1]);
  const result = hostTensor(x.dtype, shape);
  result.data.fill(value);
  const strides = stridesOf(shape);
  const start = strides.reduce((sum, stride, axis) => sum + stride * pads[axis]![0], 0);
  const place = placer(x.shape, strides, start);
  for (let i = 0; i < x.data.length; i++) result.data[place(i)] = x.data[i]!;
  return result;
}

export const paddings: Readonly<Record<string, Operator>> = { Pad: pad };
