/** The ranges that parameters are drawn from: Optuna's distributions, with its JSON. */
import { checkBoolean, checkInteger, checkNumber, show } from "../checks.ts";
import { DataError, OptionError } from "../errors.ts";
import { fromPythonJson, PythonFloat, toPythonJson } from "./python.ts";

/** A value of a categorical parameter. */
export type CategoricalChoice = null | boolean | number | string;

/** Real numbers from `low` to `high`, both included. */
export interface FloatDistribution {
  /** Which kind of range it is. */
  readonly type: "float";
  /** The least value. */
  readonly low: number;
  /** The largest value. */
  readonly high: number;
  /** Whether the logarithm is uniform. */
  readonly log: boolean;
  /** Distance of the values from each other; `null` for any value of the range. */
  readonly step: number | null;
}

/** Integers from `low` to `high`, both included. */
export interface IntDistribution {
  /** Which kind of range it is. */
  readonly type: "int";
  /** The least value. */
  readonly low: number;
  /** The largest value. */
  readonly high: number;
  /** Whether the logarithm is uniform. */
  readonly log: boolean;
  /** Distance of the values from each other. */
  readonly step: number;
}

/** One of some values. */
export interface CategoricalDistribution {
  /** Which kind of range it is. */
  readonly type: "categorical";
  /** What there is to choose from. */
  readonly choices: readonly CategoricalChoice[];
}

/** The range of a parameter. */
export type Distribution = FloatDistribution | IntDistribution | CategoricalDistribution;

/** Parameters' ranges by their names. */
export type SearchSpace = ReadonlyMap<string, Distribution>;

/** The value of a parameter. */
export type ParamValue = CategoricalChoice;
/** A trial's values by the names of its parameters. */
export type Params = Readonly<Record<string, ParamValue>>;

/** How close to a multiple of the step a value must be, in steps: as Optuna's. */
const STEP_TOLERANCE = 1e-8;

function checkRange(where: string, low: unknown, high: unknown, log: unknown, least: string): void {
  checkNumber(where, "low", low, "a finite number", () => true);
  checkNumber(where, "high", high, "a finite number", () => true);
  checkBoolean(where, "log", log);
  if (low > high)
    throw new OptionError(`${where}: low must be at most high, got low ${low} and high ${high}; swap them`);
  if (log && !(least === "1" ? low >= 1 : low > 0)) {
    const wanted = least === "1" ? "at least 1" : "above 0";
    throw new OptionError(`${where}: low must be ${wanted} with log, got ${low}; raise it, or leave log out`);
  }
}

/** Throws unless the range is a whole number of steps. */
function checkStep(where: string, low: number, high: number, step: number): void {
  const steps = (high - low) / step;
  if (Math.abs(steps - Math.round(steps)) < STEP_TOLERANCE) return;
  const nearest = Number((low + Math.floor(steps) * step).toPrecision(12));
  throw new OptionError(
    `${where}: step must divide high - low, got step ${step} for ${low} to ${high}; make high ${nearest}, for example`,
  );
}

/** @throws OptionError for a range that is none */
export function floatDistribution(
  where: string,
  low: number,
  high: number,
  { log = false, step }: { readonly log?: boolean; readonly step?: number } = {},
): FloatDistribution {
  checkRange(where, low, high, log, "0");
  if (!log && !Number.isFinite(high - low)) {
    throw new OptionError(
      `${where}: high - low must be finite, got low ${low} and high ${high}; narrow the range, or set log for numbers above 0`,
    );
  }
  if (step !== undefined) {
    checkNumber(where, "step", step, "a number above 0", (n) => n > 0);
    if (log) throw new OptionError(`${where}: a range has log or a step, got both; leave one out`);
    checkStep(where, low, high, step);
  }
  return { type: "float", low, high, log, step: step ?? null };
}

/** @throws OptionError for a range that is none */
export function intDistribution(
  where: string,
  low: number,
  high: number,
  { log = false, step = 1 }: { readonly log?: boolean; readonly step?: number } = {},
): IntDistribution {
  checkInteger(where, "low", low, -Number.MAX_SAFE_INTEGER);
  checkInteger(where, "high", high, -Number.MAX_SAFE_INTEGER);
  checkRange(where, low, high, log, "1");
  checkInteger(where, "step", step);
  if (log && step !== 1)
    throw new OptionError(`${where}: a range has log or a step, got both; leave one out`);
  checkStep(where, low, high, step);
  return { type: "int", low, high, log, step };
}

/** @throws OptionError unless `choices` is a list of plain values, each of them once */
export function categoricalDistribution(where: string, choices: readonly unknown[]): CategoricalDistribution {
  if (!Array.isArray(choices) || choices.length === 0)
    throw new OptionError(`${where}: choices must be a list of at least one value, got ${show(choices)}`);
  for (const [i, choice] of choices.entries()) {
    if (choice !== null && !["boolean", "number", "string"].includes(typeof choice)) {
      throw new OptionError(
        `${where}: choices[${i}] must be a number, text, true, false or null, so that a journal can hold it, got ${show(choice)}; ` +
          "choose a name and look the value up by it",
      );
    }
    if (choices.findIndex((other) => Object.is(other, choice)) < i)
      throw new OptionError(`${where}: choices must differ from each other, got ${show(choice)} twice`);
  }
  return { type: "categorical", choices: [...choices] as CategoricalChoice[] };
}

/** Whether a range has one value only. */
export function isSingle(distribution: Distribution): boolean {
  if (distribution.type === "categorical") return distribution.choices.length === 1;
  const { low, high, step } = distribution;
  return low === high || (step !== null && !isLog(distribution) && high - low < step * (1 - STEP_TOLERANCE));
}

