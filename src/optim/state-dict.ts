import { isObject, listed, shorten, show } from "../checks.ts";
import { DisposedError, OptionError, StateDictError } from "../errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import { stateOnDevice } from "../plan/parameters.ts";
import { type NDArray, sameShape, showShape, sizeOf } from "../shape.ts";
import { type Clock, newClock, type OptimizerKind } from "./kind.ts";
import { copy, type GroupEntry, type Settings, scheduleNames } from "./param-group.ts";

/** The state of one parameter: `{ step: 10, exp_avg: { data, shape }, … }`. */
export type ParameterStateDict = Readonly<
  Record<string, NDArray | number | boolean | null | readonly (NDArray | null)[]>
>;

/** An optimizer's state dict, with the form and the keys of PyTorch's `Optimizer.state_dict()`. */
export interface OptimizerStateDict {
  /** By the parameter's number, counted through all groups. */
  readonly state: Readonly<Record<number, ParameterStateDict>>;
  /** The groups of parameters with their settings. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any kind, which PyTorch's own settings are
  readonly param_groups: readonly (Readonly<Record<string, any>> & { readonly params: readonly number[] })[];
}

/** The parts of an optimizer that are in its state dict. */
export interface StateHolder<O extends object> {
  readonly optimizer: object;
  readonly kind: OptimizerKind<O>;
  readonly defaults: Settings<O>;
  readonly entries: readonly GroupEntry<O>[];
  readonly clocks: Map<Parameter, Clock>;
  readonly waiting: Map<Parameter, Map<string, Float32Array>>;
}

/** `weightDecay` as PyTorch's `weight_decay`. */
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** PyTorch's settings that choose an implementation and change no number. */
const ignored = ["foreach", "capturable", "differentiable", "fused"];

export async function readState<O extends object>(holder: StateHolder<O>): Promise<OptimizerStateDict> {
  const { optimizer, kind, entries, clocks, waiting } = holder;
  const where = `${kind.name}.stateDict`;
  let count = 0;
  const param_groups: OptimizerStateDict["param_groups"][number][] = [];
  // Start all reads before the first await, so that they see one moment's state while training goes on.
  const reads: Promise<[number, ParameterStateDict]>[] = [];
  for (const { group } of entries) {
    const values = group as unknown as Record<string, unknown>;
    const scheduled = scheduleNames.filter((name) => values[name] !== undefined);
    const names = [...Object.keys(kind.defaults), ...scheduled];
    const first = count;
    count += group.params.length;
    param_groups.push({
      ...Object.fromEntries(names.map((name) => [snake(name), copy(values[name])])),
      params: group.params.map((_, i) => first + i),
    });
    const buffers = kind.buffers(group);
    for (const [i, parameter] of group.params.entries()) {
      if (parameter.disposed) throw new DisposedError(`${where}: the model was disposed; build a new one`);
      const clock = clocks.get(parameter)!;
      if (!hasState(kind, group, clock)) continue;
      const scalars = kind.scalars.map((name) => [name, name === "step" ? clock.step : clock.own[name]]);
      const reading = buffers.map(async (name): Promise<[string, NDArray]> => {
        const data =
          waiting.get(parameter)?.get(name)?.slice() ??
          (await stateOnDevice(optimizer, parameter)?.read(where, name)) ??
          new Float32Array(sizeOf(parameter.shape));
        return [name, { data, shape: parameter.shape }];
      });
      reads.push(
        Promise.all(reading).then((entries) => [first + i, Object.fromEntries([...scalars, ...entries])]),
      );
    }
  }
  return { state: Object.fromEntries(await Promise.all(reads)), param_groups };
}

/** Whether PyTorch's state dict has an entry for a parameter. */
function hasState<O extends object>(kind: OptimizerKind<O>, settings: Settings<O>, clock: Clock): boolean {
  return kind.hasState?.(settings, clock) ?? (clock.step > 0 || kind.initial !== undefined);
}

/** One parameter's new state. */
interface NewState {
  readonly parameter: Parameter;
  readonly clock: Clock;
  readonly buffers: ReadonlyMap<string, Float32Array>;
}

export function writeState<O extends object>(holder: StateHolder<O>, dict: OptimizerStateDict): void {
  const { optimizer, kind, defaults, entries, clocks, waiting } = holder;
  const where = `${kind.name}.loadStateDict`;
  const start = kind.initial?.(defaults) ?? 0;
  if (!isObject(dict) || !isObject(dict["state"]) || !Array.isArray(dict["param_groups"])) {
    throw new OptionError(
      `${where}: expected { state, param_groups } as stateDict() gives it, got ${show(dict)}`,
    );
  }
  for (const parameter of clocks.keys()) {
    if (parameter.disposed) throw new DisposedError(`${where}: the model was disposed; build a new one`);
    stateOnDevice(optimizer, parameter)?.check(where);
  }
  const problems: string[] = [];
  const saved = dict.param_groups as readonly unknown[];
  if (saved.length !== entries.length) {
    problems.push(`${entries.length} parameter groups expected, got ${saved.length}`);
  }
  const known = new Set<string>();
  const settings: Settings<O>[] = [];
  const states: NewState[] = [];
  for (const [g, { group }] of entries.entries()) {
    const given = saved[g];
    if (given === undefined) break;
    const at = `param_groups[${g}]`;
    const params = isObject(given) ? given["params"] : undefined;
    if (!isObject(given) || !Array.isArray(params) || params.length !== group.params.length) {
      problems.push(
        `${at} must have params with ${group.params.length} numbers, got ${show(params ?? given)}`,
      );
      continue;
    }
    const changed = readSettings(kind, at, given, problems);
    if (!changed) continue;
    settings[g] = changed;
    const shared: Clock[] = [];
    for (const [i, parameter] of group.params.entries()) {
      const key = String(params[i]);
      known.add(key);
      const state = Object.hasOwn(dict.state, key) ? dict.state[params[i] as number] : {};
      const read = readParameter(kind, changed, start, `state ${key}`, parameter, state, problems);
      // Parameters with equal clocks are updated together from here on.
      const twin = shared.find((clock) => JSON.stringify(clock) === JSON.stringify(read.clock));
      if (!twin) shared.push(read.clock);
      states.push({ parameter, clock: twin ?? read.clock, buffers: read.buffers });
    }
  }
  for (const key of Object.keys(dict.state)) {
    if (problems.length === 0 && !known.has(key))
      problems.push(`state ${shorten(key)} belongs to no parameter group`);
  }
  if (problems.length > 0) {
    throw new StateDictError(
      `${where}: the state dict does not fit, nothing was loaded: ${listed(problems, "; ", 1500)}`,
    );
  }
  for (const [g, { group, assign }] of entries.entries()) {
    assign(settings[g]!);
    for (const name of scheduleNames) {
      const value = (saved[g] as Record<string, unknown>)[snake(name)];
      if (typeof value === "number") group[name] = value as (typeof group)[typeof name];
    }
  }
  for (const { parameter, clock, buffers } of states) {
    clocks.set(parameter, clock);
    waiting.delete(parameter);
    const state = stateOnDevice(optimizer, parameter);
    if (state) for (const [name, data] of buffers) state.write(where, name, data);
    else waiting.set(parameter, new Map(buffers));
  }
}

/** A saved group's settings. If they do not fit this optimizer, adds to `problems` and returns `null`. */
function readSettings<O extends object>(
  kind: OptimizerKind<O>,
  at: string,
  saved: Readonly<Record<string, unknown>>,
  problems: string[],
): Settings<O> | null {
  const before = problems.length;
  const names = new Map(Object.keys(kind.defaults).map((name) => [snake(name), name]));
  const known = [...names.keys(), ...scheduleNames.map(snake), ...ignored, "params"];
  for (const key of Object.keys(saved)) {
    // PyTorch 2 marks AdamW with this.
    if (key === "decoupled_weight_decay" && kind.name === "AdamW" && saved[key] === true) continue;
    if (!known.includes(key))
      problems.push(`${at} has ${shorten(key)}: ${show(saved[key])}, which ${kind.name} has not`);
  }
  const settings: Record<string, unknown> = {};
  for (const [key, name] of names) {
    // PyTorch added flags over time. An older file without one means false.
    const standard = kind.defaults[name as keyof O];
    const value =
      saved[key] ?? (typeof standard === "boolean" ? false : standard === null ? null : undefined);
    if (value === undefined) problems.push(`${at} lacks ${key}`);
    else note(problems, () => kind.checks[name as keyof O](at, key, value));
    settings[name] = value;
  }
  if (problems.length === before) note(problems, () => kind.together?.(at, settings as Settings<O>));
  return problems.length === before ? (settings as Settings<O>) : null;
}

/** Runs a check and adds its OptionError to the problems. */
function note(problems: string[], check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    problems.push(error.message);
  }
}

