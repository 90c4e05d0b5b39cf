import { roundUp } from "../shape.ts";
import { copyRun, fill } from "./copy.ts";
import { gemm, SUBGROUP_LANES, weightGradient } from "./gemm.ts";
import { cellVersion } from "./lstm-cell.ts";
import { stepVersion, subgroupVersion } from "./lstm-step.ts";
import type { Dispatch, Op, Operand, PlanContext } from "./op.ts";
import type { LstmSizes, Recurrence, RecurrentVersion } from "./recurrence.ts";

/** The fused step is ahead of the plain cell everywhere; where subgroups fit, they share its loads. */
function chooseVersion({ facts, pins }: PlanContext): RecurrentVersion {
  if (pins.lstm === "cell") return cellVersion;
  const wantsSubgroup = pins.lstm === undefined || pins.lstm === "subgroup";
  return wantsSubgroup && facts.subgroupSize === SUBGROUP_LANES ? subgroupVersion : stepVersion;
}

function sizesOf(x: Operand, attributes: LstmAttributes): LstmSizes {
  const [T, N, I] = x.shape as [number, number, number];
  return { T, N, I, H: attributes.hiddenSize };
}

/** Elements before step 0's block. */
function lead({ N, H }: LstmSizes): number {
  return roundUp(N * H, 64);
}

export interface LstmAttributes {
  readonly hiddenSize: number;
}

/**
 * One LSTM layer over a whole sequence: one product for the input of all steps, then the recurrent part.
 *
 * Inputs: x [T, N, I]; weight_ih, weight_hh, bias_ih, bias_hh in the kernels' layout (see nn/gate-layout), biases or null;
 * h0 and c0 [N, H], both or neither. Outputs: h of every step [T, N, H], h_N and c_N [N, H].
 */
export const lstm: Op<LstmAttributes> = {
  name: "lstm",
  ownSlice: ([x]) => x!.shape[0]! - 1,
  infer([x], attributes) {
    const sizes = sizesOf(x!, attributes);
    const { T, N, H } = sizes;
    const history = [lead(sizes) + T * N * H];
    return {
      outputs: [
        { shape: [T, N, H], view: { saved: 0, offset: lead(sizes) } },
        { shape: [N, H] },
        { shape: [N, H] },
      ],
      saved: [history, history, [T, N, H, 4]],
    };
  },

  forward({ inputs, outputs: [, lastHidden, lastCell], saved }, attributes, plan) {
    const [x, weightIh, , biasIh, , h0, c0] = inputs;
    const recurrence = recurrenceOf(inputs, saved, attributes);
    const { sizes, gates, hidden, cells, at } = recurrence;
    const { T, N, I, H } = sizes;
    const dispatches = [
      gemm(
        {
          rows: T * N,
          columns: 4 * H,
          depth: I,
          a: { operand: x!, strides: [I, 1] },
          b: { operand: weightIh!, strides: [4 * H, 1] },
          c: { operand: gates, strides: [4 * H, 1] },
          bias: biasIh ?? null,
        },
        plan,
      ),
    ];
    if (h0 && c0) {
      dispatches.push(copyRun(N * H, { operand: h0 }, { operand: hidden, offset: at(-1) }, plan));
      dispatches.push(copyRun(N * H, { operand: c0 }, { operand: cells, offset: at(-1) }, plan));
    }
    dispatches.push(...chooseVersion(plan).forward(recurrence, plan));
    const last = at(T - 1);
    if (lastHidden) {
      dispatches.push(copyRun(N * H, { operand: hidden, offset: last }, { operand: lastHidden }, plan));
    }
    if (lastCell) {
      dispatches.push(copyRun(N * H, { operand: cells, offset: last }, { operand: lastCell }, plan));
    }
    return dispatches;
  },

  backward({ inputs, saved, gradOutputs, gradInputs }, attributes, plan) {
    const [x, weightIh, weightHh] = inputs;
    const [gradOutput, gradHidden, gradCell] = gradOutputs;
    const [gradX, gradWeightIh, gradWeightHh, gradBiasIh, gradBiasHh, gradH0, gradC0] = gradInputs;
    const recurrence = recurrenceOf(inputs, saved, attributes);
    const { sizes, gates, hidden, hasInitialState, at } = recurrence;
    const { T, N, I, H } = sizes;
    const dispatches: Dispatch[] = [];

    const carry = gradC0 ?? plan.temporary([N, H]);
    if (gradCell) dispatches.push(copyRun(N * H, { operand: gradCell }, { operand: carry }, plan));
    const gradients = { output: gradOutput ?? null, hidden: gradHidden ?? null, hasCell: !!gradCell, carry };
    dispatches.push(...chooseVersion(plan).backward(recurrence, gradients, plan));
    // From here on `gates` holds dG, the gradients of the preactivations.

    if (gradWeightIh || gradBiasIh || gradBiasHh) {
      dispatches.push(
        ...weightGradient(
          {
            depth: T * N,
            x: { operand: x!, columns: I },
            gradY: { operand: gates, columns: 4 * H },
            weight: { operand: gradWeightIh ?? plan.temporary([I, 4 * H]), strides: [4 * H, 1] },
            biases: [gradBiasIh, gradBiasHh].filter((bias) => !!bias),
          },
          plan,
        ),
      );
    }
    if (gradWeightHh) {
      // Step t's gates meet the hidden state of step t - 1; a zero initial state contributes nothing.
      const first = hasInitialState ? 0 : 1;
      if (first < T) {
        dispatches.push(
          ...weightGradient(
            {
              depth: (T - first) * N,
              x: { operand: hidden, offset: at(first - 1), columns: H },
              gradY: { operand: gates, offset: first * N * 4 * H, columns: 4 * H },
              weight: { operand: gradWeightHh, strides: [4 * H, 1] },
              biases: [],
            },
            plan,
          ),
        );
      } else {
        dispatches.push(fill(gradWeightHh, 0, plan));
      }
    }
    /** dG·W'ᵀ over `rows` rows from the first step on. */
    const throughWeight = (weight: Operand, rows: number, columns: number, target: Operand) =>
      gemm(
        {
          rows,
          columns,
          depth: 4 * H,
          a: { operand: gates, strides: [4 * H, 1] },
          b: { operand: weight, strides: [1, 4 * H] },
          c: { operand: target, strides: [columns, 1] },
        },
        plan,
      );
    if (gradX) dispatches.push(throughWeight(weightIh!, T * N, I, gradX));
    if (gradH0) dispatches.push(throughWeight(weightHh!, N, H, gradH0));
    return dispatches;
  },
};

function recurrenceOf(
  inputs: readonly (Operand | null)[],
  saved: readonly Operand[],
  attributes: LstmAttributes,
): Recurrence {
  const [x, , weight, , bias, h0] = inputs;
  const [hidden, cells, gates] = saved;
  const sizes = sizesOf(x!, attributes);
  const block = sizes.N * sizes.H;
  return {
    sizes,
    gates: gates!,
    weight: weight!,
    bias: bias ?? null,
    hidden: hidden!,
    cells: cells!,
    hasInitialState: !!h0,
    at: (t) => lead(sizes) + t * block,
  };
}
