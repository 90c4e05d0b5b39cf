/** What the picture of gates and its worker share. */
import { READ } from "./front.ts";

export const UNITS = 8;

export type GatesReport =
  | {
      readonly kind: "gates";
      readonly step: number;
      readonly loss: number;
      /** [6, READ, UNITS]: i, f, g, o, c, h. */
      readonly gates: Float32Array;
      readonly learned: boolean;
    }
  | { readonly kind: "failed"; readonly message: string };

/** One of the six over time, of one unit. */
export function over(gates: Float32Array, which: number, unit: number): Float32Array {
  return Float32Array.from({ length: READ }, (_, t) => gates[(which * READ + t) * UNITS + unit]!);
}
