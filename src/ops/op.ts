import type { AdapterFacts } from "../gpu/adapter-facts.ts";
import type { Kernel } from "../gpu/kernel.ts";
import type { DeviceLimits } from "../gpu/limits.ts";
import type { OnDemand } from "../ondemand.ts";
import type { Shape } from "../shape.ts";
import type { Grid } from "./grid.ts";

/** The memory that an operand is seen through: another operand's from element `offset` on, or its own. */
export interface Storage {
  readonly root: Operand;
  readonly offset: number;
}

/** A value that dispatches read or write: a tensor of the graph, or an op's own intermediate. */
export interface Operand {
  readonly shape: Shape;
  /** @internal */
  readonly storage: Storage;
  /** float32 values it takes on the GPU: the product of its shape, unless its layout adds padding. @internal */
  readonly elements: number;
}

/** One kernel launch, with operands in place of buffers: what ops are lowered to. */
export interface Dispatch<P extends string = string, B extends string = string> {
  readonly kernel: Kernel<P, B>;
  /** The uniform struct. A function is called before every replay, for values that change from step to step. */
  readonly params: Readonly<Record<P, number>> | (() => Readonly<Record<P, number>>);
  /** Where the uniform struct lies, if a kernel before this one chooses it; `params` are not written then. */
  readonly uniform?: Operand;
  /** Storage bindings by name; `null` for a binding that these params keep the kernel from touching. */
  readonly bindings: Readonly<Record<B, Operand | null>>;
  /** Workgroups. */
  readonly grid: Grid;
  /** Floating-point operations, a multiply-add counting 2. */
  readonly flops: number;
  /** Minimum bytes that the algorithm reads and writes. */
  readonly bytes: number;
}

/** Checks a dispatch's params and bindings against its kernel's names, at compile time. */
export function dispatch<P extends string, B extends string>(description: Dispatch<P, B>): Dispatch {
  return description as unknown as Dispatch;
}

/**
 * Kernel versions to use whatever the adapter's facts say: for tests, and to plan a run exactly as an earlier one. Where a version does
 * not support a size, or the device lacks a feature it needs, the plain version is used.
 */
export interface VersionPins {
  /** Of matrix products. Those of convolutions have `lanes4` too, `rows` for few places, and a plain version in place of the others. */
  readonly gemm?: "register" | "shared" | "rows" | "lanes4";
  /** Of recurrent layers. */
  readonly recurrent?: "cell" | "step" | "split" | "sequence4" | "sequence";
}

/** The same small part of the work by several versions. */
export interface Comparison {
  /** By version; over operands that all share. */
  readonly dispatches: Readonly<Record<string, Dispatch[]>>;
  /** [depth, columns, slots] */
  readonly weight: Operand;
  /** Slots of an operand's last dimension that have values, as bits; the others are zero. */
  readonly slots: ReadonlyMap<Operand | null, number>;
  /** What must come out the same. */
  readonly results: readonly Operand[];
}

/** How versions are compared with a plain one before they are used on hardware. */
export interface Proof<V extends string> {
  /** What a version that is wrong is left out of. */
  readonly of: string;
  readonly plain: V;
  /** Versions that no prediction chooses: only a timing does. */
  readonly timed: readonly V[];
  compare(versions: readonly V[]): Comparison;
}

/** What chooses between kernel versions. */
export interface VersionChooser {
  /**
   * Chooses a version: the pinned one, else the fastest of an earlier timing, else the one with the shortest prediction.
   * @param what What the version is for. Versions are timed once for each `what`, so it names only sizes that decide.
   * @param micros Predicted time of each version that can do it, in µs. The first stands in for a pinned version that cannot.
   * @param trial Dispatches that time a version: a part of the work, about TRIAL_MICROS by the best prediction.
   * @param proof For versions that are compared before they are used.
   */
  choose<V extends string>(
    what: string,
    pin: V | undefined,
    micros: Readonly<Partial<Record<V, number>>>,
    trial: (version: V) => Dispatch[],
    proof?: Proof<V>,
  ): V;
}

/** What planning depends on. */
export interface PlanSettings extends DeviceLimits {
  readonly facts: AdapterFacts;
  readonly pins: VersionPins;
  /** Whether versions are compared with the plain one and timed before they are used. */
  readonly proves: boolean;
  /** Chooses between versions and records the choices. */
  readonly choices: VersionChooser;
}

/** What decides which versions are on offer. */
export interface Offering extends Pick<PlanSettings, "facts" | "pins" | "proves"> {
  /** Whether versions are timed. */
  readonly calibrate: boolean;
}

