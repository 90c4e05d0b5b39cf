import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { dispatch, type Op } from "../op.ts";
import { fill } from "../tensor/copy.ts";
import { embeddingBackwardTexts, tableGradient } from "./embedding-backward.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./embedding.wgsl.ts"));

export const embeddingForward = /* @__PURE__ */ new Kernel({
  name: "embedding_forward",
  texts,
  uses: ["row_index"],
  workgroup: [64, 1, 1],
  params: { count: "u32", rows: "u32", width: "u32", invalid: "f32" },
  bindings: { weight: "read", indices: "read", y: "read_write" },
});

export interface EmbeddingAttributes {
  /** Row without a gradient, counted from 0; `null` for none. */
  readonly paddingIdx: number | null;
}

/** Rows of a table by index. Inputs: weight [rows, width] and indices [*]; output: [*, width]. */
export const embedding: Op<EmbeddingAttributes> = {
  name: "embedding",
  // How the table's gradient is computed depends on the number of indices.
  needs: (pass) => (pass === "backward" ? [embeddingBackwardTexts] : []),
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
    const table = { indices: indices!, gradY: gradY!, count, rows, width, paddingIdx };
    return [
      ...(gradWeight ? tableGradient({ ...table, gradWeight }, plan) : []),
      // Indices have no gradient.
      ...(gradIndices ? [fill(gradIndices, 0, plan)] : []),
    ];
  },
};
