import { checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Batches, Callback, LearningRateSchedule, Scheduler, Trainer } from "../train/index.ts";

/** The result of a worker's `create`: a trainer, and the objects that the page refers to by name. */
export interface Served {
  /** The trainer, whose model and device stay in the worker. */
  readonly trainer: Trainer;
  /** Loaders for `fit` and `evaluate`, by name. */
  readonly loaders: Readonly<Record<string, Batches>>;
  /** Schedulers for `fit`, by name. They step in the worker. */
  readonly schedules?: Readonly<Record<string, Scheduler | LearningRateSchedule>>;
  /** Callbacks for `fit`, by name. They run in the worker. */
  readonly callbacks?: Readonly<Record<string, Callback>>;
  /** Functions that the page can call, by name. Arguments and answers must be values that can be cloned. */
  // biome-ignore lint/suspicious/noExplicitAny: the page's arguments are whatever the app agrees on with itself
  readonly actions?: Readonly<Record<string, (...args: any[]) => unknown>>;
  /** Called when the page disposes its trainer, before the worker ends. */
  dispose?(): unknown;
}

const NAMES = ["trainer", "loaders", "schedules", "callbacks", "actions", "dispose"];

/** Throws an OptionError unless `create` gave what the page can work with. */
export function checkServed(served: unknown): asserts served is Served {
  const where = "serve: create";
  const { trainer, loaders, actions = {}, ...others } = (served ?? {}) as Partial<Served>;
  // instanceof would pull the whole library into the page's half of this entry.
  if (typeof trainer?.fit !== "function" || typeof loaders !== "object" || loaders === null) {
    throw new OptionError(`${where} must give { trainer, loaders: { train: loader } }, got ${show(served)}`);
  }
  checkOptions(where, served as object, NAMES);
  for (const [name, action] of Object.entries(actions)) {
    if (typeof action !== "function") {
      throw new OptionError(`${where}: action ${show(name)} must be a function, got ${show(action)}`);
    }
  }
  for (const name of ["schedules", "callbacks"] as const) {
    if (typeof others[name] === "object" || others[name] === undefined) continue;
    throw new OptionError(`${where}: ${name} must be given by name, got ${show(others[name])}`);
  }
}

/** The entry of this name, or an OptionError that lists the names there are. */
export function named<T>(
  where: string,
  what: string,
  all: Readonly<Record<string, T>> | undefined,
  name: unknown,
): T {
  if (typeof name === "string" && all && Object.hasOwn(all, name)) return all[name]!;
  const names = Object.keys(all ?? {});
  const has = names.length > 0 ? `the worker has ${names.map(show).join(", ")}` : "the worker has none";
  throw new OptionError(`${where}: there is no ${what} ${show(name)}; ${has}`);
}
