import { checkNoMore, show } from "../checks.ts";
import { GraphError, OptionError } from "../errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { PlanSettings } from "../ops/op.ts";
import type { UpdateRange } from "../ops/update/parameter-update.ts";
import { stateOnDevice } from "../plan/parameters.ts";
import { training } from "../plan/training.ts";
import type { UpdatePart, Updater } from "../plan/updater.ts";
import { sizeOf } from "../shape.ts";
import { type Clock, newClock, type OptimizerKind } from "./kind.ts";
import {
  type GroupEntry,
  mergeOptions,
  type ParameterSource,
  type ParamGroup,
  type ParamGroupOptions,
  paramGroup,
  readGroups,
  readParameters,
  type Settings,
} from "./param-group.ts";
import { type OptimizerStateDict, readState, type StateHolder, writeState } from "./state-dict.ts";

/**
 * Base class of the optimizers, as `torch.optim.Optimizer`
 * (https://docs.pytorch.org/docs/stable/optim.html). One dispatch updates all parameters of a group. Parameters that the loss
 * does not depend on do not change, and their steps are not counted.
 */
export abstract class Optimizer<O extends object = { readonly lr?: number }> implements Updater {
  /** The settings of a group that is given no others. */
  readonly defaults: Readonly<Settings<O>>;
  readonly #kind: OptimizerKind<O>;
  readonly #entries: GroupEntry<O>[] = [];
  /** Parameters that share a clock have been updated together from the start. */
  readonly #clocks = new Map<Parameter, Clock>();
  /** State of parameters that no step has updated yet, by buffer. */
  readonly #waiting = new Map<Parameter, Map<string, Float32Array>>();

  /** @internal */
  constructor(kind: OptimizerKind<O>, source: ParameterSource<O>, options: O, more: readonly never[]) {
    checkNoMore(kind.name, more);
    this.#kind = kind;
    const groups = readGroups(kind.name, source);
    this.defaults = Object.freeze(mergeOptions<O>(kind.name, kind.defaults, options));
    for (const group of groups) this.#add(kind.name, group);
  }

  /**
   * Groups of parameters with their settings (`lr`, …). A setting may be changed at any time, and applies from the next step on.
   * Setting an invalid value throws and changes nothing.
   */
  get paramGroups(): readonly ParamGroup<O>[] {
    return this.#entries.map(({ group }) => group);
  }

  /** All parameters, group by group. */
  get parameters(): readonly Parameter[] {
    return this.paramGroups.flatMap(({ params }) => params);
  }

  /** Learning rate of the first group; setting it sets every group's. */
  get lr(): number {
    return (this.paramGroups[0] as unknown as { lr: number }).lr;
  }

  set lr(value: number) {
    const lr = "lr" as keyof O;
    this.#kind.checks[lr](this.#kind.name, "lr", value);
    for (const group of this.paramGroups) (group as unknown as { lr: number }).lr = value;
  }

