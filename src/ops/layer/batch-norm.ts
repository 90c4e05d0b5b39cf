import { Kernel } from "../../gpu/kernel.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Op } from "../op.ts";
import { normalized, normalizedBackward, normalizeTexts, setsOf, statisticsOf } from "./normalize.ts";

export const batchNormRunning = /* @__PURE__ */ new Kernel({
  name: "batch_norm_running",
  texts: normalizeTexts,
  workgroup: [64, 1, 1],
  params: { size: "u32", count: "u32", cumulative: "u32", momentum: "f32" },
  bindings: {
    mean: "read",
    variance: "read",
    runningMean: "read",
    runningVariance: "read",
    tracked: "read",
    newMean: "read_write",
    newVariance: "read_write",
    newTracked: "read_write",
  },
});

export interface BatchNormAttributes {
  readonly eps: number;
  /** Weight of the batch in the running statistics; `null` for their mean over all batches. */
  readonly momentum: number | null;
}

/**
 * Normalizes each channel by the batch's statistics. Inputs: x [N, C, …], weight [C] or null, bias [C] or null; the running mean [C], the
 * running variance [C] and the number of batches [], or null. Outputs: y, and the three running values after this batch.
 */
export const batchNorm: Op<BatchNormAttributes> = {
  name: "batch_norm",
  infer([x]) {
    const channels = [x!.shape[1]!];
    return {
      outputs: [{ shape: x!.shape }, { shape: channels }, { shape: channels }, { shape: [] }],
      saved: [channels, channels],
    };
  },
  forward({ inputs, outputs, saved: [mean, variance] }, { eps, momentum }, plan) {
    const [x, weight, bias, runningMean, runningVariance, tracked] = inputs;
    const [y, newMean, newVariance, newTracked] = outputs;
    const cut = setsOf(x!.shape, eps);
    const statistics = { mean: mean!, variance: variance! };
    const dispatches: Dispatch[] = [statisticsOf(cut, x!, statistics, plan)];
    if (y) dispatches.push(normalized(cut, x!, statistics, [weight ?? null, bias ?? null], y, plan));
    if (newMean && newVariance && newTracked) {
      dispatches.push(
        dispatch({
          kernel: batchNormRunning,
          params: {
            size: cut.sets,
            count: cut.outer * cut.setSize,
            cumulative: flag(momentum === null),
            momentum: momentum ?? 0,
          },
          bindings: {
            ...statistics,
            runningMean: runningMean!,
            runningVariance: runningVariance!,
            tracked: tracked!,
            newMean,
            newVariance,
            newTracked,
          },
          grid: linearGrid(cut.sets, plan),
          flops: 8 * cut.sets,
          bytes: 24 * cut.sets,
        }),
      );
    }
    return dispatches;
  },
  backward({ inputs: [x, weight], saved: [mean, variance], gradOutputs, gradInputs }, { eps }, plan) {
    const [gradX, gradWeight, gradBias] = gradInputs;
    return normalizedBackward(
      setsOf(x!.shape, eps),
      { mean: mean!, variance: variance! },
      {
        x: x!,
        weight: weight ?? null,
        gradY: gradOutputs[0]!,
        gradX: gradX ?? null,
        gradWeight: gradWeight ?? null,
        gradBias: gradBias ?? null,
        constants: false,
      },
      plan,
    );
  },
};

/** Normalizes each channel by given statistics. Inputs: x [N, C, …], weight [C] or null, bias [C] or null, mean [C], variance [C]: constants. */
export const batchNormGiven: Op<{ readonly eps: number }> = {
  name: "batch_norm_given",
  infer: ([x]) => ({ outputs: [{ shape: x!.shape }] }),
  forward({ inputs: [x, weight, bias, mean, variance], outputs: [y] }, { eps }, plan) {
    const statistics = { mean: mean!, variance: variance! };
    return [normalized(setsOf(x!.shape, eps), x!, statistics, [weight ?? null, bias ?? null], y!, plan)];
  },
  backward({ inputs: [x, weight, , mean, variance], gradOutputs, gradInputs }, { eps }, plan) {
    const [gradX, gradWeight, gradBias] = gradInputs;
    return normalizedBackward(
      setsOf(x!.shape, eps),
      { mean: mean!, variance: variance! },
      {
        x: x!,
        weight: weight ?? null,
        gradY: gradOutputs[0]!,
        gradX: gradX ?? null,
        gradWeight: gradWeight ?? null,
        gradBias: gradBias ?? null,
        constants: true,
      },
      plan,
    );
  },
};
