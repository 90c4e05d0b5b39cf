import type { Layout } from "../graph/tensor.ts";
import { sizeOf } from "../shape.ts";

/**
 * PyTorch keeps a recurrent weight as [gates·H, K]: all rows of the first gate, then the next. The kernels
 * read [K][H][width], so that one load has all gates of a unit. A bias, [gates·H], is the case K = 1.
 * @param slots The place of each of PyTorch's gates among the `width` floats of a unit; the other places are zero.
 */
export function gateLayout(slots: readonly number[], width: number, hidden: number): Layout {
  const gates = slots.length;
  /** Calls `visit` with the index of every element in PyTorch's order and in the kernels' order. */
  const walk = (depth: number, visit: (torch: number, kernel: number) => void) => {
    for (let gate = 0; gate < gates; gate++) {
      for (let unit = 0; unit < hidden; unit++) {
        for (let k = 0; k < depth; k++) {
          visit((gate * hidden + unit) * depth + k, (k * hidden + unit) * width + slots[gate]!);
        }
      }
    }
  };
  return {
    order: { slots, width, hidden },
    elements: (shape) => (sizeOf(shape) / gates) * width,
    pack: (data) => {
      const packed = new Float32Array((data.length / gates) * width);
      walk(data.length / (gates * hidden), (torch, kernel) => {
        packed[kernel] = data[torch]!;
      });
      return packed;
    },
    unpack: (data) => {
      const unpacked = new Float32Array((data.length / width) * gates);
      walk(data.length / (width * hidden), (torch, kernel) => {
        unpacked[torch] = data[kernel]!;
      });
      return unpacked;
    },
  };
}
