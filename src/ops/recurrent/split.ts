/**
 * Version `split`: `step` with the depth of the product split over a workgroup's invocations, so that a small batch fills a GPU.
 * The file loads on demand, and imports types and what loads with it alone.
 */
import type { AdapterFacts } from "../../gpu/adapter-facts.ts";
import type { Kernel } from "../../gpu/kernel.ts";
import type { Grids } from "../grid.ts";
import type { Dispatch } from "../op.ts";
import type { Cell } from "./cell.ts";
import type { Pass, Recurrence } from "./recurrence.ts";
import type { Declaration } from "./sequence-kernels.ts";
import type { Step } from "./steps.ts";
import { transposedWeight } from "./transposed-weight.ts";
import type { StepPass, Version } from "./version.ts";

/** A workgroup's units and batch rows; each slice of the depth has an invocation for every unit. */
const UNITS = 16;
const ROWS = 4;
const SLICES = 8;

/** Approximate operations of a cell's pointwise part for one slot of one unit. */
const POINTWISE_FLOPS = 8;

/** The kernel of a cell's pass: as that of `step`, but for the product. */
export function splitDeclaration({ name, kernels }: Cell, pass: Pass): Declaration {
  const { uses = [], params, bindings } = kernels[pass].step!.declaration;
  return {
    name: `${name}_split_${pass}`,
    uses: [...uses.filter((file) => !file.startsWith("recurrent_product")), `split_${pass}`],
    workgroup: [UNITS, SLICES, 1],
    params,
    bindings,
  };
}

/** Predicted µs of a step's dispatch. */
function splitMicros({ sizes: { N, H, slots } }: Recurrence, pass: Pass, facts: AdapterFacts): number {
  const groups = Math.ceil(H / UNITS) * Math.ceil(N / ROWS);
  // facts.workgroups is measured with workgroups of 64 invocations.
  const filled = (groups * UNITS * SLICES) / 64 / facts.workgroups;
  const products = groups * UNITS * ROWS * H * slots;
  const loads = products * (1 / ROWS + (pass === "forward" ? 1 / slots : 1)) + 8 * N * H * slots;
  const work = (2 * products + 40 * N * H * slots) / facts.gflops + loads / facts.gloads;
  const barrier = facts.barrierMicros * Math.max(1, filled);
  return facts.dispatchMicros + work / (1e3 * Math.min(1, filled)) + barrier;
}

/** One dispatch for each time step. */
export function splitVersion(pass: Pass, transpose: Kernel, grids: Grids): Version {
  return {
    stepMicros: (recurrence, { facts }) => splitMicros(recurrence, pass, facts),
    dispatches(kernel, { recurrence, steps, paramsAt, operands }, plan) {
      const { N, H, slots } = recurrence.sizes;
      const dispatchOf = (weight: StepPass["operands"], hasProduct: (step: Step) => boolean) => {
        const names = Object.keys(kernel.declaration.bindings);
        const all = { ...operands, ...weight };
        return steps.map(
          (step): Dispatch => ({
            kernel,
            params: paramsAt(step),
            bindings: Object.fromEntries(names.map((name) => [name, all[name] ?? null])),
            grid: grids.tileGrid(Math.ceil(H / UNITS), Math.ceil(N / ROWS), 1, plan),
            flops: slots * N * H * ((hasProduct(step) ? 2 * H : 0) + POINTWISE_FLOPS),
            bytes: 4 * slots * (H * H + 3 * N * H),
          }),
        );
      };
      if (pass === "forward") return dispatchOf({}, () => true);
      const { transposed, dispatch } = transposedWeight(transpose, grids, recurrence, plan);
      return [dispatch, ...dispatchOf({ weight: transposed }, ({ isLast }) => !isLast)];
    },
  };
}
