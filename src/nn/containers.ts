import { checkNoMore, show } from "../checks.ts";
import { GraphError, OptionError } from "../errors.ts";
import { Tensor } from "../graph/tensor.ts";
import { foreign, Module } from "./module.ts";

/** A module from one tensor to one tensor, as in a {@link Sequential}. */
export interface Layer extends Module {
  /** Gives the output for an input. */
  forward(x: Tensor): Tensor;
}

/** Modules named by position. Base class of {@link Sequential} and {@link ModuleList}. */
abstract class ModuleArray<M extends Module> extends Module {
  /** The module at a position, counted from 0. */
  [index: number]: M;
  /** Number of modules. */
  readonly length: number = 0;

  /** The module at `index`; -1 is the last. */
  at(index: number): M {
    const found = Array.prototype.at.call(this, index) as M | undefined;
    if (!found || !Number.isInteger(index)) {
      throw new OptionError(
        `${this.constructor.name}.at: index must be an integer from ${-this.length} to ${this.length - 1}, got ${show(index)}`,
      );
    }
    return found;
  }

  /** The modules, in their order. */
  [Symbol.iterator](): Iterator<M> {
    return Array.prototype.values.call(this) as Iterator<M>;
  }

  /** Adds a module at the end. Returns the container itself. */
  append(module: M): this {
    this.check(module);
    Array.prototype.push.call(this, module);
    return this;
  }

  /** Throws an OptionError unless the value is a module. */
  protected check(module: unknown): void {
    if (module instanceof Module) return;
    throw new OptionError(
      `${this.constructor.name}: expected modules such as nn.Linear, got ${show(module)}${foreign(module)}`,
    );
  }
}

/**
 * Calls modules one after the other, as `torch.nn.Sequential`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html). State-dict keys begin with the position:
 * `0.weight`.
 *
 * @example
 * const head = new nn.Sequential(new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 1));
 * const y = head.forward(x); // [N, 64] to [N, 1]
 * const keys = [...(await head.stateDict()).keys()]; // 0.weight, …
 */
export class Sequential extends ModuleArray<Layer> {
  constructor(...modules: Layer[]) {
    super();
    for (const module of modules) this.append(module);
  }

  /** @param x Input of the first module. @returns Output of the last one. */
  forward(x: Tensor): Tensor {
    let value = x;
    for (const [name, module] of this.namedChildren()) {
      value = (module as Layer).forward(value);
      if (!(value instanceof Tensor)) {
        throw new GraphError(
          `Sequential.forward: module ${name}, a ${module.constructor.name}, must return a tensor, got ${show(value)}; ` +
            "call one that returns more, such as an LSTM, in a module of your own",
        );
      }
    }
    return value;
  }

  protected override check(module: unknown): void {
    super.check(module);
    if (typeof (module as Partial<Layer>).forward === "function") return;
    throw new OptionError(`Sequential: module ${this.length}, ${show(module)}, has no forward()`);
  }
}

/**
 * A list of modules whose parameters belong to the model, as `torch.nn.ModuleList`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html). State-dict keys begin with the position.
 *
 * @example
 * const layers = new nn.ModuleList([new nn.Linear(8, 8), new nn.Linear(8, 8)]);
 * let y = x; // [N, 8]
 * for (const layer of layers) y = y.add(layer.forward(y).relu());
 */
export class ModuleList<M extends Module = Module> extends ModuleArray<M> {
  constructor(modules: Iterable<M> = [], ...more: never[]) {
    super();
    checkNoMore("ModuleList", more, "give it one array of all modules");
    this.extend(modules);
  }

  /** Adds modules at the end. Returns the list itself. */
  extend(modules: Iterable<M>): this {
    if (typeof modules?.[Symbol.iterator] !== "function") {
      throw new OptionError(`ModuleList: expected an array of modules, got ${show(modules)}`);
    }
    const all = [...modules];
    for (const module of all) this.check(module);
    for (const module of all) this.append(module);
    return this;
  }
}
