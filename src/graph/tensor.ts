import { add } from "../ops/add.ts";
import type { Op, Operand } from "../ops/op.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import { stack as stackOp } from "../ops/stack.ts";
import { transpose } from "../ops/transpose.ts";
import { resolveDim, type Shape, sizeOf } from "../shape.ts";
import type { InputCheck } from "./input-checks.ts";
import { currentRecorder } from "./recorder.ts";

/** How a tensor's elements lie on the GPU, where that is not PyTorch's order. */
export interface Layout {
  /** float32 values that a tensor of this shape takes; more than the shape says where the kernels want padding. */
  elements(shape: Shape): number;
  /** From PyTorch's order to the kernels'. */
  pack(data: Float32Array): Float32Array;
  /** From the kernels' order to PyTorch's. */
  unpack(data: Float32Array): Float32Array;
}

/** The memory a tensor is seen through: another tensor's from element `offset` on, or its own. */
export interface Storage {
  readonly root: Tensor;
  readonly offset: number;
}

/** An op applied to tensors. */
export interface ForwardNode {
  readonly kind: "forward";
  // biome-ignore lint/suspicious/noExplicitAny: a graph holds ops of every attribute type
  readonly op: Op<any>;
  readonly attributes: unknown;
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly Tensor[];
  readonly saved: readonly Tensor[];
}

/** Records an op on tensors in the trace that runs now. @internal */
export function apply<A>(
  where: string,
  op: Op<A>,
  inputs: readonly (Tensor | null)[],
  attributes: A,
): readonly Tensor[] {
  return currentRecorder(where).apply(op, inputs, attributes) as Tensor[];
}

/**
 * A symbolic tensor of a traced function: a shape and where it comes from, no data. Methods are named and behave as
 * PyTorch's.
 */
export class Tensor implements Operand {
  readonly shape: Shape;
  /** The trace it belongs to; `null` for a parameter, which belongs to a model. @internal */
  readonly owner: object | null;
  /** @internal */
  readonly storage: Storage;
  /** Which output of which node it is; `null` for inputs, parameters and intermediates. @internal */
  source: { readonly node: ForwardNode; readonly index: number } | null = null;
  /** @internal */
  layout: Layout | null = null;
  /** What an input's values must be, as the ops that read it ask; `null` for what is no input. @internal */
  checks: InputCheck[] | null = null;

  /** @internal */
  constructor(shape: Shape, owner: object | null, storage?: Storage) {
    this.shape = shape;
    this.owner = owner;
    this.storage = storage ?? { root: this, offset: 0 };
  }

  /** float32 values it takes on the GPU. @internal */
  get elements(): number {
    return this.layout ? this.layout.elements(this.shape) : sizeOf(this.shape);
  }

  /**
   * The slice at `index` of dimension `dim`, which goes away; both may count from the end:
   * `out.select(1, -1)` is PyTorch's `out[:, -1, :]`.
   */
  select(dim: number, index: number): Tensor {
    const d = resolveDim("Tensor.select", dim, this.shape.length);
    const i = index < 0 ? index + this.shape[d]! : index;
    return selectThrough(this, d, i) ?? apply("Tensor.select", select, [this], { dim: d, index: i })[0]!;
  }

  /** Dimensions `dim0` and `dim1` exchanged. */
  transpose(dim0: number, dim1: number): Tensor {
    const a = resolveDim("Tensor.transpose", dim0, this.shape.length);
    const b = resolveDim("Tensor.transpose", dim1, this.shape.length);
    if (a === b) return this;
    const dims = { dim0: Math.min(a, b), dim1: Math.max(a, b) };
    // Exchanging neighbours of which one has size 1 moves no element.
    if (dims.dim1 === dims.dim0 + 1 && (this.shape[a] === 1 || this.shape[b] === 1)) {
      const shape = [...this.shape];
      [shape[a], shape[b]] = [shape[b]!, shape[a]!];
      return this.reshape(shape);
    }
    return apply("Tensor.transpose", transpose, [this], dims)[0]!;
  }

  /** The same elements, in the same order, under another shape; one size may be -1 and is worked out. */
  reshape(shape: Shape): Tensor {
    const known = sizeOf(shape.filter((size) => size !== -1));
    const full = shape.map((size) => (size === -1 ? sizeOf(this.shape) / known : size));
    return apply("Tensor.reshape", reshape, [this], { shape: full })[0]!;
  }

  /** With a dimension of size 1 put in at `dim`. */
  unsqueeze(dim: number): Tensor {
    const d = resolveDim("Tensor.unsqueeze", dim, this.shape.length + 1);
    return this.reshape([...this.shape.slice(0, d), 1, ...this.shape.slice(d)]);
  }

  /** Without dimension `dim`, if its size is 1. */
  squeeze(dim: number): Tensor {
    const d = resolveDim("Tensor.squeeze", dim, this.shape.length);
    return this.shape[d] === 1 ? this.reshape(this.shape.filter((_, i) => i !== d)) : this;
  }

  /** this + other, of the same shape. */
  add(other: Tensor): Tensor {
    return apply("Tensor.add", add, [this, other], undefined)[0]!;
  }
}

/** Tensors of one shape put together along a new first dimension, as `torch.stack(tensors)`. */
export function stack(tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 1) return tensors[0]!.unsqueeze(0);
  return apply("stack", stackOp, tensors, undefined)[0]!;
}

/** A slice that exists already: of a stack, of an op's own last step, or of the tensor before a transpose. */
function selectThrough(tensor: Tensor, dim: number, index: number): Tensor | null {
  if (!tensor.source) return null;
  const { node, index: output } = tensor.source;
  if (node.op === stackOp && dim === 0) return node.inputs[index] ?? null;
  if (node.op === transpose) {
    const { dim0, dim1 } = node.attributes as { dim0: number; dim1: number };
    if (dim1 !== dim0 + 1 || (dim !== dim0 && dim !== dim1)) return null;
    return node.inputs[0]!.select(dim === dim0 ? dim1 : dim0, index);
  }
  const isOwn = output === 0 && dim === 0 && node.op.ownSlice?.(node.inputs, node.attributes) === index;
  return isOwn ? node.outputs[1]! : null;
}