/** One parameter's saved state, or the state before the first step if nothing was saved. */
function readParameter<O extends object>(
  kind: OptimizerKind<O>,
  settings: Settings<O>,
  start: number,
  at: string,
  parameter: Parameter,
  saved: unknown,
  problems: string[],
): Omit<NewState, "parameter"> {
  const clock = newClock(kind);
  const buffers = new Map<string, Float32Array>();
  if (!isObject(saved)) {
    problems.push(`${at} must be an object, got ${show(saved)}`);
    return { clock, buffers };
  }
  const known: readonly string[] = [...kind.allBuffers, ...kind.scalars];
  for (const name of Object.keys(saved)) {
    if (!known.includes(name)) problems.push(`${at} has ${shorten(name)}, which ${kind.name} has not`);
  }
  const isEmpty = Object.values(saved).every((value) => value === null);
  if (!isEmpty) {
    for (const name of kind.scalars) {
      const value = scalarOf(saved[name]);
      const fits =
        value !== null &&
        (name !== "step" || (Number.isSafeInteger(value) && value >= 0)) &&
        Number.isFinite(value);
      if (!fits) problems.push(`${at} must have ${name} as a number, got ${show(saved[name])}`);
      else if (name === "step") clock.step = value;
      else clock.own = { ...clock.own, [name]: value };
    }
  }
  for (const name of kind.buffers(settings)) {
    const value = saved[name];
    const { shape } = parameter;
    // SGD's buffer is null or missing before the first step with momentum.
    if (isEmpty || (kind.scalars.length === 0 && (value ?? null) === null)) {
      buffers.set(name, new Float32Array(sizeOf(shape)).fill(start));
    } else if (isObject(value) && value["data"] instanceof Float32Array && Array.isArray(value["shape"])) {
      const { data, shape: given } = value as unknown as NDArray;
      if (!sameShape(given, shape) || data.length !== sizeOf(shape)) {
        problems.push(
          `${at}: ${name} must have shape ${showShape(shape)}, got ${showShape(given)} with ${data.length} values`,
        );
      }
      buffers.set(name, data.slice());
      clock.own = kind.withBuffers?.(clock.own) ?? clock.own;
    } else {
      problems.push(`${at}: ${name} must be { data: Float32Array, shape }, got ${show(value)}`);
    }
  }
  return { clock, buffers };
}

/** A number, or the only value of an array; PyTorch has its step counts as either. */
export function scalarOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  const data = isObject(value) ? value["data"] : null;
  return data instanceof Float32Array && data.length === 1 ? data[0]! : null;
}
