import { type AnomalyError, DivergedError } from "../errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { Module } from "../nn/module.ts";
import { OnDemand } from "../ondemand.ts";
import type { TrainedBatch } from "./report.ts";

const divergence = /* @__PURE__ */ new OnDemand(() => import("./divergence.ts"));

/**
 * The error for a batch that the training step's watch has marked.
 * @param updated The parameters that the optimizer updates.
 * @param gradient The first one whose gradient is not finite; `null` if only the loss is not.
 * @param anomaly What the step has found, if it detects anomalies.
 */
export async function divergedAtBatch(
  where: string,
  at: TrainedBatch,
  model: Module,
  updated: readonly Parameter[],
  gradient: Parameter | null,
  anomaly: AnomalyError | null,
): Promise<DivergedError> {
  await divergence.load();
  const { message, tensor } = await divergence.module.explainBatch(where, at, model, updated, gradient);
  if (!anomaly) return new DivergedError(message, { ...at, tensor });
  return new DivergedError(`${message}. ${anomaly.message}`, { ...at, tensor, cause: anomaly });
}

/** The error for an epoch all of whose updates were left out. */
export async function divergedEpoch(where: string, at: TrainedBatch): Promise<DivergedError> {
  await divergence.load();
  return new DivergedError(divergence.module.explainEpoch(where, at), { ...at, tensor: null });
}

/** The error for a state that is not finite although no loss was. */
export async function divergedState(where: string, at: TrainedBatch, tensor: string): Promise<DivergedError> {
  await divergence.load();
  return new DivergedError(divergence.module.explainState(where, at, tensor), { ...at, tensor });
}
