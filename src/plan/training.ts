import { accumulationOf } from "./accumulation.ts";
import { gradientsOf } from "./gradients.ts";
import { checkClippings, planUpdate } from "./update.ts";

/**
 * What only a step with an optimizer needs. Optimizers bring it along, so that a bundle without one does without it.
 */
export const training = { accumulationOf, gradientsOf, checkClippings, planUpdate } as const;
