import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";

/** Called before a module's `forward`, with its arguments; may return others, in an array. */
export type ForwardPreHook<M> = (module: M, inputs: readonly unknown[]) => readonly unknown[] | undefined;

/** Called after a module's `forward`, with its arguments and what it has returned; may return something else. */
export type ForwardHook<M> = (module: M, inputs: readonly unknown[], output: unknown) => unknown;

/** Takes a hook away again. */
export interface HookHandle {
  /** Removes the hook: it is called no more. */
  remove(): void;
}

interface Hooks {
  readonly before: Map<object, ForwardPreHook<never>>;
  readonly after: Map<object, ForwardHook<never>>;
}

const hooksOf = /* @__PURE__ */ new WeakMap<object, Hooks>();

/** The hooks of a module, whose `forward` calls them from now on. */
function hooked(where: string, module: { readonly forward?: unknown }): Hooks {
  const known = hooksOf.get(module);
  if (known) return known;
  const { forward } = module;
  if (typeof forward !== "function") {
    throw new OptionError(`${where}: a ${module.constructor.name} has no forward() to hook`);
  }
  const hooks: Hooks = { before: new Map(), after: new Map() };
  const value = (...given: unknown[]): unknown => {
    let inputs: readonly unknown[] = given;
    for (const hook of hooks.before.values()) {
      const changed: unknown = hook(module as never, inputs);
      if (changed !== undefined) inputs = Array.isArray(changed) ? changed : [changed];
    }
    let output: unknown = forward.apply(module, inputs);
    for (const hook of hooks.after.values()) output = hook(module as never, inputs, output) ?? output;
    return output;
  };
  Object.defineProperty(module, "forward", { value, configurable: true, writable: true });
  hooksOf.set(module, hooks);
  return hooks;
}

/** Module.registerForwardHook and Module.registerForwardPreHook. */
export function addHook(
  where: string,
  module: object,
  kind: keyof Hooks,
  hook: ForwardPreHook<never> | ForwardHook<never>,
): HookHandle {
  if (typeof hook !== "function")
    throw new OptionError(`${where}: hook must be a function, got ${show(hook)}`);
  const hooks: Map<object, unknown> = hooked(where, module)[kind];
  const handle = { remove: () => void hooks.delete(handle) };
  hooks.set(handle, hook);
  return handle;
}
