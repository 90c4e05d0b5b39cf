/** What the pictures of a study show: numbers as Optuna's `visualization` has them. */
import type { CategoricalChoice, Direction, Distribution, FrozenTrial, ParamValue } from "webgpu-lstm/search";

/** A study with one direction, as it is drawn. */
export interface Plotted {
  readonly direction: Direction;
  readonly trials: readonly FrozenTrial[];
}

/** A trial that counts: complete, with a finite value. */
export interface Counted {
  readonly trial: FrozenTrial;
  readonly value: number;
}

export function counted(trials: readonly FrozenTrial[]): readonly Counted[] {
  return trials.flatMap((trial) =>
    trial.state === "COMPLETE" && Number.isFinite(trial.value) ? [{ trial, value: trial.value! }] : [],
  );
}

/** The better of two values; one may be missing. */
function better(direction: Direction, a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return direction === "minimize" ? Math.min(a, b) : Math.max(a, b);
}

/** For each trial, its value and the best so far; `null` where there is none. */
export function history({ direction, trials }: Plotted): {
  readonly values: readonly (number | null)[];
  readonly best: readonly (number | null)[];
} {
  const values = trials.map(({ state, value }) => (state === "COMPLETE" ? value : null));
  let best: number | null = null;
  return { values, best: values.map((value) => (best = better(direction, best, value))) };
}

/** Positions of a parameter's values along an axis. */
export interface Axis {
  readonly name: string;
  readonly log: boolean;
  /** Of a categorical parameter. */
  readonly choices: readonly CategoricalChoice[] | null;
  /** The smallest and the largest value that a trial could have had; of choices, their indices. */
  readonly low: number;
  readonly high: number;
  /** 0 at the axis' beginning, 1 at its end. */
  at(value: ParamValue): number;
}

/** The axes of all parameters that trials have, by name. */
export function axes(trials: readonly FrozenTrial[]): readonly Axis[] {
  const ranges = new Map<string, Distribution[]>();
  for (const { distributions } of trials) {
    for (const [name, range] of distributions) ranges.set(name, [...(ranges.get(name) ?? []), range]);
  }
  return [...ranges].map(([name, all]) => axisOf(name, all)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function axisOf(name: string, ranges: readonly Distribution[]): Axis {
  const [first] = ranges;
  if (first!.type === "categorical") {
    const { choices } = first!;
    const high = choices.length - 1;
    const indexOf = (value: ParamValue) => choices.findIndex((choice) => Object.is(choice, value));
    const at = (value: ParamValue) => (high === 0 ? 0.5 : indexOf(value) / high);
    return { name, log: false, choices, low: 0, high, at };
  }
  const numbers = ranges.flatMap((range) => (range.type === "categorical" ? [] : range));
  const low = Math.min(...numbers.map((range) => range.low));
  const high = Math.max(...numbers.map((range) => range.high));
  const { log } = first!;
  const place = (value: number) => (log ? Math.log(value) : value);
  const span = place(high) - place(low);
  const at = (value: ParamValue) => (span === 0 ? 0.5 : (place(value as number) - place(low)) / span);
  return { name, log, choices: null, low, high, at };
}

/** The values of one parameter beside those of the objective. */
export interface Slice {
  readonly axis: Axis;
  readonly points: readonly { readonly number: number; readonly x: ParamValue; readonly y: number }[];
}

export function slices(trials: readonly FrozenTrial[]): readonly Slice[] {
  const complete = counted(trials);
  return axes(complete.map(({ trial }) => trial)).map((axis) => ({
    axis,
    points: complete.flatMap(({ trial: { number, params }, value }) =>
      axis.name in params ? [{ number, x: params[axis.name]!, y: value }] : [],
    ),
  }));
}

/** The lines of parallel coordinates: for each trial that counts, its value and its parameters by the axes; `null` for one it has not. */
export function parallels(trials: readonly FrozenTrial[]): {
  readonly axes: readonly Axis[];
  readonly lines: readonly {
    readonly number: number;
    readonly value: number;
    readonly params: readonly (ParamValue | undefined)[];
  }[];
} {
  const complete = counted(trials);
  const all = axes(complete.map(({ trial }) => trial));
  const lines = complete.map(({ trial: { number, params }, value }) => ({
    number,
    value,
    params: all.map(({ name }) => (name in params ? params[name] : undefined)),
  }));
  return { axes: all, lines };
}

/** What each trial has reported, by step; a pruned trial's curve ends where it was pruned. */
export function curves(trials: readonly FrozenTrial[]): readonly {
  readonly number: number;
  readonly state: FrozenTrial["state"];
  readonly points: readonly (readonly [step: number, value: number])[];
}[] {
  return trials
    .filter(({ intermediateValues }) => intermediateValues.size > 0)
    .map(({ number, state, intermediateValues }) => ({
      number,
      state,
      points: [...intermediateValues].sort(([a], [b]) => a - b),
    }));
}
