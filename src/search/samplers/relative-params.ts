/** The parameters that a sampler has chosen together for a trial, noted as a system attribute: other workers count with them. */
import type { Params } from "../distributions.ts";
import { type FrozenTrial, isFinished } from "../frozen-trial.ts";
import { fromPythonJson, toPythonJson } from "../python.ts";
import type { StudyView } from "../sampler.ts";

/** Longest text of an attribute in Optuna's databases. */
const PIECE = 2045;

/** @param prefix Optuna's name of the attribute, such as `tpe:relative_params` */
export function noteRelativeParams(
  prefix: string,
  study: StudyView,
  trial: FrozenTrial,
  params: Params,
): void {
  const text = toPythonJson(params, true);
  for (let i = 0; i * PIECE < text.length; i++)
    study.setTrialSystemAttr(trial, `${prefix}:${i}`, text.slice(i * PIECE, (i + 1) * PIECE));
}

/** A trial's parameters; of one that runs also those that were noted and it has not asked for yet. */
export function relativeParams(prefix: string, { state, params, systemAttrs }: FrozenTrial): Params {
  if (isFinished(state)) return params;
  let text = "";
  for (let i = 0; typeof systemAttrs[`${prefix}:${i}`] === "string"; i++)
    text += systemAttrs[`${prefix}:${i}`];
  if (text === "") return params;
  try {
    return { ...(fromPythonJson(text) as Params), ...params };
  } catch {
    return params;
  }
}
