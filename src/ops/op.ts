import type { AdapterFacts } from "../gpu/adapter-facts.ts";
import type { Kernel } from "../gpu/kernel.ts";
import type { Shape } from "../shape.ts";

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
  /** float32 values it takes on the GPU: as many as its shape says, unless its layout pads it. @internal */
  readonly elements: number;
}

/** One kernel launch, with operands in place of buffers. What an op becomes. */
export interface Dispatch<P extends string = string, B extends string = string> {
  readonly kernel: Kernel<P, B>;
  /** The uniform struct. A function is called before every replay: it gives what changes from step to step. */
  readonly params: Readonly<Record<P, number>> | (() => Readonly<Record<P, number>>);
  /** Storage bindings by name; `null` where the kernel, told by its params, does not touch one. */
  readonly bindings: Readonly<Record<B, Operand | null>>;
  /** Workgroups. */
  readonly grid: readonly [x: number, y: number, z: number];
  /** Floating-point operations, a multiply-add counting 2. */
  readonly flops: number;
  /** Bytes the algorithm has to read and write at least. */
  readonly bytes: number;
}

/** Gives a dispatch its types: names of params and bindings are checked against the kernel's. */
export function dispatch<P extends string, B extends string>(description: Dispatch<P, B>): Dispatch {
  return description as unknown as Dispatch;
}

/**
 * Kernel versions to use whatever the adapter's facts say: for tests, and for a run planned as another was. Where a
 * version cannot do a given size, or the device lacks what it needs, the plain one is used.
 */
export interface VersionPins {
  readonly gemm?: "register" | "shared" | "lanes4";
  readonly recurrent?: "cell" | "step" | "sequence4";
}

/** What chooses between kernel versions. */
export interface VersionChooser {
  /**
   * Chooses a version: the pinned one, the one that was timed to be the fastest, or the one that is predicted to be.
   * @param what What for: versions are timed once for each `what`, so it names no size beyond what decides.
   * @param micros Predicted time of each version that can do it; one that cannot is left out. The first takes the place of a
   * pinned version that cannot.
   * @param trial Dispatches by which a version can be timed: some of the work, for about TRIAL_MICROS by the best prediction.
   */
  choose<V extends string>(
    what: string,
    pin: V | undefined,
    micros: Readonly<Partial<Record<V, number>>>,
    trial: (version: V) => Dispatch[],
  ): V;
}

/** What planning goes by. */
export interface PlanSettings {
  readonly facts: AdapterFacts;
  readonly pins: VersionPins;
  /** Chooses between versions, and keeps an account of it. */
  readonly choices: VersionChooser;
  /** The largest number of workgroups along one axis of a grid. */
  readonly maxGrid: number;
}

/** What an op is given to plan its dispatches. */
export interface PlanContext extends PlanSettings {
  /** An intermediate that lives only within this op's forward or backward dispatches. */
  temporary(shape: Shape): Operand;
  /** The part of an operand from element `offset` on (a multiple of 64), under a shape of its own. */
  view(operand: Operand, offset: number, shape: Shape): Operand;
}

/** Operands of an op's forward pass. */
export interface ForwardOperands {
  /** `null` for an optional input that is not given. */
  readonly inputs: readonly (Operand | null)[];
  /** `null` for an output nobody reads. */
  readonly outputs: readonly (Operand | null)[];
  /** Intermediates kept for the backward pass. */
  readonly saved: readonly Operand[];
  /** Whether the backward pass follows in the same program. */
  readonly differentiated: boolean;
  /** Where the gradient of the first input goes, that of the output being 1: for ops that say so, in place of a backward pass. */
  readonly gradInput: Operand | null;
}

/** Operands of an op's backward pass. */
export interface BackwardOperands {
  readonly inputs: readonly (Operand | null)[];
  readonly saved: readonly Operand[];
  /** `null` for an output that does not reach the loss. */
  readonly gradOutputs: readonly (Operand | null)[];
  /** Where the gradients go; `null` for an input whose gradient nobody wants. */
  readonly gradInputs: readonly (Operand | null)[];
}

/** An output: its own storage, or a view of a saved intermediate from element `offset` on (a multiple of 64). */
export interface OutputSpec {
  readonly shape: Shape;
  readonly view?: { readonly saved: number; readonly offset: number };
}

/** What an op's result looks like. */
export interface ResultSpec {
  readonly outputs: readonly OutputSpec[];
  readonly saved?: readonly Shape[];
}

/** An operation on tensors: the shapes it gives, and the dispatches of its forward and backward pass. */
export interface Op<Attributes = unknown> {
  readonly name: string;
  /** The slice along the first dimension of output 0 that output 1 holds, if any: selecting that costs nothing. */
  ownSlice?(inputs: readonly (Operand | null)[], attributes: Attributes): number | null;
  /** Whether the backward pass overwrites what was saved, so that an op can be differentiated once in a trace. */
  readonly overwritesSaved?: boolean;
  /** Whether the forward pass can write the gradient of the first input, where that of the output is 1. */
  readonly givesGradient?: true;
  /** Whether the output is a constant to what comes before it: nothing is differentiated through the op. */
  readonly stopsGradient?: true;
  /** Time steps × batch rows × hidden units of a recurrent layer, by which its memory is counted. */
  units?(inputs: readonly (Operand | null)[], attributes: Attributes): number;
  /** Where the output's elements are elements of the one input: from an output's index to the input's, row-major. */
  moves?(input: Shape, attributes: Attributes): (index: number) => number;
  /** Shapes of the results; throws a ShapeError that names the public call for inputs that do not fit. */
  infer(inputs: readonly (Operand | null)[], attributes: Attributes): ResultSpec;
  /** Absent where the output is the first input's storage under another shape. */
  forward?(operands: ForwardOperands, attributes: Attributes, plan: PlanContext): Dispatch[];
  /** Absent where the gradient of every input is the gradient of the output, in the input's shape. */
  backward?(operands: BackwardOperands, attributes: Attributes, plan: PlanContext): Dispatch[];
}

/** Grid of one invocation an element for kernels with 64 invocations a workgroup, folded into y past the limit. */
export function linearGrid(elements: number, plan: Pick<PlanContext, "maxGrid">): [number, number, number] {
  const groups = Math.ceil(elements / 64);
  if (groups <= plan.maxGrid) return [groups, 1, 1];
  const y = Math.ceil(groups / plan.maxGrid);
  return [Math.ceil(groups / y), y, 1];
}

/** 1 or 0, as a kernel's params have it. */
export function flag(value: unknown): 0 | 1 {
  return value ? 1 : 0;
}
