/** Python's Optuna, as tools/interop/optuna_side.py runs it, and the objective that both sides have. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { isDeepStrictEqual, promisify } from "node:util";
import { type Params, type Study, type Trial, TrialPruned } from "webgpu-lstm/search";

const SCRIPT = "tools/interop/optuna_side.py";

/** A study as tools/interop/optuna_side.py describes it. */
export interface Summary {
  readonly name: string;
  readonly directions: readonly string[];
  readonly userAttrs: Readonly<Record<string, unknown>>;
  readonly trials: readonly {
    readonly number: number;
    readonly state: string;
    readonly values: readonly number[] | null;
    readonly params: Params;
    readonly steps: readonly number[];
    readonly userAttrs: Readonly<Record<string, unknown>>;
    readonly systemAttrs: Readonly<Record<string, unknown>>;
  }[];
}

/** The name of every study. */
export const NAME = "interop ä";

/** The objective of tools/interop/optuna_side.py. */
export async function objective(trial: Trial): Promise<number> {
  const { x, lr, n, share } = suggested(trial);
  const kind = trial.suggestCategorical("kind", ["a", null, true, 2.5]);
  const value = (x - 1) * (x - 1) + Math.abs(lr - 0.01) + n / 64 + share + (kind === null ? 0.5 : 0);
  trial.setUserAttr("by", "Node");
  trial.report(Number.NaN, 0);
  trial.report(value, 1);
  if (await trial.shouldPrune()) throw new TrialPruned();
  return value;
}

export function suggested(trial: Trial) {
  return {
    x: trial.suggestFloat("x", -2, 3),
    lr: trial.suggestFloat("lr", 1e-4, 1e-1, { log: true }),
    n: trial.suggestInt("n", 8, 64, { log: true }),
    share: trial.suggestFloat("share", 0, 1, { step: 0.25 }),
  };
}

/** A study here, as {@link Optuna.summary} gives one. */
export function summaryOf(study: Study): Summary {
  const { name, directions, userAttrs } = study;
  const trials = study.trials.map(({ number, state, values, params, intermediateValues, ...trial }) => ({
    number,
    state,
    values,
    params: { ...params },
    steps: [...intermediateValues.keys()],
    userAttrs: { ...trial.userAttrs },
    systemAttrs: { ...trial.systemAttrs },
  }));
  return plain(JSON.stringify({ name, directions, userAttrs, trials }, infinitiesAsWords));
}

/** Infinity of an attribute is a word of Python's JSON that JSON lacks. */
function plain(json: string): Summary {
  return JSON.parse(json.replace(/(?<!")\bInfinity\b/g, '"inf"')) as Summary;
}

function infinitiesAsWords(_: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? "inf" : value;
}

export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(
    `${what}: got ${JSON.stringify(actual)}, wanted ${JSON.stringify(expected)}`.slice(0, 2000),
  );
}

/** The other side. */
export class Optuna {
  readonly #python: string;

  constructor(python: string) {
    this.#python = python;
  }

  /** Runs a command, and returns the last line of its output. */
  async run(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(this.#python, [SCRIPT, ...args], { maxBuffer: 1 << 26 });
    return stdout.trim().split("\n").at(-1)!;
  }

  async summary(...args: string[]): Promise<Summary> {
    return plain(await this.run(...args));
  }

  /** Starts a command, for a caller who will kill it. */
  spawn(...args: string[]): ChildProcess {
    return spawn(this.#python, [SCRIPT, ...args], { stdio: "ignore" });
  }
}
