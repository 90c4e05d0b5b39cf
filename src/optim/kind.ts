import type { Dispatch, PlanSettings } from "../ops/op.ts";
import type { UpdateRange } from "../ops/update/parameter-update.ts";
import type { Checks, Settings } from "./param-group.ts";

/** Numbers and flags that a kind of optimizer keeps on the host, by name. */
type OwnState = Readonly<Record<string, number | boolean>>;

/** Counts the steps of parameters that have been updated together from the start. */
export interface Clock<S extends OwnState = OwnState> {
  /** Steps done. */
  step: number;
  /** The kind's own numbers; every step replaces the object. */
  own: S;
}

/** One optimization algorithm: its settings, its state and its update. */
export interface OptimizerKind<O extends object, S extends OwnState = OwnState> {
  /** The class's name, as errors begin with it. */
  readonly name: string;
  readonly defaults: Settings<O>;
  readonly checks: Checks<O>;
  /** Throws for settings that exclude each other. */
  together?(where: string, settings: Settings<O>): void;

  /** {@link Clock.own} before the first step; `{}` if not given. */
  readonly own?: S;
  /** {@link Clock.own} for the step that begins now; `clock.step` counts it already. */
  tick?(settings: Settings<O>, clock: Clock<S>): S;

  /** Names of all buffers it may have, as in PyTorch's state dict. */
  readonly allBuffers: readonly string[];
  /** Names of the buffers that these settings need. */
  buffers(settings: Settings<O>): readonly string[];
  /** Initial value of the buffers, if it is not 0; the state dict then has them from the start. */
  initial?(defaults: Settings<O>): number;

  /** Numbers that PyTorch's state dict has for every parameter beside the buffers: `step`, and names of {@link own}. */
  readonly scalars: readonly string[];
  /** Whether PyTorch's state dict has an entry for a parameter; by default it has one from the first step on. */
  hasState?(settings: Settings<O>, clock: Clock<S>): boolean;
  /** {@link Clock.own} of a parameter whose buffers were loaded from a state dict; as it was if not given. */
  withBuffers?(own: S): S;

  /** The dispatch that updates one range; `clock` is called at replay and gives the parameters' clock. */
  update(group: Settings<O>, clock: () => Clock<S>, range: UpdateRange, plan: PlanSettings): Dispatch;
}

/** The clock of parameters before their first step. */
export function newClock<O extends object>({ own = {} }: OptimizerKind<O>): Clock {
  return { step: 0, own };
}
