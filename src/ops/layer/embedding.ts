import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type Op } from "../op.ts";
import { fill } from "../tensor/copy.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./embedding.wgsl.ts"));

export const embeddingForward = /* @__PURE__ */ new Kernel({
  name: "embedding_forward",
  texts,
  uses: ["row_index"],
  workgroup: [64, 1, 1],
  params: { count: "u32", rows: "u32", width: "u32", invalid: "f32" },
  bindings: { weight: "read", indices: "read", y: "read_write" },
});

export const embeddingBackward = /* @__PURE__ */ new Kernel({
  name: "embedding_backward",
  texts,
  uses: ["row_index"],
  workgroup: [64, 1, 1],
  params: { count: "u32", rows: "u32", width: "u32", rangeRows: "u32", padding: "f32" },
  bindings: { indices: "read", gradY: "read", gradWeight: "read_write" },
});

export interface EmbeddingAttributes {
  /** Row without a gradient, counted from 0; `null` for none. */
  readonly paddingIdx: number | null;
}

/** The table is cut into row ranges to occupy this many invocations; each reads all indices. */
const INVOCATIONS = 1024;

/** Rows of a table by index. Inputs: weight [rows, width] and indices [*]; output: [*, width]. */
export const embedding: Op<EmbeddingAttributes> = {
  name: "embedding",
  infer: ([weight, indices]) => ({ outputs: [{ shape: [...indices!.shape, weight!.shape[1]!] }] }),
  forward({ inputs: [weight, indices], outputs: [y] }, _, plan) {
    const [rows, width] = weight!.shape as [number, number];
    const count = sizeOf(indices!.shape);
    return [
      dispatch({
        kernel: embeddingForward,
        params: { count, rows, width, invalid: Number.NaN },
        bindings: { weight: weight!, indices: indices!, y: y! },
        grid: linearGrid(count * width, plan),
        flops: 0,
        bytes: 4 * (count + 2 * count * width),
      }),
    ];
  },
  backward(
    { inputs: [weight, indices], gradOutputs: [gradY], gradInputs: [gradWeight, gradIndices] },
    { paddingIdx },
    plan,
  ) {
    const [rows, width] = weight!.shape as [number, number];
    const count = sizeOf(indices!.shape);
    const dispatches: Dispatch[] = [];
    if (gradWeight) {
      const rangeRows = Math.ceil(rows / Math.min(rows, Math.ceil(INVOCATIONS / width)));
      const ranges = Math.ceil(rows / rangeRows);
      dispatches.push(
        dispatch({
          kernel: embeddingBackward,
          params: { count, rows, width, rangeRows, padding: paddingIdx ?? -1 },
          bindings: { indices: indices!, gradY: gradY!, gradWeight },
          grid: linearGrid(ranges * width, plan),
          flops: count * width * (ranges + 1),
          bytes: 4 * (count + count * width + rows * width),
        }),
      );
    }
    // Indices have no gradient.
    if (gradIndices) dispatches.push(fill(gradIndices, 0, plan));
    return dispatches;
  },
};
