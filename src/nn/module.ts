import { checkBoolean, checkNoMore, checkOptions, isObject, listed, shorten, show } from "../checks.ts";
import { DisposedError, OptionError, StateDictError } from "../errors.ts";
import { noteModule } from "../graph/holders.ts";
import { Buffer, Parameter } from "../graph/parameter.ts";
import { recording } from "../graph/tensor.ts";
import { type NDArray, sameShape, showShape, sizeOf } from "../shape.ts";
import { addHook, type ForwardHook, type ForwardPreHook, type HookHandle } from "./forward-hooks.ts";

/** What an error says of a value beside its class: whether it is a module or a parameter of another copy of the library. */
export function foreign(value: unknown): string {
  const { namedChildren, moveTo } = (value ?? {}) as Partial<Module & Parameter>;
  const isForeign =
    typeof (namedChildren ?? moveTo) === "function" &&
    !(value instanceof Module || value instanceof Parameter);
  return isForeign ? " of another copy of webgpu-lstm; load the library once" : "";
}

/**
 * Base class of models and layers, as `torch.nn.Module`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html). Finds parameters and modules assigned to fields, in the order of
 * assignment, and names them after the field.
 *
 * @example
 * class Forecaster extends nn.Module {
 *   readonly lstm = new nn.LSTM(1, 50, { batchFirst: true });
 *   readonly fc = new nn.Linear(50, 1);
 *
 *   forward(x: Tensor): Tensor {
 *     return this.fc.forward(this.lstm.forward(x).output.select(1, -1)); // [N, T, 1] to [N, 1]
 *   }
 * }
 */
export class Module {
  /** Whether the module is in training mode; set by {@link train} and {@link eval}. */
  training = true;
  #registered = new Map<string, Parameter>();

  // A layer without a constructor of its own hands its arguments on: it has none.
  constructor(...more: never[]) {
    checkNoMore(this.constructor.name, more);
    noteModule(this);
  }

  /** Adds a parameter under a name that is not a field of the class. The module then has it as a property that cannot be replaced. */
  protected registerParameter(name: string, parameter: Parameter): void {
    this.#registered.set(name, parameter);
    if (name in this) return;
    const set = () => {
      throw new OptionError(
        `${this.constructor.name}: ${name} cannot be replaced; write(data) changes its values`,
      );
    };
    Object.defineProperty(this, name, { get: () => parameter, set, configurable: true });
  }

  /**
   * Adds a tensor that is not learned under a name that is not a field of the class, as `torch.nn.Module.register_buffer`.
   * @param options `persistent`, default true: whether it is in the state dict.
   */
  registerBuffer(name: string, buffer: Buffer, options: { readonly persistent?: boolean } = {}): void {
    const where = "Module.registerBuffer";
    checkOptions(where, options, ["persistent"]);
    const { persistent = true } = options;
    checkBoolean(where, "persistent", persistent);
    if (!(buffer instanceof Buffer)) {
      throw new OptionError(
        `${where}: ${show(name)} must be a Buffer, got ${show(buffer)}${foreign(buffer)}`,
      );
    }
    if (
      typeof name !== "string" ||
      !/^[^.]+$/.test(name) ||
      Object.hasOwn(this, name) ||
      this.#registered.has(name)
    ) {
      throw new OptionError(
        `${where}: name must be a text without a dot that the ${this.constructor.name} does not have yet, got ${show(name)}`,
      );
    }
    buffer.persistent = persistent;
    this.#registered.set(name, buffer);
  }

  /**
   * Calls `hook` before every `forward`; what it returns, an array, takes the place of the arguments. A compiled step has the hooks that were
   * there when it was compiled for a shape.
   */
  registerForwardPreHook(hook: ForwardPreHook<this>): HookHandle {
    return addHook("Module.registerForwardPreHook", this, "before", hook);
  }

  /** Calls `hook` after every `forward`, as {@link registerForwardPreHook}; what it returns, if anything, takes the place of the result. */
  registerForwardHook(hook: ForwardHook<this>): HookHandle {
    return addHook("Module.registerForwardHook", this, "after", hook);
  }

  /** Sets whether training changes the parameters, here and below: `requiresGrad_(false)` freezes them. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(requiresGrad);
    return this;
  }

  /** All parameters with dotted names, in PyTorch's order: own ones first, then the children's. */
  *namedParameters(prefix = ""): Generator<[string, Parameter]> {
    const seen = new Set<Parameter>();
    for (const [name, parameter] of this.#walk(prefix)) {
      if (parameter instanceof Buffer || seen.has(parameter)) continue;
      seen.add(parameter);
      yield [name, parameter];
    }
  }

  /** The state: own parameters, own buffers, then the children's state. */
  *#walk(prefix: string): Generator<[string, Parameter]> {
    const own = [...this.#registered, ...Object.entries(this)].filter(
      (entry): entry is [string, Parameter] => entry[1] instanceof Parameter,
    );
    for (const [name, value] of Object.entries(this)) {
      const what = foreign(value);
      if (what) throw new OptionError(`${this.constructor.name}: ${name} is ${show(value)}${what}`);
    }
    const isBuffer = ([, value]: [string, Parameter]) => value instanceof Buffer;
    const all = [...own.filter((entry) => !isBuffer(entry)), ...own.filter(isBuffer)];
    for (const [name, child] of this.namedChildren()) all.push(...child.#walk(`${name}.`));
    for (const [name, value] of all) {
      value.givenBy = this;
      yield [prefix + name, value];
    }
  }

  /** All parameters, in PyTorch's order, each once. */
  parameters(): Parameter[] {
    return [...this.namedParameters()].map(([, parameter]) => parameter);
  }

