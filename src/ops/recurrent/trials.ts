/** Parts of a pass, over operands of their own, to compare and time versions by. Loads on demand, and imports types alone. */
import type { Comparison, Dispatch, Operand, PlanContext } from "../op.ts";
import type { Cell, VersionName } from "./cell.ts";
import type { History } from "./history.ts";
import type { Pass, Recurrence } from "./recurrence.ts";
import type { StepPass } from "./version.ts";

/** Trials have at least this many steps; more would tell nothing new, as a version's time is linear in T. */
const LEAST_STEPS = 2;

/** Steps of a comparison: a first one, a last one, and two that are neither; fewer where their gates are more values. */
const COMPARED_STEPS = 4;
const COMPARED_VALUES = 2 ** 20;

/** The recurrence with fewer steps and operands of its own, except for the weights, which are only read. */
export function trialOf(
  recurrence: Recurrence,
  steps: number,
  plan: PlanContext,
  HistoryOf: typeof History,
): Recurrence {
  const { sizes, reverse, gates, cells } = recurrence;
  const { N, H, R } = sizes;
  const T = Math.min(sizes.T, Math.max(LEAST_STEPS, Math.ceil(steps)));
  const hiddenAt = new HistoryOf(T, N * R, reverse, recurrence.hiddenAt.isRing);
  const cellsAt = new HistoryOf(T, N * H, reverse, recurrence.cellsAt.isRing);
  return {
    ...recurrence,
    sizes: { ...sizes, T },
    span: { first: 0, count: T },
    gates: plan.temporary([T, ...gates.shape.slice(1)]),
    hidden: plan.temporary([hiddenAt.elements]),
    cells: cells && plan.temporary([cellsAt.elements]),
    lengths: null,
    hiddenAt,
    cellsAt,
  };
}

/** A few steps to compare versions by, over operands of their own. */
function comparedOf({ recurrence, plan, History }: Compared): Recurrence {
  const { sizes, bias, lengths } = recurrence;
  const { N, H, R, slots } = sizes;
  const steps = Math.min(COMPARED_STEPS, COMPARED_VALUES / (N * H * slots));
  return {
    ...trialOf(recurrence, steps, plan, History),
    weight: plan.temporary([R, H, slots]),
    bias: bias && plan.temporary([H, slots]),
    lengths: lengths && plan.temporary(lengths.shape),
  };
}

/** What versions of a pass are compared on, and what they must agree in. */
function operandsOf(
  cell: Cell,
  pass: Pass,
  { operands, keepsHidden, recurrence }: StepPass,
): Omit<Comparison, "dispatches"> {
  const { gates, hidden, cells, hiddenCarry, cellCarry } = operands;
  const { weight, bias, reached } = recurrence;
  const ofForward: [Operand | null, number][] = [
    [bias, reached.hidden],
    [recurrence.gates, reached.input],
  ];
  const results =
    pass === "forward"
      ? [hidden, cells, cell.kernels.gates && gates]
      : [gates, cellCarry, keepsHidden ? hiddenCarry : null];
  return {
    weight,
    slots: new Map([[weight, reached.hidden], ...(pass === "forward" ? ofForward : [])]),
    results: results.filter((operand) => !!operand),
  };
}

/** A pass whose versions are compared, and functions of the main file. */
interface Compared {
  readonly cell: Cell;
  readonly pass: Pass;
  readonly recurrence: Recurrence;
  readonly plan: PlanContext;
  readonly History: typeof History;
  passOf(recurrence: Recurrence, isTrial: boolean): StepPass;
  run(version: VersionName, pass: StepPass): Dispatch[];
}

/** The same few steps by every version. */
export function comparisonOf(compared: Compared, versions: readonly VersionName[]): Comparison {
  const { cell, pass } = compared;
  const steps = compared.passOf(comparedOf(compared), true);
  return {
    dispatches: Object.fromEntries(versions.map((version) => [version, compared.run(version, steps)])),
    ...operandsOf(cell, pass, steps),
  };
}
