import type { BackwardOperands, Dispatch, Operand, PlanContext } from "../op.ts";
import { gemm } from "../product/gemm.ts";
import { WeightGradient, type WeightTarget, weightGradient } from "../product/weight-gradient.ts";
import { copyRun, fill } from "../tensor/copy.ts";
import { type CellKind, named, type RecurrentAttributes } from "./cell.ts";
import type { Recurrence, RecurrenceGradients, Span } from "./recurrence.ts";
import { carryGradient, gradientOf, recomputeGates, recurrentRows, spansOf } from "./spans.ts";

/** Where the gradients of a layer's weights go; `null` for one that nobody wants. */
function targetsOf(
  kind: CellKind,
  { sizes }: Recurrence,
  gradInputs: BackwardOperands["gradInputs"],
  plan: PlanContext,
) {
  const [, gradWeightIh, gradWeightHh, gradBiasIh, gradBiasHh] = gradInputs;
  const { I, H, R } = sizes;
  const outputs = kind.slots * H;
  const biases = [
    ...(gradBiasIh ? [{ operand: gradBiasIh, slots: kind.inputSlots }] : []),
    ...(gradBiasHh ? [{ operand: gradBiasHh, slots: kind.hiddenSlots }] : []),
  ];
  const strides = [outputs, 1] as const;
  const input: WeightTarget | null =
    gradWeightIh || biases.length > 0
      ? {
          weight: { operand: gradWeightIh ?? plan.temporary([I, outputs]), strides },
          inputs: I,
          outputs,
          slots: kind.inputSlots,
          biases,
        }
      : null;
  const hidden: WeightTarget | null = gradWeightHh
    ? { weight: { operand: gradWeightHh, strides }, inputs: R, outputs, slots: kind.hiddenSlots, biases: [] }
    : null;
  return { input, hidden };
}

/** The backward pass of a layer: the recurrent part from the end, and one product for each weight over all steps of a span. */
export function backwardOf(
  kind: CellKind,
  kept: Recurrence,
  { inputs, saved, gradOutputs, gradInputs }: BackwardOperands,
  { recompute = false }: RecurrentAttributes,
  plan: PlanContext,
): Dispatch[] {
  const { x, weightIh, weightHh, lengths, weightHr } = named(inputs);
  const [gradOutput, gradHidden, gradCell] = gradOutputs;
  const [gradX, , , , , gradH0, gradC0, , gradWeightHr] = gradInputs;
  const { sizes, reverse, hidden, cells } = kept;
  const { T, N, I, H, R } = sizes;
  const columns = kind.slots * H;
  const dispatches: Dispatch[] = [];

  const keepsHidden = kind.passesHidden || !!lengths;
  const gradients: RecurrenceGradients = {
    output: gradOutput ?? null,
    hiddenCarry: keepsHidden && gradH0 ? gradH0 : plan.temporary([N, R]),
    hasHidden: !!gradHidden,
    keepsHidden,
    cellCarry: cells && (gradC0 ?? plan.temporary([N, H])),
    hasCell: !!gradCell,
    projected: weightHr ? plan.temporary([T, N, R]) : null,
  };
  const { hiddenCarry, cellCarry } = gradients;
  if (gradHidden) dispatches.push(copyRun(N * R, { operand: gradHidden }, { operand: hiddenCarry! }, plan));
  if (gradCell) dispatches.push(copyRun(N * H, { operand: gradCell }, { operand: cellCarry! }, plan));

  /** dG·W'ᵀ over `rows` rows, added to what `target` holds if that is asked for. */
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
  const targets = targetsOf(kind, kept, gradInputs, plan);
  const whole = spans.length === 1;
  const sumOf = (target: WeightTarget | null) =>
    target && !whole ? new WeightGradient(target, longest * N, plan) : null;
  const sums = { input: sumOf(targets.input), hidden: sumOf(targets.hidden) };
  const gates = recompute ? plan.temporary([longest + 1, N, H, kind.slots]) : kept.gates;
  const carried = spans.length > 1 ? plan.temporary([N, H, kind.slots]) : null;
  let restore: ((span: Span) => Dispatch) | null = null;
  for (const span of spans) {
    const { first, count } = span;
    const recurrence = { ...kept, span, gates };
    if (recompute) dispatches.push(...recomputeGates(kind, recurrence, inputs, plan));
    if (restore) dispatches.push(restore(span));
    // A projected state's gradient is found by its place in the whole.
    const [output, copied] =
      gradOutput && !weightHr ? gradientOf(gradOutput, recurrence, plan) : [gradients.output, []];
    dispatches.push(...copied, ...kind.part.backward(recurrence, { ...gradients, output }, plan));
    // From here on `gates` holds dG, the gradients of the preactivations.

    const gradY = { operand: gates };
    if (targets.input) {
      const rows = { depth: count * N, x: { operand: x, offset: first * N * I }, gradY };
      dispatches.push(...(sums.input ? [sums.input.add(rows)] : weightGradient(targets.input, rows, plan)));
    }
    if (targets.hidden) {
      // A step's gates meet the hidden state of the step before; a zero initial state contributes nothing.
      const { steps, gate, hidden: before } = recurrentRows(recurrence, kind.slots);
      const rows = {
        depth: steps * N,
        x: { operand: hidden, offset: before },
        gradY: { ...gradY, offset: gate },
      };
      if (sums.hidden && steps > 0) dispatches.push(sums.hidden.add(rows));
      if (whole && steps > 0) dispatches.push(...weightGradient(targets.hidden, rows, plan));
      if (whole && steps === 0) dispatches.push(fill(targets.hidden.weight.operand, 0, plan));
    }
    if (gradX) {
      const target = { operand: gradX, offset: first * N * I };
      dispatches.push(throughWeight(weightIh, { ...gradY, offset: 0 }, count * N, target));
    }
    if (carried) {
      const { keep, restoreIn } = carryGradient(kind, recurrence, carried, plan);
      dispatches.push(keep);
      restore = restoreIn;
    }
  }
  for (const sum of [sums.input, sums.hidden]) if (sum) dispatches.push(sum.finish());
  if (gradWeightHr) {
    const target = {
      weight: { operand: gradWeightHr, strides: [1, H] },
      inputs: H,
      outputs: R,
      biases: [],
    } as const;
    const full = { operand: saved[3]!, offset: kept.cellsAt.at(0) };
    dispatches.push(
      ...weightGradient(target, { depth: T * N, x: full, gradY: { operand: gradients.projected! } }, plan),
    );
  }
  if (gradH0) {
    const block = reverse ? spans.at(-1)!.count - 1 : 0;
    const gate = { operand: gates, offset: block * N * columns };
    dispatches.push(throughWeight(weightHh, gate, N, { operand: gradH0 }, keepsHidden));
  }
  return dispatches;
}
