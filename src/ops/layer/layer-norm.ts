import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Op } from "../op.ts";
import { sumMiddle } from "../tensor/sum.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./layer-norm.wgsl.ts"));

export const layerNormForward = /* @__PURE__ */ new Kernel({
  name: "layer_norm_forward",
  texts,
  uses: ["layer_statistics", "finite", "not_a_number"],
  workgroup: [64, 1, 1],
  params: { rows: "u32", size: "u32", hasWeight: "u32", hasBias: "u32", eps: "f32" },
  bindings: { x: "read", weight: "read", bias: "read", y: "read_write" },
});

export const layerNormBackward = /* @__PURE__ */ new Kernel({
  name: "layer_norm_backward",
  texts,
  uses: ["layer_statistics", "finite", "not_a_number"],
  workgroup: [64, 1, 1],
  params: { rows: "u32", size: "u32", hasWeight: "u32", wantsX: "u32", wantsScaled: "u32", eps: "f32" },
  bindings: { x: "read", weight: "read", gradY: "read", gradX: "read_write", scaled: "read_write" },
});

export interface LayerNormAttributes {
  /** Elements normalized together: the product of the last dimensions' sizes. */
  readonly size: number;
  readonly eps: number;
}

/** Normalizes over the last dimensions. Inputs: x [*, …], weight […] or null, bias […] or null. */
export const layerNorm: Op<LayerNormAttributes> = {
  name: "layer_norm",
  infer: ([x]) => ({ outputs: [{ shape: x!.shape }] }),
  forward({ inputs: [x, weight, bias], outputs: [y] }, { size, eps }, plan) {
    const elements = sizeOf(x!.shape);
    const rows = elements / size;
    return [
      dispatch({
        kernel: layerNormForward,
        params: { rows, size, hasWeight: flag(weight), hasBias: flag(bias), eps },
        bindings: { x: x!, weight: weight ?? null, bias: bias ?? null, y: y! },
        grid: linearGrid(rows, plan),
        flops: 8 * elements,
        bytes: 8 * elements,
      }),
    ];
  },
  backward(
    { inputs: [x, weight], gradOutputs: [gradY], gradInputs: [gradX, gradWeight, gradBias] },
    { size, eps },
    plan,
  ) {
    const elements = sizeOf(x!.shape);
    const rows = elements / size;
    const dispatches: Dispatch[] = [];
    if (gradX || gradWeight) {
      const scaled = gradWeight ? plan.temporary([rows, size]) : null;
      dispatches.push(
        dispatch({
          kernel: layerNormBackward,
          params: {
            rows,
            size,
            hasWeight: flag(weight),
            wantsX: flag(gradX),
            wantsScaled: flag(gradWeight),
            eps,
          },
          bindings: { x: x!, weight: weight ?? null, gradY: gradY!, gradX: gradX ?? null, scaled },
          grid: linearGrid(rows, plan),
          flops: 20 * elements,
          bytes: 16 * elements,
        }),
      );
      if (gradWeight) dispatches.push(...sumMiddle([1, rows, size], scaled!, gradWeight, plan));
    }
    if (gradBias) dispatches.push(...sumMiddle([1, rows, size], gradY!, gradBias, plan));
    return dispatches;
  },
};
