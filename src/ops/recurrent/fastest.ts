import type { Kernel } from "../../gpu/kernel.ts";
import { bucket, TRIAL_MICROS } from "../choice.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import type { Cell, VersionKernels, VersionName } from "./cell.ts";
import { History } from "./history.ts";
import type { ForwardVersion, Pass, Recurrence } from "./recurrence.ts";

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

/**
 * The fastest of a cell's versions for one pass, and its kernel; see {@link Choices}.
 * @param versions In order: the first that the cell has replaces a pinned version that cannot run.
 */
export function fastest<Version extends Pick<ForwardVersion, "stepMicros">>(
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
