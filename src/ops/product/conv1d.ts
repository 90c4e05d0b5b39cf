import type { Dispatch, Op, Operand } from "../op.ts";
import { sumDims } from "../tensor/sum.ts";
import { type Convolution, toLong, toShort, type Window, weightGradient } from "./conv1d-products.ts";
import { versionNeeds } from "./conv1d-versions.ts";
import { sliceTexts } from "./texts.ts";

export interface Conv1dAttributes extends Window {
  readonly groups: number;
  readonly outLength: number;
}

/** A convolution whose long side is x [N, C, L]; the weight is [C', C / groups, K]. */
function convOf(x: Operand, weight: Operand, attributes: Conv1dAttributes): Convolution {
  const [batch, channels, length] = x.shape as [number, number, number];
  const [outChannels, , taps] = weight.shape as [number, number, number];
  return { ...attributes, batch, taps, long: [channels, length], short: [outChannels, attributes.outLength] };
}

/** A convolution whose short side is x [N, C, L]; the weight is [C, C' / groups, K]. */
function transposedOf(x: Operand, weight: Operand, attributes: Conv1dAttributes): Convolution {
  const [batch, channels, length] = x.shape as [number, number, number];
  const [, perGroup, taps] = weight.shape as [number, number, number];
  const { groups, outLength } = attributes;
  return { ...attributes, batch, taps, long: [groups * perGroup, outLength], short: [channels, length] };
}

const needs: Op["needs"] = (pass, _, plan) => [
  ...versionNeeds(plan),
  ...(pass === "backward" ? [sliceTexts] : []),
];

/** Convolution over the last dimension. Inputs: x [N, C, L], weight [C', C / groups, K], bias [C'] or null. */
export const conv1d: Op<Conv1dAttributes> = {
  name: "conv1d",
  needs,
  infer: ([x, weight], { outLength }) => ({
    outputs: [{ shape: [x!.shape[0]!, weight!.shape[0]!, outLength] }],
  }),
  forward({ inputs: [x, weight, bias], outputs: [y] }, attributes, plan) {
    const conv = convOf(x!, weight!, attributes);
    return toShort(conv, { weight: weight!, from: x!, to: y!, bias: bias ?? null }, plan);
  },
  backward({ inputs: [x, weight], gradOutputs: [gradY], gradInputs }, attributes, plan) {
    const [gradX, gradWeight, gradBias] = gradInputs;
    const conv = convOf(x!, weight!, attributes);
    const dispatches: Dispatch[] = [];
    if (gradX)
      dispatches.push(...toLong(conv, { weight: weight!, from: gradY!, to: gradX, bias: null }, plan));
    if (gradWeight || gradBias) {
      const operands = { onLong: x!, onShort: gradY! };
      dispatches.push(...weightGradient(conv, operands, gradWeight ?? null, gradBias ?? null, plan));
    }
    return dispatches;
  },
};

/** A convolution's gradient as a layer. Inputs: x [N, C, L], weight [C, C' / groups, K], bias [C'] or null. */
export const convTranspose1d: Op<Conv1dAttributes> = {
  name: "conv_transpose1d",
  needs,
  infer: ([x, weight], { groups, outLength }) => ({
    outputs: [{ shape: [x!.shape[0]!, groups * weight!.shape[1]!, outLength] }],
  }),
  forward({ inputs: [x, weight, bias], outputs: [y] }, attributes, plan) {
    const conv = transposedOf(x!, weight!, attributes);
    return toLong(conv, { weight: weight!, from: x!, to: y!, bias: bias ?? null }, plan);
  },
  backward({ inputs: [x, weight], gradOutputs: [gradY], gradInputs }, attributes, plan) {
    const [gradX, gradWeight, gradBias] = gradInputs;
    const conv = transposedOf(x!, weight!, attributes);
    const dispatches: Dispatch[] = [];
    if (gradX)
      dispatches.push(...toShort(conv, { weight: weight!, from: gradY!, to: gradX, bias: null }, plan));
    if (gradWeight) {
      const operands = { onLong: gradY!, onShort: x! };
      dispatches.push(...weightGradient(conv, operands, gradWeight, null, plan));
    }
    if (gradBias) dispatches.push(...sumDims(gradY!.shape, [0, 2], gradY!, gradBias, plan));
    return dispatches;
  },
};
