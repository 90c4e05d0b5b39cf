import { bucket, TRIAL_MICROS } from "../choice.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import type { Cell, VersionKernels, VersionName } from "./cell.ts";
import { History } from "./history.ts";
import type { Pass, Recurrence } from "./recurrence.ts";
import { offeredTexts, sequence } from "./sequence-chunk.ts";
import type { StepPass, Version } from "./version.ts";

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
 * The dispatches of a pass by the fastest of a cell's versions; see {@link Choices}.
 * @param own Versions in order: the first that the cell has replaces a pinned version that cannot run.
 * @param passOf The steps of the recurrence, or of a trial.
 */
export function fastestSteps(
  cell: Cell,
  pass: Pass,
  own: Readonly<Partial<Record<VersionName, Version>>>,
  recurrence: Recurrence,
  passOf: (recurrence: Recurrence, isTrial: boolean) => StepPass,
  plan: PlanContext,
): Dispatch[] {
  const { N, I, H } = recurrence.sizes;
  const texts = offeredTexts(cell, plan);
  const offer = texts && sequence.module(cell.name, pass, texts);
  const versions = { ...own, ...offer?.versions };
  const kernels: VersionKernels = { ...cell.kernels[pass], ...offer?.kernels };
  const micros: Partial<Record<VersionName, number>> = {};
  for (const [name, version] of Object.entries(versions) as [VersionName, Version][]) {
    const time = kernels[name] ? version.stepMicros(recurrence, plan) : null;
    if (time !== null) micros[name] = time;
  }
  const best = Math.min(...Object.values(micros));
  const trialPass = () => passOf(trialOf(recurrence, best, plan), true);
  const run = (name: VersionName, steps: StepPass) =>
    versions[name]!.dispatches(kernels[name]!, steps, plan, trialPass);
  const what = `${cell.name} ${pass}, I ${I}, H ${H}, N ≤ ${bucket(N)}`;
  const chosen = plan.choices.choose(what, plan.pins.recurrent, micros, (name) => run(name, trialPass()));
  return run(chosen, passOf(recurrence, false));
}
