import { listed } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Callback } from "./callbacks.ts";
import type { SavedCallback } from "./state.ts";

/** A run's callbacks, in their order. */
export class CallbackList {
  readonly #callbacks: readonly Callback[];
  #acting = false;

  constructor(callbacks: readonly Callback[]) {
    this.#callbacks = callbacks;
  }

  /** Whether {@link act} is under way: callbacks may have changed some of the run and not the rest. */
  get acting(): boolean {
    return this.#acting;
  }

  /** Whether a callback has `onSettled`. */
  get settles(): boolean {
    return this.#callbacks.some(({ onSettled }) => onSettled);
  }

  /** Calls a method that may change the run; no snapshot can be taken meanwhile. */
  async act(call: (callback: Callback) => unknown): Promise<void> {
    this.#acting = true;
    try {
      await this.each(call);
    } finally {
      this.#acting = false;
    }
  }

  /** Calls a method of one callback after the other, and waits for a promise, or anything else with `then`, that it returns. */
  async each(call: (callback: Callback) => unknown): Promise<void> {
    for (const callback of this.#callbacks) {
      const answer = call(callback);
      if (isThenable(answer)) await answer;
    }
  }

  /** The states of all callbacks that have one, as they are at the call. */
  async save(): Promise<readonly SavedCallback[]> {
    const own = this.#callbacks.filter((callback) => callback.state);
    const states = own.map((callback) => Promise.resolve(callback.state!()));
    return Promise.all(own.map(async ({ name }, i) => ({ name: name!, state: await states[i]! })));
  }
}

/** Whether `await` waits for a value: a promise, or a `Fit`, which trains only when it is awaited. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}

/**
 * Gives callbacks the states that {@link CallbackList.save} gave.
 * @throws OptionError unless the callbacks with a state have the saved names, in that order
 */
export function restoreCallbacks(
  where: string,
  callbacks: readonly Callback[],
  saved: readonly SavedCallback[],
): void {
  const own = callbacks.filter((callback) => callback.state);
  const names = (list: readonly { readonly name?: string }[]) =>
    listed(list.map(({ name }) => String(name))) || "none";
  if (own.length !== saved.length || own.some(({ name }, i) => name !== saved[i]!.name)) {
    throw new OptionError(
      `${where}: the checkpoint was taken with the callbacks ${names(saved)}, got ${names(own)}; give the same ones in the ` +
        "same order",
    );
  }
  for (const [i, callback] of own.entries()) callback.setState!(saved[i]!.state);
}
