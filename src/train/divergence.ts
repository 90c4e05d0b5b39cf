/** Says how a run has diverged. Loaded when one has; imports types alone. */
import type { Parameter } from "../graph/parameter.ts";
import type { Module } from "../nn/module.ts";
import type { TrainedBatch } from "./report.ts";

const ADVICE =
  "use a lower learning rate, clip the gradients with clipGradNorm, or check the data of this batch; " +
  'onNonFinite: "skip" trains on without such batches';

/** The message for a batch that was marked, and the name of what is not finite besides its loss. */
export async function explainBatch(
  where: string,
  { epoch, batch, loss }: TrainedBatch,
  model: Module,
  updated: readonly Parameter[],
  gradient: Parameter | null,
): Promise<{ message: string; tensor: string | null }> {
  const names = new Map([...model.namedParameters()].map(([name, parameter]) => [parameter, name]));
  const what = `${where}: the loss is ${loss} in epoch ${epoch}, batch ${batch}`;
  for (const parameter of updated) {
    const { data } = await parameter.read();
    if (data.every((value) => Number.isFinite(value))) continue;
    const tensor = `parameter ${names.get(parameter) ?? "outside the model"}`;
    const message =
      `${what}, and the ${tensor} is not finite: an update before it overflowed. Go back to a checkpoint, or build the model anew; ` +
      "then use a lower learning rate or clip the gradients with clipGradNorm";
    return { message, tensor };
  }
  const tensor = gradient && `gradient of ${names.get(gradient) ?? "a parameter outside the model"}`;
  const message =
    `${what}${tensor ? `, and the ${tensor} is not finite` : ""}. Its update and all later ones were left out, so the model and ` +
    `the optimizer are as before this batch: ${ADVICE}`;
  return { message, tensor };
}

/** The message for an epoch all of whose updates were left out. */
export function explainEpoch(where: string, { epoch }: TrainedBatch): string {
  return (
    `${where}: every batch of epoch ${epoch} had a loss or a gradient that is not finite, so none was trained; check the data, or go back ` +
    "to a checkpoint and use a lower learning rate"
  );
}

/** The message for a state that is not finite although no loss was. */
export function explainState(where: string, { epoch, batch }: TrainedBatch, tensor: string): string {
  return (
    `${where}: the ${tensor} is not finite after epoch ${epoch}, batch ${batch}: an update overflowed. Go back to a checkpoint, or build the model anew; then use ` +
    "a lower learning rate or clip the gradients with clipGradNorm"
  );
}
