import { checkBoolean, checkNumber, checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { Buffer, Parameter } from "../graph/parameter.ts";

/** A group's settings: all options, each of which may be set at any time. */
export type Settings<O> = { -readonly [K in keyof O]-?: O[K] };

/** Throws an OptionError unless `value` is valid for the setting `name`. */
export type Check = (where: string, name: string, value: unknown) => void;

/** A {@link Check} for each setting. */
export type Checks<O> = { readonly [K in keyof O]-?: Check };

/** Values that learning-rate schedulers store in a group, as in PyTorch; `undefined` if none has. */
export interface GroupSchedule {
  /** The learning rate that schedules start from. */
  initialLr: number | undefined;
  maxLr: number | undefined;
  minLr: number | undefined;
  maxMomentum: number | undefined;
  baseMomentum: number | undefined;
}

export const scheduleNames: readonly (keyof GroupSchedule)[] = [
  "initialLr",
  "maxLr",
  "minLr",
  "maxMomentum",
  "baseMomentum",
];

/** Parameters with settings of their own. Setting an invalid value throws and changes nothing. */
export type ParamGroup<O extends object> = Settings<O> &
  GroupSchedule & { readonly params: readonly Parameter[] };

/** Options of a new group: its parameters, and the settings that differ from the optimizer's. */
export type ParamGroupOptions<O extends object> = O & { readonly params: Iterable<Parameter> | Parameter };

/** What an optimizer updates: `model.parameters()`, or groups with options of their own. */
export type ParameterSource<O extends object> = Iterable<Parameter> | Iterable<ParamGroupOptions<O>>;

export const nonNegative: Check = (where, name, value) =>
  checkNumber(where, name, value, "a finite number of at least 0", (n) => n >= 0);

export const finite: Check = (where, name, value) =>
  checkNumber(where, name, value, "a finite number", () => true);

export const boolean: Check = checkBoolean;

/** Two decay rates in [0, 1). */
export const twoBetas: Check = (where, name, value) => {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new OptionError(`${where}: ${name} must be two numbers, got ${show(value)}`);
  }
  for (const beta of value) {
    checkNumber(where, `each of ${name}`, beta, "in [0, 1)", (n) => n >= 0 && n < 1);
  }
};

/** A group, and a way to assign checked settings all at once. */
export interface GroupEntry<O extends object> {
  readonly group: ParamGroup<O>;
  assign(settings: Settings<O>): void;
}

/**
 * Makes a group that checks its settings whenever they are set.
 * @param together Throws for settings that exclude each other.
 */
export function paramGroup<O extends object>(
  where: string,
  params: readonly Parameter[],
  settings: Settings<O>,
  checks: Checks<O>,
  together?: (where: string, settings: Settings<O>) => void,
): GroupEntry<O> {
  const schedule = Object.fromEntries(scheduleNames.map((name) => [name, undefined]));
  const group: object = { params, ...schedule };
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(settings)) {
    const check = checks[name as keyof O];
    check(where, name, value);
    values[name] = copy(value);
    Object.defineProperty(group, name, {
      enumerable: true,
      get: () => values[name],
      set: (changed: unknown) => {
        check(where, name, changed);
        together?.(where, { ...values, [name]: changed } as Settings<O>);
        values[name] = copy(changed);
      },
    });
  }
  together?.(where, values as Settings<O>);
  const assign = (changed: Settings<O>) => {
    for (const [name, value] of Object.entries(changed)) values[name] = copy(value);
  };
  return { group: Object.seal(group) as ParamGroup<O>, assign };
}

/** A setting's value, copied where it is an array. */
export function copy(value: unknown): unknown {
  return Array.isArray(value) ? [...value] : value;
}

/** Reads parameters or groups of them as groups. */
export function readGroups<O extends object>(
  where: string,
  source: ParameterSource<O>,
): ParamGroupOptions<O>[] {
  const list: unknown[] | null = typeof source?.[Symbol.iterator] === "function" ? [...source] : null;
  if (!list) throw new OptionError(`${where}: expected model.parameters(), got ${show(source)}`);
  const isGroup = (entry: unknown) => typeof entry === "object" && entry !== null && "params" in entry;
  if (list.length > 0 && list.every(isGroup)) return list as ParamGroupOptions<O>[];
  return [{ params: list } as unknown as ParamGroupOptions<O>];
}

/** Reads a group's parameters, and throws an OptionError for anything else. */
export function readParameters(where: string, params: unknown): Parameter[] {
  if (params instanceof Parameter) params = [params];
  const iterable = typeof params === "object" && params !== null && Symbol.iterator in params;
  if (!iterable) throw new OptionError(`${where}: expected model.parameters(), got ${show(params)}`);
  const list = [...(params as Iterable<unknown>)];
  if (list.length === 0) {
    throw new OptionError(
      `${where}: got no parameters; assign layers to fields of the model, then pass model.parameters()`,
    );
  }
  for (const parameter of list) {
    if (parameter instanceof Buffer) {
      throw new OptionError(
        `${where}: got a Buffer, which is not learned; make it a Parameter, or leave it out`,
      );
    }
    if (!(parameter instanceof Parameter)) {
      const isForeign = typeof (parameter as Partial<Parameter> | null)?.moveTo === "function";
      throw new OptionError(
        `${where}: every parameter must be a Parameter, got ${show(parameter)}` +
          (isForeign ? " of another copy of webgpu-lstm" : ""),
      );
    }
  }
  return list as Parameter[];
}

/** Merges the given options into the defaults. An unknown option throws. */
export function mergeOptions<O extends object>(
  where: string,
  defaults: Settings<O>,
  options: object,
  also: readonly string[] = [],
): Settings<O> {
  const names = Object.keys(defaults);
  checkOptions(where, options, [...names, ...also]);
  const given = Object.entries(options).filter(
    ([name, value]) => names.includes(name) && value !== undefined,
  );
  return { ...defaults, ...Object.fromEntries(given) };
}
