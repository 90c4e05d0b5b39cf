/** Names for the inputs, outputs and saved values of a recurrent op: only this file knows their positions. */

/** What a recurrent layer reads. Weights and biases are in the kernels' layout (see nn/gate-layout), except for weightHr. */
export interface RecurrentInputs<V> {
  /** [T, N, I] */
  readonly x: V;
  readonly weightIh: V;
  readonly weightHh: V;
  readonly biasIh: V | null;
  readonly biasHh: V | null;
  /** Initial hidden state [N, R]; zero if `null`. */
  readonly h0: V | null;
  /** Initial cell state [N, H]; zero if `null`. */
  readonly c0: V | null;
  /** Steps of each sequence, [N]; all have T if `null`. */
  readonly lengths: V | null;
  /** Projection of the hidden state, [R, H]. */
  readonly weightHr: V | null;
}

const INPUTS = ["x", "weightIh", "weightHh", "biasIh", "biasHh", "h0", "c0", "lengths", "weightHr"] as const;
const OUTPUTS = ["output", "h", "c"] as const;

/** A value for each name; `null` for one that is not there. */
type Named<Name extends string, V> = Readonly<Record<Name, V | null>>;

function byName<Name extends string, V>(
  names: readonly Name[],
  values: readonly (V | null)[],
): Named<Name, V> {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? null])) as Named<Name, V>;
}

/** The inputs in the order in which the op takes them. */
export function inputsByPosition<V>(inputs: RecurrentInputs<V>): (V | null)[] {
  return INPUTS.map((name) => inputs[name]);
}

export function inputsByName<V>(inputs: readonly (V | null)[]): RecurrentInputs<V> {
  return byName(INPUTS, inputs) as RecurrentInputs<V>;
}

/** Gradients of the inputs by name; `null` where nobody wants one. */
export type RecurrentGradInputs<V> = Named<(typeof INPUTS)[number], V>;

export function gradInputsByName<V>(gradients: readonly (V | null)[]): RecurrentGradInputs<V> {
  return byName(INPUTS, gradients);
}

/** The outputs of a recurrent op, or their gradients, by name. */
export type RecurrentOutputs<V> = Named<(typeof OUTPUTS)[number], V>;

/**
 * The outputs, or their gradients: `output` [T, N, R], the hidden state of every step, zero past a sequence's end; the last
 * states `h` [N, R] and, where the cell has one, `c` [N, H].
 */
export function outputsByName<V>(outputs: readonly (V | null)[]): RecurrentOutputs<V> {
  return byName(OUTPUTS, outputs);
}

/** What the forward pass keeps: histories of the states, the gates, and the hidden states before their projection. */
export interface RecurrentSaved<V> {
  readonly hidden: V;
  readonly gates: V;
  /** `null` for a cell without a cell state. */
  readonly cells: V | null;
  /** `null` without a projection. */
  readonly unprojected: V | null;
}

/** Where `hidden` is among the saved values: the output may be a view of it. */
export const SAVED_HIDDEN = 0;

/** The saved values in the order in which the op lists them: those that are there. */
export function savedByPosition<V>({ hidden, gates, cells, unprojected }: RecurrentSaved<V>): V[] {
  return [hidden, gates, ...(cells === null ? [] : [cells]), ...(unprojected === null ? [] : [unprojected])];
}

/** @param has Which of the optional values there are. */
export function savedByName<V>(
  saved: readonly V[],
  has: { readonly cells: boolean; readonly projection: boolean },
): RecurrentSaved<V> {
  const [hidden, gates, ...others] = saved;
  const cells = has.cells ? others.shift()! : null;
  const unprojected = has.projection ? others.shift()! : null;
  return { hidden: hidden!, gates: gates!, cells, unprojected };
}
