import { OptionError } from "../../errors.ts";
import type { SchedulableGroup, SchedulableOptimizer } from "./scheduler.ts";

/** Throws an OptionError unless every group has a momentum that a schedule can cycle. */
export function checkMomentum(where: string, optimizer: SchedulableOptimizer): void {
  if (optimizer.paramGroups.every((group) => group.betas !== undefined || group.momentum !== undefined))
    return;
  throw new OptionError(
    `${where}: cycleMomentum needs an optimizer with momentum or betas; set cycleMomentum to false for this one`,
  );
}

/** A group's momentum: its first beta where it has some. */
export function momentumOf(group: SchedulableGroup): number {
  return group.betas ? group.betas[0] : group.momentum!;
}

/** Sets {@link momentumOf}. */
export function setMomentum(group: SchedulableGroup, momentum: number): void {
  if (group.betas) group.betas = [momentum, group.betas[1]];
  else group.momentum = momentum;
}
