import type { Operator } from "../call.ts";
import { constants } from "./constant.ts";
import { controls } from "./control.ts";
import { convolutions } from "./convolution.ts";
import { einsums } from "./einsum.ts";
import { elementwise } from "./elementwise.ts";
import { indexings } from "./indexing.ts";
import { logics } from "./logic.ts";
import { movements } from "./movement.ts";
import { normalizations } from "./normalization.ts";
import { oneHots } from "./one-hot.ts";
import { paddings } from "./padding.ts";
import { pointwises } from "./pointwise.ts";
import { poolings } from "./pooling.ts";
import { products } from "./product.ts";
import { recurrents } from "./recurrent.ts";
import { reductions } from "./reduction.ts";
import { resizings } from "./resize.ts";
import { reversals } from "./reverse-sequence.ts";
import { softmaxes } from "./softmax.ts";
import { sortings } from "./sorting.ts";
import { spectra } from "./spectrum.ts";

const groups = [
  constants,
  controls,
  convolutions,
  einsums,
  elementwise,
  indexings,
  logics,
  movements,
  normalizations,
  oneHots,
  paddings,
  pointwises,
  poolings,
  products,
  recurrents,
  reductions,
  resizings,
  reversals,
  softmaxes,
  sortings,
  spectra,
];

/** All operators by name. A map: a name in a file may be `__proto__`. */
export const operators: ReadonlyMap<string, Operator> = new Map(
  groups.flatMap((group) => Object.entries(group)),
);
