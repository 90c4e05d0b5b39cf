import { bucket, TRIAL_MICROS } from "../choice.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import {
  History,
  type Pass,
  type Recurrence,
  type RecurrenceGradients,
  type RecurrentPart,
  type RecurrentVersion,
} from "./recurrence.ts";

/** Versions are timed by some of the steps, as their time is linear in T: at least so many. */
const LEAST_STEPS = 2;

/** The recurrence with fewer steps, over operands of its own; weights are only read and may be the same. */
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

/**
 * The fastest of the versions, forward and backward each by itself; see {@link Choices}.
 * @param versions The first takes the place of a pinned one that cannot be had.
 */
export function fastestVersion<Name extends "cell" | "step" | "sequence4">(
  kind: string,
  versions: Readonly<Record<Name, RecurrentVersion>>,
): RecurrentPart {
  const choose = (
    pass: Pass,
    recurrence: Recurrence,
    plan: PlanContext,
    tried: (version: RecurrentVersion, trial: Recurrence) => Dispatch[],
  ) => {
    const { N, I, H } = recurrence.sizes;
    const micros: Partial<Record<Name, number>> = {};
    for (const name of Object.keys(versions) as Name[]) {
      const time = versions[name].stepMicros(recurrence, pass, plan);
      if (time !== null) micros[name] = time;
    }
    const what = `${kind} ${pass}, I ${I}, H ${H}, N ≤ ${bucket(N)}`;
    const pin = plan.pins.recurrent as Name | undefined;
    const best = Math.min(...(Object.values(micros) as number[]));
    const trial = (name: Name) => tried(versions[name], trialOf(recurrence, best, plan));
    return versions[plan.choices.choose(what, pin, micros, trial)];
  };
  return {
    forward: (recurrence, plan) =>
      choose("forward", recurrence, plan, (version, trial) => version.forward(trial, plan)).forward(
        recurrence,
        plan,
      ),
    backward: (recurrence, gradients, plan) =>
      choose("backward", recurrence, plan, (version, trial) =>
        version.backward(trial, trialGradients(trial, gradients, plan), plan),
      ).backward(recurrence, gradients, plan),
  };
}
