import { checkInteger, isObject, show } from "../checks.ts";
import { DataError, GraphError, OptionError, StateDictError } from "../errors.ts";
import { BindGroups, Kernel } from "../gpu/kernel.ts";
import type { Parameter } from "../graph/parameter.ts";
import { OnDemand } from "../ondemand.ts";
import { linearGrid } from "../ops/grid.ts";
import { lbfgsGradient } from "../ops/update/lbfgs-gradient.ts";
import { rangesOnDevice, stateOnDevice } from "../plan/parameters.ts";
import type { NDArray } from "../shape.ts";
import type { OptimizerKind } from "./kind.ts";
import type { LbfgsState } from "./lbfgs/minimize.ts";
import type { LbfgsOptions } from "./lbfgs/options.ts";
import { Optimizer } from "./optimizer.ts";
import { boolean, type Check, nonNegative, type ParameterSource, type Settings } from "./param-group.ts";
import { type OptimizerStateDict, type ParameterStateDict, scalarOf } from "./state-dict.ts";

/** LBFGS's steps, its vectors and their kernels. */
export const lbfgsChunk = /* @__PURE__ */ new OnDemand(async () =>
  (await import("./lbfgs/minimize.ts")).lbfgs(Kernel, OnDemand, BindGroups, linearGrid),
);

/** What a closure returns: the loss, such as `step.run({ x, y }).loss`. */
export type LbfgsLoss = number | { item(): number | Promise<number> };

const count: Check = (where, name, value) => checkInteger(where, name, value, 1);

const lbfgsKind: OptimizerKind<LbfgsOptions> = {
  name: "LBFGS",
  defaults: {
    lr: 1,
    maxIter: 20,
    maxEval: null,
    toleranceGrad: 1e-7,
    toleranceChange: 1e-9,
    historySize: 100,
    lineSearchFn: null,
    maximize: false,
  },
  checks: {
    lr: nonNegative,
    maxIter: count,
    maxEval: count,
    toleranceGrad: nonNegative,
    toleranceChange: nonNegative,
    historySize: count,
    lineSearchFn: (where, name, value) => {
      if (value !== null && value !== "strong_wolfe") {
        throw new OptionError(`${where}: ${name} must be "strong_wolfe" or null, got ${show(value)}`);
      }
    },
    maximize: boolean,
  },
  scalars: [],
  allBuffers: ["flat_grad"],
  buffers: () => ["flat_grad"],
  // PyTorch keeps all of it with the first parameter.
  hasState: () => false,
  update: (group, _, range, plan) => lbfgsGradient(range, () => group.maximize, plan),
};

function withMaxEval(options: LbfgsOptions): LbfgsOptions {
  if (typeof options !== "object" || options === null) return options;
  const { maxIter = 20, maxEval } = options;
  return { ...options, maxEval: maxEval ?? Math.floor((maxIter * 5) / 4) };
}

/**
 * L-BFGS (Liu & Nocedal, 1989), as `torch.optim.LBFGS`
 * (https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html), in the form with a closure: a step evaluates loss and
 * gradients several times, on the same data.
 *
 * @example
 * const optimizer = new optim.LBFGS(model.parameters(), { lineSearchFn: "strong_wolfe" });
 * const step = await device.compile(fn, { inputs: { x: [64, 20, 1], y: [64, 1] }, optimizer });
 * const loss = await optimizer.step(() => step.run({ x, y }).loss);
 */
export class LBFGS extends Optimizer<LbfgsOptions> {
  #state: LbfgsState | null = null;
  /** Vectors of a state dict that was loaded, until the next step: each by parameter. */
  #loaded = new Map<string, readonly Float32Array[]>();
  /** Evaluations begun, and the parameters of the latest one. */
  #evaluated = 0;
  #trained: readonly Parameter[] | null = null;
  #isBusy = false;
  /** A Trainer runs each batch once. @internal */
  readonly needsClosure = true;

  constructor(params: ParameterSource<LbfgsOptions>, options: LbfgsOptions = {}, ...more: never[]) {
    super(lbfgsKind, params, withMaxEval(options), more);
    if (this.paramGroups.length > 1) this.addParamGroup();
  }

  /** @internal */
  override addParamGroup(): never {
    throw new OptionError(
      "LBFGS: all parameters must be in one group, as its directions are those of all of them",
    );
  }

  /** Iterations done. */
  override get steps(): number {
    return this.#state?.iterations ?? 0;
  }