/** The one value of such a range. */
export function singleValue(distribution: Distribution): ParamValue {
  return distribution.type === "categorical" ? distribution.choices[0]! : distribution.low;
}

function isLog(distribution: Distribution): boolean {
  return distribution.type !== "categorical" && distribution.log;
}

/** The number that stands for a value in a journal: itself, or the index of a choice; `undefined` for a value that is none. */
export function internalOf(distribution: Distribution, value: unknown): number | undefined {
  if (distribution.type === "categorical") {
    const index = distribution.choices.findIndex((choice) => choice === value || Object.is(choice, value));
    return index < 0 ? undefined : index;
  }
  if (typeof value !== "number" || Number.isNaN(value)) return undefined;
  return distribution.log && value <= 0 ? undefined : value;
}

/** The value that a number stands for. */
export function externalOf(distribution: Distribution, internal: number): ParamValue {
  if (distribution.type === "categorical") return distribution.choices[Math.trunc(internal)] ?? null;
  return distribution.type === "int" ? Math.trunc(internal) : internal;
}

/** Whether a range contains the value that `internal` stands for. */
export function contains(distribution: Distribution, internal: number): boolean {
  if (distribution.type === "categorical") return internal >= 0 && internal < distribution.choices.length;
  const { low, high, step } = distribution;
  if (!(internal >= low && internal <= high)) return false;
  if (step === null) return true;
  const steps = (internal - low) / step;
  return Math.abs(steps - Math.round(steps)) < STEP_TOLERANCE;
}

/** Whether two ranges are the same. */
export function sameDistribution(a: Distribution, b: Distribution): boolean {
  if (a.type === "categorical") {
    return (
      b.type === "categorical" &&
      a.choices.length === b.choices.length &&
      a.choices.every((choice, i) => Object.is(choice, b.choices[i]))
    );
  }
  return a.type === b.type && a.low === b.low && a.high === b.high && a.log === b.log && a.step === b.step;
}

/** Why trials of one study cannot have both ranges under one name; `null` if they can. A range may move, its kind may not. */
export function incompatibility(before: Distribution, now: Distribution): string | null {
  if (before.type !== now.type) return `it was ${before.type} before and is ${now.type} now`;
  if (before.type === "categorical")
    return sameDistribution(before, now)
      ? null
      : `its choices were ${show(before.choices)} before and are ${show((now as CategoricalDistribution).choices)} now`;
  return before.log === isLog(now) ? null : `log was ${before.log} before and is ${isLog(now)} now`;
}

const float = (value: number | null) => (value === null ? null : new PythonFloat(value));

/** The distribution as Optuna writes it. */
export function distributionJson(distribution: Distribution): string {
  if (distribution.type === "categorical") {
    const { choices } = distribution;
    return toPythonJson({ name: "CategoricalDistribution", attributes: { choices } }, true);
  }
  const { low, high, log, step } = distribution;
  return toPythonJson(
    distribution.type === "float"
      ? {
          name: "FloatDistribution",
          attributes: { step: float(step), low: float(low), high: float(high), log },
        }
      : { name: "IntDistribution", attributes: { log, step, low, high } },
    true,
  );
}

/** Attributes of a distribution in JSON. */
type Attributes = Readonly<Record<string, unknown>>;

/** Optuna's classes; the last four are of versions before 3. */
const CLASSES: Readonly<Record<string, (attributes: Attributes) => Distribution>> = {
  FloatDistribution: (a) => numbers("float", a, a["log"], a["step"] ?? null),
  IntDistribution: (a) => numbers("int", a, a["log"], a["step"] ?? 1),
  CategoricalDistribution: ({ choices }) => {
    if (!Array.isArray(choices)) throw new TypeError("no choices");
    return { type: "categorical", choices: choices as CategoricalChoice[] };
  },
  UniformDistribution: (a) => numbers("float", a, false, null),
  LogUniformDistribution: (a) => numbers("float", a, true, null),
  DiscreteUniformDistribution: (a) => numbers("float", a, false, a["q"]),
  IntUniformDistribution: (a) => numbers("int", a, false, a["step"] ?? 1),
  IntLogUniformDistribution: (a) => numbers("int", a, true, 1),
};

function numbers(
  type: "float" | "int",
  { low, high }: Attributes,
  log: unknown,
  step: unknown,
): Distribution {
  const given = [low, high, ...(type === "float" && step === null ? [] : [step])];
  if (given.some((value) => typeof value !== "number")) throw new TypeError("no numbers");
  return { type, low, high, log: log === true, step } as Distribution;
}

const parsed = new Map<string, Distribution>();

/** Most texts that {@link parseDistribution} keeps. */
const MOST_PARSED = 10_000;

/**
 * Reads a distribution that Optuna or {@link distributionJson} wrote. A journal repeats each many times, so the results are kept.
 * @throws DataError for anything else
 */
export function parseDistribution(where: string, text: unknown): Distribution {
  const known = parsed.get(text as string);
  if (known) return known;
  try {
    const { name, attributes } = fromPythonJson(text as string) as { name: string; attributes: Attributes };
    const read = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
    if (!read) throw new TypeError("no class");
    const distribution = read(attributes);
    if (parsed.size >= MOST_PARSED) parsed.clear();
    parsed.set(text as string, distribution);
    return distribution;
  } catch (cause) {
    throw new DataError(
      `${where}: expected a distribution of Optuna, such as ${distributionJson({ type: "int", low: 1, high: 8, log: true, step: 1 })}, ` +
        `got ${show(text)}`,
      { cause },
    );
  }
}
