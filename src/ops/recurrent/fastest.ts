import { OnDemand } from "../../ondemand.ts";
import { bucket, TRIAL_MICROS } from "../choice.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import type { Cell, VersionKernels, VersionName } from "./cell.ts";
import { History } from "./history.ts";
import { offeredTexts, offers } from "./offers-chunk.ts";
import type { Pass, Recurrence } from "./recurrence.ts";
import type { StepPass, Version } from "./version.ts";

/** Parts of a pass to measure versions by; loaded where they are measured. */
export const trials = /* @__PURE__ */ new OnDemand(() => import("./trials.ts"));

/** What a version is for; on hardware, where timings decide, with all that they depend on. */
function nameOf(
  cell: Cell,
  pass: Pass,
  { sizes: { T, N, I, H }, reverse, lengths, hiddenAt }: Recurrence,
  { facts }: PlanContext,
) {
  const what = `${cell.name} ${pass}, I ${I}, H ${H}, N ≤ ${bucket(N)}`;
  if (facts.software) return what;
  const flags =
    (reverse ? ", reverse" : "") + (lengths ? ", lengths" : "") + (hiddenAt.isRing ? ", no history" : "");
  return `${what}, T ≤ ${bucket(T)}${flags}`;
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
  const texts = offeredTexts(cell, plan);
  const offer = texts && offers.module(cell, pass, texts);
  const versions = { ...own, ...offer?.versions };
  const kernels: VersionKernels = { ...cell.kernels[pass], ...offer?.kernels };
  const micros: Partial<Record<VersionName, number>> = {};
  for (const [name, version] of Object.entries(versions) as [VersionName, Version][]) {
    const time = kernels[name] ? version.stepMicros(recurrence, plan) : null;
    if (time !== null) micros[name] = time;
  }
  const best = Math.min(...Object.values(micros));
  const trialPass = () => {
    const { trialOf } = trials.module;
    return passOf(trialOf(recurrence, TRIAL_MICROS / best, plan, History), true);
  };
  const run = (name: VersionName, steps: StepPass) =>
    versions[name]!.dispatches(kernels[name]!, steps, plan, trialPass);
  const chosen = plan.choices.choose(
    nameOf(cell, pass, recurrence, plan),
    plan.pins.recurrent,
    micros,
    (name) => run(name, trialPass()),
    {
      of: `${cell.name} ${pass}`,
      plain: "cell",
      timed: ["sequence", "split"],
      compare: (names) =>
        trials.module.comparisonOf({ cell, pass, recurrence, plan, History, passOf, run }, names),
    },
  );
  return run(chosen, passOf(recurrence, false));
}
