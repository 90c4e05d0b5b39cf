import type { Operator } from "../call.ts";
import { constants } from "./constant.ts";
import { controls } from "./control.ts";
import { elementwise } from "./elementwise.ts";
import { indexings } from "./indexing.ts";
import { movements } from "./movement.ts";
import { pointwises } from "./pointwise.ts";
import { products } from "./product.ts";
import { recurrents } from "./recurrent.ts";
import { reductions } from "./reduction.ts";

const groups = [
  constants,
  controls,
  elementwise,
  indexings,
  movements,
  pointwises,
  products,
  recurrents,
  reductions,
];

/** All operators by name. A map: a name in a file may be `__proto__`. */
export const operators: ReadonlyMap<string, Operator> = new Map(
  groups.flatMap((group) => Object.entries(group)),
);
