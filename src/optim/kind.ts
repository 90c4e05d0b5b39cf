import type { Dispatch, PlanSettings } from "../ops/op.ts";
import type { UpdateRange } from "../ops/update/parameter-update.ts";
import type { Checks, Settings } from "./param-group.ts";

/** How far the steps of some parameters are, which have always been stepped together. */
export interface Clock {
  step: number;
  /** NAdam's product of momentum factors. */
  muProduct: number;
  /** Whether SGD's momentum buffer has begun, and whether it begins with the step that runs now. */
  buffered: boolean;
  isFirst: boolean;
}

/** What makes an optimizer the one it is. */
export interface OptimizerKind<O extends object> {
  /** The class's name, as errors begin with it. */
  readonly name: string;
  readonly defaults: Settings<O>;
  readonly checks: Checks<O>;
  /** Numbers that PyTorch's state dict has for every parameter, beside the buffers. */
  readonly scalars: readonly ("step" | "mu_product")[];
  /** Throws for settings that do not go together. */
  together?(where: string, settings: Settings<O>): void;
  /** Names of all buffers it may have, as in PyTorch's state dict. */
  readonly allBuffers: readonly string[];
  /** Names of the buffers that these settings ask for. */
  buffers(settings: Settings<O>): readonly string[];
  /** What buffers hold before the first step, where that is not 0; the state dict then has them from the start. */
  initial?(defaults: Settings<O>): number;
  /** What else happens on the host at the start of a step, which is counted already. */
  tick?(settings: Settings<O>, clock: Clock): void;
  /** The update of one range; `clock` gives the parameters' own at replay. */
  update(group: Settings<O>, clock: () => Clock, range: UpdateRange, plan: PlanSettings): Dispatch;
}
