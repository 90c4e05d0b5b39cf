import { checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Batches, Callback, Trainer } from "../train/index.ts";

/** What a worker's `create` makes for the page. */
export interface Served {
  readonly trainer: Trainer;
  /** What `fit`, `evaluate` and `measure` can be given, by name. */
  readonly loaders: Readonly<Record<string, Batches>>;
  /** What `fit` can be given as callbacks, by name. They run in the worker. */
  readonly callbacks?: Readonly<Record<string, Callback>>;
  /** Anything else that the page can call, by name, with values that can be cloned. */
  // biome-ignore lint/suspicious/noExplicitAny: the page's arguments are whatever the app agrees on with itself
  readonly actions?: Readonly<Record<string, (...args: any[]) => unknown>>;
  /** Called when the page disposes its trainer, before the worker ends. */
  dispose?(): unknown;
}

export function checkServed(served: unknown): asserts served is Served {
  const where = "serve: create";
  const { trainer, loaders, callbacks = {}, actions = {} } = (served ?? {}) as Partial<Served>;
  // Not instanceof: the page's half of this entry would bring the whole library with it.
  if (typeof trainer?.fit !== "function" || typeof loaders !== "object" || loaders === null) {
    throw new OptionError(`${where} must give { trainer, loaders: { train: loader } }, got ${show(served)}`);
  }
  checkOptions(where, served as object, ["trainer", "loaders", "callbacks", "actions", "dispose"]);
  for (const [name, action] of Object.entries(actions)) {
    if (typeof action !== "function") {
      throw new OptionError(`${where}: action ${show(name)} must be a function, got ${show(action)}`);
    }
  }
  if (typeof callbacks !== "object") {
    throw new OptionError(`${where}: callbacks must be given by name, got ${show(callbacks)}`);
  }
}

/** What is served under a name. */
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
