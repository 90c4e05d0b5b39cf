/** Says whether a model beats its baselines. */
import type { Judged } from "../../../tasks/series/held-out.ts";
import type { Series } from "../../../tasks/series/series.ts";
import { rounded, stepCount, withUnit } from "../format.ts";

type Spoken = Pick<Series, "unit" | "digits" | "step">;

export interface Verdict {
  /** Whether the model is below every baseline, at every step ahead. */
  readonly good: boolean;
  readonly text: string;
}

/** Of the held-out part; numbers are compared as the table rounds them. */
export function verdictOf(
  series: Spoken,
  when: string,
  model: Judged,
  baselines: readonly Judged[],
): Verdict {
  const best = least(baselines, ({ mae }) => mae);
  const lead = rounded(series, best.mae) - rounded(series, model.mae);
  const by = withUnit(series, Math.abs(lead));
  const all = baselines.length === 2 ? "both" : "all";
  if (lead < 0)
    return { good: false, text: `${when}: not below ${all} baselines; ${by} above ${best.name}.` };
  if (lead === 0) return { good: false, text: `${when}: as far off as ${best.name}.` };
  // A mean over the steps ahead can hide the far ones.
  for (let ahead = model.maes.length - 1; ahead >= 0; ahead--) {
    const rival = least(baselines, ({ maes }) => maes[ahead]!);
    const [own, other] = [model.maes[ahead]!, rival.maes[ahead]!];
    if (rounded(series, own) < rounded(series, other)) continue;
    const behind = `${withUnit(series, own)}, ${rival.name} ${withUnit(series, other)}`;
    return {
      good: false,
      text: `${when}: below ${all} baselines on average, by ${by}, but not on ${series.step} ${ahead + 1} (${behind}).`,
    };
  }
  return { good: true, text: `${when}: below ${all} baselines, by ${by}.` };
}

/** Of one roll-out, from its mean absolute errors. */
export function rollOutVerdict(
  series: Spoken,
  steps: number,
  model: { readonly name: string; readonly mae: number },
  baselines: readonly { readonly name: string; readonly mae: number }[],
): Verdict {
  const best = least(baselines, ({ mae }) => mae);
  const lead = rounded(series, best.mae) - rounded(series, model.mae);
  const by = withUnit(series, Math.abs(lead));
  const over = `over these ${stepCount(series, steps)}`;
  const all = baselines.length === 2 ? "both" : "all";
  if (lead > 0) return { good: true, text: `${model.name}: below ${all} baselines ${over}, by ${by}.` };
  const than = lead < 0 ? `${by} above ${best.name}` : `as far off as ${best.name}`;
  return { good: false, text: `${model.name}: ${than} ${over}.` };
}

function least<T>(items: readonly T[], size: (item: T) => number): T {
  return items.reduce((best, next) => (size(next) < size(best) ? next : best));
}
