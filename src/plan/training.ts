/**
 * What only a step with an optimizer needs. Optimizers bring it along, so that a bundle without one does
 * without it.
 */
export { accumulationOf } from "./accumulation.ts";
export { gradientsOf } from "./gradients.ts";
export { checkClippings, planUpdate } from "./update.ts";
