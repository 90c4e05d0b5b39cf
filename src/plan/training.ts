/** What only a step with an optimizer needs: a chunk of its own, which `device.compile` loads. */
export { checkAccumulate } from "./accumulate-options.ts";
export { Accumulation } from "./accumulation.ts";
export { gradientsOf } from "./gradients.ts";
export { checkClippings, planUpdate } from "./update.ts";
