import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type Op, type Operand, type PlanContext } from "../op.ts";

export const dropoutTexts = /* @__PURE__ */ new OnDemand(() => import("./dropout.wgsl.ts"));

export const dropoutKernel = /* @__PURE__ */ new Kernel({
  name: "dropout",
  texts: dropoutTexts,
  uses: ["random"],
  workgroup: [64, 1, 1],
  params: { size: "u32", seed: "u32", stream: "u32", run: "u32", keepBelow: "u32", scale: "f32" },
  bindings: { x: "read", y: "read_write" },
});

export interface DropoutAttributes {
  /** Probability of a zero: more than 0, at most 1. */
  readonly p: number;
  /** Key of the random numbers, and the next run. */
  readonly random: { readonly seed: number; readonly stream: number; run(): number };
}

/** Random words of one counter, one for each element. */
const WORDS = 4;
const LARGEST = 2 ** 32 - 1;

function drop(x: Operand, y: Operand, { p, random }: DropoutAttributes, plan: PlanContext): Dispatch[] {
  const size = sizeOf(x.shape);
  const { seed, stream } = random;
  const keepBelow = Math.min(LARGEST, Math.round((1 - p) * 2 ** 32));
  const scale = p === 1 ? 0 : 1 / (1 - p);
  return [
    dispatch({
      kernel: dropoutKernel,
      params: () => ({ size, seed, stream, run: random.run() >>> 0, keepBelow, scale }),
      bindings: { x, y },
      grid: linearGrid(Math.ceil(size / WORDS), plan),
      flops: size,
      bytes: 8 * size,
    }),
  ];
}

/** Zeroes elements at random and scales the rest to keep the expectation. The backward pass draws the same bits again. */
export const dropout: Op<DropoutAttributes> = {
  name: "dropout",
  infer: ([x]) => ({ outputs: [{ shape: x!.shape }] }),
  forward: ({ inputs: [x], outputs: [y] }, attributes, plan) => drop(x!, y!, attributes, plan),
  backward: ({ gradOutputs: [gradY], gradInputs: [gradX] }, attributes, plan) =>
    drop(gradY!, gradX!, attributes, plan),
};