  /** Number of steps done, by the parameter with the most. */
  get steps(): number {
    return Math.max(...[...this.#clocks.values()].map(({ step }) => step));
  }

  /**
   * Adds parameters with settings of their own. Steps that were compiled before are planned again at their next run.
   * @throws {@link OptionError} for a parameter that is in a group already, or an invalid option. Nothing changes then.
   */
  addParamGroup(group: ParamGroupOptions<O>): void {
    this.#add(`${this.#kind.name}.addParamGroup`, group);
  }

  /**
   * The optimizer's state, with the structure and the keys of PyTorch's `Optimizer.state_dict()`. Waits for the GPU. After
   * {@link loadStateDict} training continues bit for bit on the same adapter.
   */
  stateDict(): Promise<OptimizerStateDict> {
    return readState(this.#holder());
  }

  /**
   * Loads a state dict of the same optimizer, from here or from PyTorch, including the groups' settings.
   * @throws {@link StateDictError} naming what does not fit. Nothing changes then.
   */
  loadStateDict(state: OptimizerStateDict): void {
    writeState(this.#holder(), state);
  }

  /** PyTorch's; a compiled step does this. @internal */
  step(..._: readonly never[]): unknown {
    throw new GraphError(
      `${this.#kind.name}.step, ${this.#kind.name}.zeroGrad: compile a step with { optimizer }; its run() computes new gradients and updates`,
    );
  }

  /** @internal */
  zeroGrad(): unknown {
    return Optimizer.prototype.step.call(this);
  }

  #holder(): StateHolder<O> {
    return {
      optimizer: this,
      kind: this.#kind,
      defaults: this.defaults,
      entries: this.#entries,
      clocks: this.#clocks,
      waiting: this.#waiting,
    };
  }

  #add(where: string, options: ParamGroupOptions<O>): void {
    const { name, checks, together, initial } = this.#kind;
    if (typeof options !== "object" || options === null || !("params" in options)) {
      throw new OptionError(`${where}: a group must be { params, … }, got ${show(options)}`);
    }
    const params = readParameters(where, options.params);
    if (new Set([...this.#clocks.keys(), ...params]).size < this.#clocks.size + params.length) {
      throw new OptionError(`${where}: a parameter was given twice; leave it in one group alone`);
    }
    const settings = mergeOptions<O>(where, this.defaults, options, ["params"]);
    const entry = paramGroup<O>(name, params, settings, checks, together);
    const { group } = entry;
    this.#entries.push(entry);
    const clock = newClock(this.#kind);
    const start = initial?.(this.defaults) ?? 0;
    for (const parameter of params) {
      this.#clocks.set(parameter, clock);
      if (start === 0) continue;
      const filled = () => new Float32Array(sizeOf(parameter.shape)).fill(start);
      this.#waiting.set(parameter, new Map(this.#kind.buffers(group).map((buffer) => [buffer, filled()])));
    }
  }

  /** @internal */
  get training(): typeof training {
    return training;
  }

  /** @internal */
  get planKey(): string {
    const numbers = new Map<Clock, number>();
    return this.paramGroups
      .map((group) => {
        const clocks = group.params.map((parameter) => {
          const clock = this.#clocks.get(parameter)!;
          if (!numbers.has(clock)) numbers.set(clock, numbers.size);
          return parameter.requiresGrad ? numbers.get(clock) : "frozen";
        });
        return `${this.#kind.buffers(group)}:${clocks}`;
      })
      .join(";");
  }

  /** @internal */
  updateParts(parameters: readonly Parameter[]): UpdatePart[] {
    for (const [parameter, buffers] of this.#waiting) {
      const state = stateOnDevice(this, parameter);
      if (!state) continue;
      for (const [name, data] of buffers) state.write("device.compile", name, data);
    }
    const wanted = new Set(parameters);
    return this.paramGroups.flatMap((group) => {
      const parts = new Map<Clock, Parameter[]>();
      for (const parameter of group.params) {
        if (!wanted.has(parameter)) continue;
        const clock = this.#clocks.get(parameter)!;
        parts.set(clock, [...(parts.get(clock) ?? []), parameter]);
      }
      return [...parts.values()].map((part) => ({
        parameters: part,
        buffers: this.#kind.buffers(group),
        update: (range: UpdateRange, plan: PlanSettings) =>
          this.#kind.update(group, () => this.#clocks.get(part[0]!)!, range, plan),
      }));
    });
  }

  /** @internal */
  beginStep(parameters: readonly Parameter[]): () => void {
    const stepped = new Set(parameters);
    for (const parameter of stepped) this.#waiting.delete(parameter);
    const undo: (() => void)[] = [];
    for (const group of this.paramGroups) {
      const clocks = new Set(group.params.map((parameter) => this.#clocks.get(parameter)!));
      for (const clock of clocks) {
        const together = group.params.filter((parameter) => this.#clocks.get(parameter) === clock);
        const moved = together.filter((parameter) => stepped.has(parameter));
        if (moved.length === 0) continue;
        const current = moved.length === together.length ? clock : { ...clock };
        for (const parameter of moved) this.#clocks.set(parameter, current);
        const before = { ...current };
        current.step++;
        if (this.#kind.tick) current.own = this.#kind.tick(group, current);
        const { step } = current;
        undo.push(() => {
          // After further steps only the count can be corrected.
          if (current.step === step) Object.assign(current, before);
          else current.step--;
        });
      }
    }
    return () => {
      for (const one of undo) one();
    };
  }
}