  /**
   * Takes one step: up to `maxIter` iterations, each along a direction from the gradients of those before. Reads the loss and a few sums
   * after each evaluation, and one sum for each direction; all vectors stay on the GPU.
   *
   * NaN and infinities go where PyTorch's go, never on without end: a step ends after `maxEval` evaluations at the latest. One that ends where the
   * loss is NaN still returns the loss that it began with; the next step's shows it.
   * @param closure Runs a step that was compiled with this optimizer, which then leaves parameters alone, and returns its loss.
   * @returns the loss of the first evaluation.
   * @throws {@link OptionError} for a closure that is no function or gives no loss, {@link GraphError} for one that runs no such step;
   *   {@link DataError} where the line search meets a loss that is NaN with a slope that is not. After these and whatever the closure throws, the
   *   parameters are those of the latest iteration, and the next step goes on from there. `DeviceLostError` if the device is lost: parameters
   *   and state are gone with it; build the model anew on another device and load a checkpoint.
   */
  override async step(closure: () => LbfgsLoss | Promise<LbfgsLoss>): Promise<number> {
    if (typeof closure !== "function") {
      throw new OptionError(
        `LBFGS.step: expected a function that gives the loss, such as () => step.run({ x, y }).loss, got ${show(closure)}`,
      );
    }
    if (this.#isBusy)
      throw new GraphError("LBFGS.step: await the step before; its closure moves the parameters");
    const parameters = this.parameters;
    const ranges = rangesOnDevice(parameters);
    if (ranges.length === 0) {
      throw new GraphError("LBFGS.step: compile a step with { optimizer } first; the closure runs it");
    }
    this.#isBusy = true;
    try {
      await lbfgsChunk.load();
      for (const [name, parts] of this.#loaded) {
        for (const [i, data] of parts.entries()) {
          stateOnDevice(this, parameters[i]!)!.write("LBFGS.step", name, data);
        }
      }
      this.#loaded.clear();
      this.#state ??= { evaluations: 0, iterations: 0, t: null, pairs: [], scale: 1, previousLoss: 0 };
      const settings = this.paramGroups[0] as Settings<LbfgsOptions>;
      const state = this.#state;
      const evaluate = () => this.#evaluate(closure);
      const failure = (what: string) => new DataError(`LBFGS.step: ${what}`);
      return await lbfgsChunk.module.step({ optimizer: this, ranges, settings, state, evaluate, failure });
    } finally {
      this.#isBusy = false;
      this.#haveMoved();
    }
  }

  /** Weights in half precision follow what a step does between two evaluations. */
  #haveMoved(): void {
    for (const parameter of this.parameters) parameter.revision++;
  }

