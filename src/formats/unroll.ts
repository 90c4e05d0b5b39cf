/** Recurrent cells that no kernel computes, traced step by step in ops. */
import { stack, type Tensor } from "../graph/tensor.ts";

/** Most time steps that are traced one by one. */
const MAX_STEPS = 2000;

/** A cell's states [N, H]; `c` only of an LSTM. */
export interface States {
  readonly h: Tensor;
  readonly c: Tensor | null;
}

/** From the input's product with its bias, of all gates [N, gates·H], and the states to the next states. */
export type Step = (input: Tensor, states: States) => States;

/** Gate `index` of all gates [*, gates·H]. */
export function gate(all: Tensor, index: number, H: number): Tensor {
  return all.slice(-1, index * H, (index + 1) * H);
}

/**
 * Runs a cell over time.
 * @param input Products with the input of all steps, [T, N, gates·H].
 * @param refuse Makes the error for too many steps.
 * @returns `output` [T, N, H] in the input's order, and the last states.
 */
export function unroll(
  input: Tensor,
  start: States,
  reverse: boolean,
  step: Step,
  refuse: (what: string) => Error,
): States & { readonly output: Tensor } {
  const T = input.shape[0]!;
  if (T > MAX_STEPS) {
    throw refuse(
      `this variant is traced step by step, for at most ${MAX_STEPS} steps, and its input has ${T}; give shorter sequences`,
    );
  }
  const outputs: Tensor[] = [];
  let states = start;
  for (let i = 0; i < T; i++) {
    states = step(input.select(0, reverse ? T - 1 - i : i), states);
    outputs.push(states.h);
  }
  return { output: stack(reverse ? outputs.toReversed() : outputs), ...states };
}