  /** All tensors that are not learned, with dotted names. */
  *namedBuffers(prefix = ""): Generator<[string, Buffer]> {
    for (const [name, value] of this.#walk(prefix)) if (value instanceof Buffer) yield [name, value];
  }

  /** All tensors that are not learned. */
  buffers(): Buffer[] {
    return [...this.namedBuffers()].map(([, buffer]) => buffer);
  }

  /** Modules assigned to fields, by name. */
  *namedChildren(): Generator<[string, Module]> {
    for (const [name, value] of Object.entries(this)) {
      if (value instanceof Module) yield [name, value];
    }
  }

  /** This module, under the empty name, and all modules below it with dotted names, each once. */
  *namedModules(prefix = "", seen: Set<Module> = new Set()): Generator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this.namedChildren()) {
      yield* child.namedModules(prefix ? `${prefix}.${name}` : name, seen);
    }
  }

  /** This module and all modules below it, each once. */
  modules(): Module[] {
    return [...this.namedModules()].map(([, module]) => module);
  }

  /** Calls `fn` with every module below this one, then with this one; useful for initializers. */
  apply(fn: (module: Module) => void): this {
    for (const [, child] of this.namedChildren()) child.apply(fn);
    fn(this);
    return this;
  }

  /**
   * Sets training mode here and in all children. A compiled step follows: its next run uses the new mode. A traced function that
   * sets the mode itself keeps it in every run.
   */
  train(mode = true): this {
    checkBoolean("Module.train", "mode", mode);
    recording.now?.setsMode(this);
    this.training = mode;
    for (const [, child] of this.namedChildren()) child.train(mode);
    return this;
  }

  /** Sets evaluation mode: `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** The state that is saved: without buffers that are not persistent. */
  #saved(prefix = ""): [string, Parameter][] {
    return [...this.#walk(prefix)].filter(([, value]) => !(value instanceof Buffer) || value.persistent);
  }

  /**
   * Every parameter's and buffer's value by name, with PyTorch's keys, order and layout.
   * @param options `prefix`, default none: comes before every name.
   */
  async stateDict(options: { readonly prefix?: string } = {}): Promise<Map<string, NDArray>> {
    checkOptions("Module.stateDict", options, ["prefix"]);
    this.#checkAlive("Module.stateDict");
    const { prefix = "" } = options;
    if (typeof prefix !== "string") {
      throw new OptionError(`Module.stateDict: prefix must be a text, got ${show(prefix)}`);
    }
    const entries = this.#saved(prefix);
    const values = await Promise.all(entries.map(([, parameter]) => parameter.read()));
    const state = new Map(entries.map(([name], i) => [name, values[i]!]));
    for (const name of state.keys()) {
      const get = () => {
        throw new StateDictError(`Module.stateDict: the state is a Map; use state.get(${show(name)})`);
      };
      // As a property of the Map it would be undefined.
      if (!(name in state)) Object.defineProperty(state, name, { get });
    }
    return state;
  }

  /**
   * Replaces every parameter's and buffer's value.
   * @param options `strict`, default true: whether the keys must match exactly.
   * @returns The missing and the unexpected keys: none if strict.
   * @throws `StateDictError` listing missing, unexpected or misshaped entries; then nothing has changed.
   */
  loadStateDict(
    state: ReadonlyMap<string, NDArray> | Readonly<Record<string, NDArray>>,
    options: { readonly strict?: boolean } = {},
  ): { missingKeys: string[]; unexpectedKeys: string[] } {
    if (!isObject(state) || state instanceof Promise || state instanceof Module) {
      throw new OptionError(
        `Module.loadStateDict: expected a Map or an object of tensors by name, as await model.stateDict() gives it, got ${show(state)}`,
      );
    }
    checkOptions("Module.loadStateDict", options, ["strict"]);
    const { strict = true } = options;
    checkBoolean("Module.loadStateDict", "strict", strict);
    this.#checkAlive("Module.loadStateDict");
    const given = state instanceof Map ? state : new Map(Object.entries(state));
    const own = new Map(this.#saved());
    const missingKeys = [...own.keys()].filter((name) => !given.has(name));
    const unexpectedKeys = [...given.keys()].filter((name) => !own.has(name));
    const problems: string[] = [];
    if (strict) {
      for (const name of missingKeys) problems.push(`missing ${name}`);
      for (const name of unexpectedKeys) problems.push(`unexpected ${shorten(String(name))}`);
    }
    for (const [name, { shape }] of own) {
      const value = given.get(name) as NDArray | undefined;
      if (value === undefined) continue;
      if (!(value.data instanceof Float32Array) || !Array.isArray(value.shape)) {
        problems.push(`${name} must be { data: Float32Array, shape }, got ${show(value)}`);
      } else if (!sameShape(value.shape, shape)) {
        problems.push(`${name} must have shape ${showShape(shape)}, got ${showShape(value.shape)}`);
      } else if (value.data.length !== sizeOf(shape)) {
        problems.push(
          `${name} must hold ${sizeOf(shape)} values for ${showShape(shape)}, got ${value.data.length}`,
        );
      }
    }
    if (problems.length > 0) {
      throw new StateDictError(
        `Module.loadStateDict: the state dict does not fit this ${this.constructor.name}, nothing was loaded: ` +
          listed(problems, "; ", 1500),
      );
    }
    for (const [name, parameter] of own) {
      const value = given.get(name);
      if (value) parameter.write(value.data);
    }
    return { missingKeys, unexpectedKeys };
  }

  #checkAlive(where: string): void {
    if (![...this.#walk("")].some(([, { disposed }]) => disposed)) return;
    throw new DisposedError(`${where}: this ${this.constructor.name} was disposed; build a new one`);
  }

  /** Frees the device memory of parameters and buffers; the module cannot be used again. */
  dispose(): void {
    for (const [, parameter] of [...this.#walk("")]) parameter.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