  async #evaluate(
    closure: () => LbfgsLoss | Promise<LbfgsLoss>,
  ): Promise<{ readonly loss: Promise<number> }> {
    const before = this.#evaluated;
    this.#haveMoved();
    const given = await closure();
    if (this.#evaluated === before) {
      throw new GraphError(
        "LBFGS.step: the closure ran no step that was compiled with this optimizer; its gradients are what the optimizer needs",
      );
    }
    const item = async () => {
      const loss = typeof given === "number" ? given : await given?.item?.();
      if (typeof loss === "number") return loss;
      throw new OptionError(
        `LBFGS.step: the closure must return the loss, such as step.run({ x, y }).loss, got ${show(given)}`,
      );
    };
    return { loss: item() };
  }

  /** @internal */
  override beginStep(parameters: readonly Parameter[]): () => void {
    const before = this.#trained;
    if (before && (before.length !== parameters.length || before.some((one, i) => one !== parameters[i]))) {
      throw new GraphError(
        "LBFGS: other parameters were frozen or left out of the loss than before; make a new LBFGS of those to train",
      );
    }
    this.#trained = parameters;
    this.#evaluated++;
    return () => {};
  }

  override async stateDict(): Promise<OptimizerStateDict> {
    const state = this.#state;
    if (!state) return super.stateDict();
    const { evaluations, iterations, t, pairs, scale, previousLoss } = state;
    const counts = { func_evals: evaluations, n_iter: iterations };
    const vector = (name: string) => this.#read(name);
    const all = (name: string) => Promise.all(pairs.map(({ slot }) => vector(`${name}.${slot}`)));
    if (t === null) return { ...(await super.stateDict()), state: { 0: counts } };
    const ro = pairs.map(({ ro }) => ({ data: Float32Array.of(ro), shape: [] }));
    // All reads start before the first await, so that they see one moment's state while training goes on.
    const [groups, d, old_dirs, old_stps, prev_flat_grad] = await Promise.all([
      super.stateDict(),
      vector("d"),
      all("old_dirs"),
      all("old_stps"),
      vector("prev_flat_grad"),
    ]);
    const own: ParameterStateDict = {
      ...counts,
      d,
      t,
      old_dirs,
      old_stps,
      ro,
      H_diag: scale,
      prev_flat_grad,
      prev_loss: previousLoss,
    };
    return { ...groups, state: { 0: own } };
  }

  /** A vector as PyTorch has it: one parameter after the other. */
  async #read(name: string): Promise<NDArray> {
    const where = "LBFGS.stateDict";
    const parts = await Promise.all(
      this.parameters.map(
        (parameter, i) => this.#loaded.get(name)?.[i] ?? stateOnDevice(this, parameter)!.read(where, name),
      ),
    );
    const data = new Float32Array(this.#elements);
    let at = 0;
    for (const part of parts) {
      data.set(part, at);
      at += part.length;
    }
    return { data, shape: [data.length] };
  }

  get #elements(): number {
    return this.parameters.reduce((sum, { elements }) => sum + elements, 0);
  }

  override loadStateDict(dict: OptimizerStateDict): void {
    const where = "LBFGS.loadStateDict";
    const saved: unknown = isObject(dict) && isObject(dict.state) ? dict.state[0] : undefined;
    const loaded = new Map<string, readonly Float32Array[]>();
    const state = saved === undefined ? null : this.#readState(where, saved, loaded);
    super.loadStateDict(isObject(dict) && isObject(dict.state) ? { ...dict, state: {} } : dict);
    this.#state = state;
    this.#loaded = loaded;
  }

  #readState(where: string, saved: unknown, loaded: Map<string, readonly Float32Array[]>): LbfgsState {
    const wrong = (name: string, expected: string, got: unknown) =>
      new StateDictError(
        `${where}: the state dict does not fit, nothing was loaded: state 0 must have ${name} as ${expected}, got ${show(got)}`,
      );
    if (!isObject(saved)) throw wrong("func_evals, n_iter, …", "an object", saved);
    // NaN and infinities of a run that has diverged load too, as in PyTorch.
    const number = (name: string, value: unknown = saved[name], isFit = (_: number) => true): number => {
      const found = scalarOf(value);
      if (found === null || !isFit(found)) throw wrong(name, "a number", value);
      return found;
    };
    const list = (name: string, length?: number): readonly unknown[] => {
      const value = saved[name];
      if (Array.isArray(value) && (length === undefined || value.length === length)) return value;
      throw wrong(name, length === undefined ? "a list" : `a list of ${length}`, value);
    };
    const total = this.#elements;
    const vector = (name: string, value: unknown, as: string) => {
      const data = isObject(value) ? value["data"] : undefined;
      if (!(data instanceof Float32Array) || data.length !== total) {
        throw wrong(name, `{ data: Float32Array of ${total}, shape }`, value);
      }
      const parts: Float32Array[] = [];
      let at = 0;
      for (const { elements } of this.parameters) {
        parts.push(data.slice(at, at + elements));
        at += elements;
      }
      loaded.set(as, parts);
    };
    const isCount = (n: number) => Number.isSafeInteger(n) && n >= 0;
    const state: LbfgsState = {
      evaluations: number("func_evals", saved["func_evals"], isCount),
      iterations: number("n_iter", saved["n_iter"], isCount),
      t: null,
      pairs: [],
      scale: 1,
      previousLoss: 0,
    };
    if (state.iterations === 0) return state;
    state.t = number("t");
    state.scale = number("H_diag");
    state.previousLoss = number("prev_loss");
    vector("d", saved["d"], "d");
    vector("prev_flat_grad", saved["prev_flat_grad"], "prev_flat_grad");
    const dirs = list("old_dirs");
    const steps = list("old_stps", dirs.length);
    const ro = list("ro", dirs.length);
    state.pairs = dirs.map((y, slot) => {
      vector(`old_dirs[${slot}]`, y, `old_dirs.${slot}`);
      vector(`old_stps[${slot}]`, steps[slot], `old_stps.${slot}`);
      return { slot, ro: number(`ro[${slot}]`, ro[slot]) };
    });
    return state;
  }
}