/** What an op is given to plan its dispatches. */
export interface PlanContext extends PlanSettings {
  /** An intermediate that lives only during this op's forward or backward dispatches. */
  temporary(shape: Shape): Operand;
  /** A view of an operand from element `offset` on (a multiple of 64), with its own shape. */
  view(operand: Operand, offset: number, shape: Shape): Operand;
  /** A grid of exactly so many workgroups: for files that load on demand and import no values. */
  groupGrid(groups: number): Grid;
}

/** Operands of an op's forward pass. */
interface ForwardOperands {
  /** `null` for an optional input that is not given. */
  readonly inputs: readonly (Operand | null)[];
  /** `null` for an output nobody reads. */
  readonly outputs: readonly (Operand | null)[];
  /** Intermediates kept for the backward pass. */
  readonly saved: readonly Operand[];
  /** Whether the backward pass follows in the same program. */
  readonly differentiated: boolean;
  /** Where the gradient of the first input goes, given that the output's is 1; only for ops with `givesGradient`. */
  readonly gradInput: Operand | null;
}

/** Operands of an op's backward pass. */
export interface BackwardOperands {
  readonly inputs: readonly (Operand | null)[];
  readonly saved: readonly Operand[];
  /** `null` for an output that does not reach the loss. */
  readonly gradOutputs: readonly (Operand | null)[];
  /** Where the gradients go; `null` for an input that needs no gradient. */
  readonly gradInputs: readonly (Operand | null)[];
}

/** Lists the dispatches of an op's backward pass. */
export type BackwardPass<Attributes = unknown> = (
  operands: BackwardOperands,
  attributes: Attributes,
  plan: PlanContext,
) => Dispatch[];

/** An output: its own storage, or a view of a saved intermediate from element `offset` on (a multiple of 64). */
interface OutputSpec {
  readonly shape: Shape;
  readonly view?: { readonly saved: number; readonly offset: number };
}

/** Shapes of an op's results and of what it saves. */
interface ResultSpec {
  readonly outputs: readonly OutputSpec[];
  readonly saved?: readonly Shape[];
}

/** An operation on tensors: its result shapes, and the dispatches of its forward and backward pass. */
export interface Op<Attributes = unknown> {
  readonly name: string;
  /** The index along the first dimension of output 0 that output 1 holds, if any: selecting it costs nothing. */
  ownSlice?(inputs: readonly (Operand | null)[], attributes: Attributes): number | null;
  /** Whether the backward pass overwrites what was saved; such an op can be differentiated only once in a trace. */
  readonly overwritesSaved?: boolean;
  /** Whether the forward pass can write the gradient of the first input, given that the output's is 1. */
  readonly givesGradient?: true;
  /** Whether the output is a constant for differentiation: no gradient flows through the op. */
  readonly stopsGradient?: true;
  /** Whether the op takes parameters in the order that the kernels have them in; for others they are brought to PyTorch's. */
  readonly takesLayout?: true;
  /** Time steps × batch rows × hidden units of a recurrent layer: the unit that its memory is reported in. */
  units?(inputs: readonly (Operand | null)[], attributes: Attributes): number;
  /** For an op that only moves elements: maps an index of the output to an index of the input, row-major. */
  moves?(input: Shape, attributes: Attributes): (index: number) => number;
  /**
   * Modules and kernel texts that the op may use to plan a pass, whatever the shapes. `device.compile` loads them before it plans; the
   * texts of kernels that every call dispatches need not be listed.
   */
  needs?(
    pass: "forward" | "backward",
    inputs: readonly (Operand | null)[],
    plan: Offering,
  ): readonly OnDemand<unknown>[];
  /** Shapes of the results; throws a ShapeError that names the public call for inputs that do not fit. */
  infer(inputs: readonly (Operand | null)[], attributes: Attributes): ResultSpec;
  /** Absent if the output is the first input's storage under another shape. */
  forward?(operands: ForwardOperands, attributes: Attributes, plan: PlanContext): Dispatch[];
  /**
   * Absent if every input's gradient is the output's gradient, in the input's shape. Also absent in recurrent layers and in the ops behind
   * the methods of tensors, which every bundle has: `graph/differentiate.ts` joins their backward passes to them, so that a bundle that
   * takes no gradients does without.
   */
  readonly backward?: BackwardPass<Attributes>;
}

/** An op with the backward pass that is joined to it; see {@link Op.backward}. */
export function joined<A>(op: Op<A>, backward: BackwardPass<A>): [Op<never>, BackwardPass<never>] {
  return [op, backward];
}

/** A condition as a kernel's params take it. */
export function flag(value: unknown): 0 | 1 {
  return value ? 1 : 0;
}
