/** Runs the recurrent part with the fastest of a cell's versions, which is chosen for each pass; see {@link Choices}. */
import type { Kernel } from "../../gpu/kernel.ts";
import { bucket, TRIAL_MICROS } from "../choice.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import type { Cell, VersionKernels, VersionName } from "./cell.ts";
import { cellBackward, cellForward } from "./cell-version.ts";
import { History } from "./history.ts";
import type { BackwardVersion, ForwardVersion, Pass, Recurrence, RecurrenceGradients } from "./recurrence.ts";
import { sequence4Backward, sequence4Forward } from "./sequence4-version.ts";
import { stepBackward, stepForward } from "./step-version.ts";

/** The first that a cell has replaces a pinned version that cannot run. */
const FORWARD: Readonly<Record<VersionName, ForwardVersion>> = {
  step: stepForward,
  cell: cellForward,
  sequence4: sequence4Forward,
};
const BACKWARD: Readonly<Record<VersionName, BackwardVersion>> = {
  step: stepBackward,
  cell: cellBackward,
  sequence4: sequence4Backward,
};

/** Trials have at least this many steps; more would tell nothing new, as a version's time is linear in T. */
const LEAST_STEPS = 2;

/** The recurrence with fewer steps and operands of its own, except for the weights, which are only read. */
function trialOf(recurrence: Recurrence, stepMicros: number, plan: PlanContext): Recurrence {
  const { sizes, reverse, gates, cells } = recurrence;
  const { N, H, R } = sizes;
  const T = Math.min(sizes.T, Math.max(LEAST_STEPS, Math.ceil(TRIAL_MICROS / stepMicros)));
  const hiddenAt = new History(T, N * R, reverse);
  const cellsAt = new History(T, N * H, reverse);
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

/** The gradients of such a recurrence. */
function trialGradients(
  { sizes: { T, N, H, R } }: Recurrence,
  gradients: RecurrenceGradients,
  plan: PlanContext,
): RecurrenceGradients {
  return {
    ...gradients,
    output: gradients.output && plan.temporary([T, N, R]),
    hiddenCarry: gradients.hiddenCarry && plan.temporary([N, R]),
    cellCarry: gradients.cellCarry && plan.temporary([N, H]),
  };
}

/** The version to use, and its kernel. */
function fastest<Version extends Pick<ForwardVersion, "stepMicros">>(
  { name: cell }: Cell,
  pass: Pass,
  versions: Readonly<Record<VersionName, Version>>,
  kernels: VersionKernels,
  recurrence: Recurrence,
  plan: PlanContext,
  run: (version: Version, kernel: Kernel, trial: Recurrence) => Dispatch[],
): [Version, Kernel] {
  const { N, I, H } = recurrence.sizes;
  const micros: Partial<Record<VersionName, number>> = {};
  for (const name of Object.keys(versions) as VersionName[]) {
    const time = kernels[name] ? versions[name].stepMicros(recurrence, plan) : null;
    if (time !== null) micros[name] = time;
  }
  const best = Math.min(...Object.values(micros));
  const trial = (name: VersionName) => run(versions[name], kernels[name]!, trialOf(recurrence, best, plan));
  const what = `${cell} ${pass}, I ${I}, H ${H}, N ≤ ${bucket(N)}`;
  const name = plan.choices.choose(what, plan.pins.recurrent, micros, trial);
  return [versions[name], kernels[name]!];
}

/** The forward steps of a span. */
export function forwardSteps(cell: Cell, recurrence: Recurrence, plan: PlanContext): Dispatch[] {
  const kernels = cell.kernels.forward;
  if (recurrence.projection) return cell.projected!.forward(kernels.cell, recurrence, plan);
  const [version, kernel] = fastest(
    cell,
    "forward",
    FORWARD,
    kernels,
    recurrence,
    plan,
    (version, kernel, trial) => version.dispatches(kernel, trial, plan),
  );
  return version.dispatches(kernel, recurrence, plan);
}

/** The backward steps of a span; `gates` then holds dG, the gradients of the preactivations. */
export function backwardSteps(
  cell: Cell,
  recurrence: Recurrence,
  gradients: RecurrenceGradients,
  plan: PlanContext,
): Dispatch[] {
  const kernels = cell.kernels.backward;
  if (recurrence.projection) return cell.projected!.backward(kernels.cell, recurrence, gradients, plan);
  const [version, kernel] = fastest(
    cell,
    "backward",
    BACKWARD,
    kernels,
    recurrence,
    plan,
    (version, kernel, trial) =>
      version.dispatches(kernel, trial, trialGradients(trial, gradients, plan), plan),
  );
  return version.dispatches(kernel, recurrence, gradients, plan);
}
