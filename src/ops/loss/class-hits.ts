import { GraphError } from "../../errors.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { dispatch, type Op } from "../op.ts";
import { chunksOf, reduceSum } from "../tensor/reduce-sum.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./class-hits.wgsl.ts"));

export const classHitsKernel = /* @__PURE__ */ new Kernel({
  name: "class_hits",
  texts,
  uses: ["row_index", "not_a_number"],
  workgroup: [64, 1, 1],
  params: { rows: "u32", chunk: "u32", partials: "u32", classes: "u32", inners: "u32", ignored: "f32" },
  bindings: { scores: "read", expected: "read", hits: "read_write", counts: "read_write" },
});

export interface ClassHitsAttributes {
  readonly ignoreIndex: number;
}

/**
 * Counts correct class predictions. Inputs: scores [N, C, d1, …] or [C]; class indices [N, d1, …] or []. Outputs: the number of
 * correct predictions and the number that count, both scalars.
 */
export const classHits: Op<ClassHitsAttributes> = {
  name: "class_hits",
  infer: () => ({ outputs: [{ shape: [] }, { shape: [] }] }),
  forward({ inputs: [scores, target], outputs: [hits, counts] }, { ignoreIndex }, plan) {
    const { shape } = scores!;
    const dim = shape.length === 1 ? 0 : 1;
    const classes = shape[dim]!;
    const rows = sizeOf(shape) / classes;
    const { chunk, partials } = chunksOf(rows);
    const [partialHits, partialCounts] = [plan.temporary([partials]), plan.temporary([partials])];
    return [
      dispatch({
        kernel: classHitsKernel,
        params: {
          rows,
          chunk,
          partials,
          classes,
          inners: sizeOf(shape.slice(dim + 1)),
          ignored: ignoreIndex,
        },
        bindings: { scores: scores!, expected: target!, hits: partialHits, counts: partialCounts },
        grid: linearGrid(partials, plan),
        flops: rows * classes,
        bytes: 4 * rows * (classes + 1),
      }),
      ...(hits ? reduceSum(partialHits, partials, hits, plan) : []),
      ...(counts ? reduceSum(partialCounts, partials, counts, plan) : []),
    ];
  },
  backward() {
    throw new GraphError(
      "Accuracy: a count of hits has no gradient; train on a loss such as nn.CrossEntropyLoss",
    );
  },
};
