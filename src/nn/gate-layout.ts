import type { Layout } from "../graph/tensor.ts";
import { sizeOf } from "../shape.ts";

/**
 * PyTorch keeps a recurrent weight as [gates·H, K]: all rows of the first gate, then the next. The kernels want
 * [K][H][gates], so that one load brings a unit's gates together. A bias, [gates·H], is the case K = 1.
 */
export function gateLayout(gates: number, hidden: number): Layout {
  const move = (data: Float32Array, toKernel: boolean) => {
    const depth = data.length / (gates * hidden);
    const moved = new Float32Array(data.length);
    for (let gate = 0; gate < gates; gate++) {
      for (let unit = 0; unit < hidden; unit++) {
        for (let k = 0; k < depth; k++) {
          const torch = (gate * hidden + unit) * depth + k;
          const kernel = (k * hidden + unit) * gates + gate;
          if (toKernel) moved[kernel] = data[torch]!;
          else moved[torch] = data[kernel]!;
        }
      }
    }
    return moved;
  };
  return { elements: sizeOf, pack: (data) => move(data, true), unpack: (data) => move(data, false) };
}
