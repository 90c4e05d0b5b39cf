import type { BackwardOperands, Dispatch, Operand, PlanContext } from "../op.ts";
import { gemm } from "../product/gemm.ts";
import { WeightGradient, type WeightTarget, weightGradient } from "../product/weight-gradient.ts";
import { copyRun } from "../tensor/copy.ts";
import { backwardSteps } from "./backward-steps.ts";
import type { Cell, RecurrentAttributes } from "./cell.ts";
import { recurrenceOf } from "./layer-recurrence.ts";
import { gradInputsByName, inputsByName, outputsByName, type RecurrentGradInputs } from "./operands.ts";
import { carryGradient, recomputeGates, spanGradient } from "./recompute.ts";
import type { Recurrence, RecurrenceGradients, Span } from "./recurrence.ts";
import { spansOf, statesBefore } from "./steps.ts";

/** Where the gradients of a layer's weights go; `null` for one that nobody wants. */
function targetsOf(
  { sizes, reached }: Recurrence,
  gradients: RecurrentGradInputs<Operand>,
  plan: PlanContext,
) {
  const { weightIh, weightHh, biasIh, biasHh } = gradients;
  const { I, H, R, slots } = sizes;
  const outputs = slots * H;
  const biases = [
    ...(biasIh ? [{ operand: biasIh, slots: reached.input }] : []),
    ...(biasHh ? [{ operand: biasHh, slots: reached.hidden }] : []),
  ];
  const strides = [outputs, 1] as const;
  const input: WeightTarget | null =
    weightIh || biases.length > 0
      ? {
          weight: { operand: weightIh ?? plan.temporary([I, outputs]), strides },
          inputs: I,
          outputs,
          slots: reached.input,
          biases,
        }
      : null;
  const hidden: WeightTarget | null = weightHh
    ? { weight: { operand: weightHh, strides }, inputs: R, outputs, slots: reached.hidden, biases: [] }
    : null;
  return { input, hidden };
}

/** The backward pass of a layer: the recurrent part from the end, and one product for each weight over all steps of a span. */
export function layerBackward(
  cell: Cell,
  { inputs: operands, saved, gradOutputs, gradInputs }: BackwardOperands,
  attributes: RecurrentAttributes,
  plan: PlanContext,
): Dispatch[] {
  const inputs = inputsByName(operands);
  const kept = recurrenceOf(cell, inputs, saved, attributes);
  const { recompute = false } = attributes;
  const { x, weightIh, weightHh, lengths, weightHr } = inputs;
  const gradOutput = outputsByName(gradOutputs);
  const gradInput = gradInputsByName(gradInputs);
  const { sizes, reverse, hidden, cells } = kept;
  const { T, N, I, H, R, slots } = sizes;
  const columns = slots * H;
  const dispatches: Dispatch[] = [];

  const keepsHidden = cell.passesHidden || !!lengths;
  const gradients: RecurrenceGradients = {
    output: gradOutput.output,
    hiddenCarry: keepsHidden && gradInput.h0 ? gradInput.h0 : plan.temporary([N, R]),
    hasHidden: !!gradOutput.h,
    keepsHidden,
    cellCarry: cells && (gradInput.c0 ?? plan.temporary([N, H])),
    hasCell: !!gradOutput.c,
    projected: weightHr ? plan.temporary([T, N, R]) : null,
  };
  const { hiddenCarry, cellCarry } = gradients;
  const copy = (size: number, from: Operand | null, to: Operand | null) => {
    if (from) dispatches.push(copyRun(size, { operand: from }, { operand: to! }, plan));
  };
  copy(N * R, gradOutput.h, hiddenCarry);
  copy(N * H, gradOutput.c, cellCarry);

  /** target = dG·W'ᵀ over `rows` rows, or with `accumulate` target += dG·W'ᵀ. */
  const throughWeight = (
    weight: Operand,
    gates: { readonly operand: Operand; readonly offset: number },
    rows: number,
    target: { readonly operand: Operand; readonly offset?: number },
    accumulate = false,
  ) => {
    const width = target.operand.shape[target.operand.shape.length - 1]!;
    const product = {
      rows,
      columns: width,
      depth: columns,
      a: { ...gates, strides: [columns, 1] },
      b: { operand: weight, strides: [1, columns] },
      c: { ...target, strides: [width, 1] },
      accumulate,
    } as const;
    return gemm(product, plan);
  };

  const spans = spansOf(sizes, reverse, recompute).reverse();
  const longest = Math.max(...spans.map(({ count }) => count));
  const targets = targetsOf(kept, gradInput, plan);
  const whole = spans.length === 1;
  const sumOf = (target: WeightTarget | null) =>
    target && !whole ? new WeightGradient(target, longest * N, plan) : null;
  const sums = { input: sumOf(targets.input), hidden: sumOf(targets.hidden) };
  const gates = recompute ? plan.temporary([longest + 1, N, H, slots]) : kept.gates;
  const carried = spans.length > 1 ? plan.temporary([N, H, slots]) : null;
  let restore: ((span: Span) => Dispatch) | null = null;
  for (const span of spans) {
    const { first, count } = span;
    const recurrence = { ...kept, span, gates };
    if (recompute) dispatches.push(...recomputeGates(cell, recurrence, inputs, plan));
    if (restore) dispatches.push(restore(span));
    // With a projection the kernels read the whole sequence's gradient, at the offset of the step.
    const [output, copied] =
      gradients.output && !weightHr
        ? spanGradient(gradients.output, recurrence, plan)
        : [gradients.output, []];
    dispatches.push(...copied, ...backwardSteps(cell, recurrence, { ...gradients, output }, plan));
    // From here on `gates` holds dG, the gradients of the preactivations.

    const gradY = { operand: gates };
    if (targets.input) {
      const rows = { depth: count * N, x: { operand: x, offset: first * N * I }, gradY };
      dispatches.push(...(sums.input ? [sums.input.add(rows)] : weightGradient(targets.input, rows, plan)));
    }
    if (targets.hidden) {
      // dW_hh is the sum of h[before]·dG[t].
      const rows = { depth: count * N, x: { operand: hidden, offset: statesBefore(recurrence) }, gradY };
      dispatches.push(
        ...(sums.hidden ? [sums.hidden.add(rows)] : weightGradient(targets.hidden, rows, plan)),
      );
    }
    if (gradInput.x) {
      const target = { operand: gradInput.x, offset: first * N * I };
      dispatches.push(throughWeight(weightIh, { ...gradY, offset: 0 }, count * N, target));
    }
    if (carried) {
      const { keep, restoreIn } = carryGradient(recurrence, carried, plan);
      dispatches.push(keep);
      restore = restoreIn;
    }
  }
  for (const sum of [sums.input, sums.hidden]) if (sum) dispatches.push(sum.finish());
  if (gradInput.weightHr) {
    const target = {
      weight: { operand: gradInput.weightHr, strides: [1, H] },
      inputs: H,
      outputs: R,
      biases: [],
    } as const;
    const unprojected = { operand: kept.projection!.unprojected, offset: kept.cellsAt.at(0) };
    const rows = { depth: T * N, x: unprojected, gradY: { operand: gradients.projected! } };
    dispatches.push(...weightGradient(target, rows, plan));
  }
  if (gradInput.h0) {
    const block = reverse ? spans.at(-1)!.count - 1 : 0;
    const gate = { operand: gates, offset: block * N * columns };
    dispatches.push(throughWeight(weightHh, gate, N, { operand: gradInput.h0 }, keepsHidden));
  }
  return dispatches;
}
