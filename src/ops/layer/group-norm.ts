import type { Op } from "../op.ts";
import { normalized, normalizedBackward, setsOf, statisticsOf } from "./normalize.ts";

export interface GroupNormAttributes {
  readonly groups: number;
  readonly eps: number;
}

/** Normalizes parts of each item's channels. Inputs: x [N, C, …], weight [C] or null, bias [C] or null. */
export const groupNorm: Op<GroupNormAttributes> = {
  name: "group_norm",
  infer([x], { groups }) {
    const sets = [x!.shape[0]! * groups];
    return { outputs: [{ shape: x!.shape }], saved: [sets, sets] };
  },
  forward({ inputs: [x, weight, bias], outputs: [y], saved: [mean, variance] }, { groups, eps }, plan) {
    const cut = setsOf(x!.shape, eps, groups);
    const statistics = { mean: mean!, variance: variance! };
    const forward = y && normalized(cut, x!, statistics, [weight ?? null, bias ?? null], y, plan);
    return [statisticsOf(cut, x!, statistics, plan), ...(forward ? [forward] : [])];
  },
  backward({ inputs: [x, weight], saved, gradOutputs, gradInputs }, { groups, eps }, plan) {
    const [gradX, gradWeight, gradBias] = gradInputs;
    return normalizedBackward(
      setsOf(x!.shape, eps, groups),
      { mean: saved[0]!, variance: saved[1]! },
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
