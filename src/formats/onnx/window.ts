import { show } from "../../checks.ts";
import type { Call } from "./call.ts";

/** How a window moves over one axis. */
export interface Window {
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: readonly [before: number, after: number];
}

/**
 * A window from an operator's attributes.
 * @param kernel Its size, where the attribute `kernel_shape` is not given.
 * @param length Elements of the axis.
 */
export function windowOf(call: Call, kernel: readonly number[], length: number): Window {
  const one = (name: string, otherwise: number) => {
    const values = call.ints(name) ?? [otherwise];
    if (values.length !== 1)
      throw call.refuse(`${name} ${show(values)} has ${values.length} axes, and one is computed here`);
    return values[0]!;
  };
  const taps = one("kernel_shape", kernel[0] ?? 1);
  const stride = one("strides", 1);
  const dilation = one("dilations", 1);
  const auto = call.text("auto_pad", "NOTSET");
  if (auto === "SAME_UPPER" || auto === "SAME_LOWER") {
    const span = dilation * (taps - 1) + 1;
    const all = Math.max(0, (Math.ceil(length / stride) - 1) * stride + span - length);
    const half = Math.floor(all / 2);
    const padding = auto === "SAME_UPPER" ? ([half, all - half] as const) : ([all - half, half] as const);
    return { taps, stride, dilation, padding };
  }
  call.only("auto_pad", auto, ["NOTSET", "VALID"]);
  const [before = 0, after = 0] = (auto === "VALID" ? null : call.ints("pads")) ?? [];
  return { taps, stride, dilation, padding: [before, after] };
}
