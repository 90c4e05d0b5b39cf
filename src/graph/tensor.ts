import { checkNoMore } from "../checks.ts";
import { GraphError } from "../errors.ts";
import type { Op, Operand, Storage } from "../ops/op.ts";
import { unpackGates } from "../ops/recurrent/unpack.ts";
import type { GateOrder } from "../ops/recurrent/unpack-passes.ts";
import { detach } from "../ops/tensor/detach.ts";
import { resolveDim, type Shape, showShape, sizeOf } from "../shape.ts";
import * as functions from "./functions.ts";
import type { Checked, InputCheck } from "./input-checks.ts";
import { pad } from "./pad.ts";
import type { RandomStream } from "./random-streams.ts";
import { Recording } from "./recorder.ts";
import { ReductionMethods } from "./reduction-methods.ts";
import * as views from "./views.ts";

/** The order of a tensor's elements on the GPU, if it is not PyTorch's. */
export interface Layout {
  /** Where the kernels have the gates. */
  readonly order: GateOrder;
  /** Number of float32 values that a tensor of this shape takes, including padding. */
  elements(shape: Shape): number;
  /** From PyTorch's order to the kernels'. */
  pack(data: Float32Array): Float32Array;
  /** From the kernels' order to PyTorch's. */
  unpack(data: Float32Array): Float32Array;
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

/** Holds the recorder of the trace that runs now. @internal */
export const recording: Recording<Tensor> = /* @__PURE__ */ new Recording<Tensor>();

/**
 * Records an op on tensors in the trace that runs now. What lies in the kernels' own order is brought to PyTorch's first, unless the op
 * wants it as it is. @internal
 */
export function apply<A>(
  where: string,
  op: Op<A>,
  inputs: readonly (Tensor | null)[],
  attributes: A,
): readonly Tensor[] {
  const recorder = recording.current(where);
  const inOrder = (input: Tensor | null) => {
    // A buffer has the value that the function gave it last.
    const value = input && (recorder.assignments.get(input)?.value ?? input);
    return value?.layout ? recorder.apply(unpackGates, [value], value.layout.order)[0]! : value;
  };
  return recorder.apply(op, op.takesLayout ? inputs : inputs.map(inOrder), attributes);
}

/**
 * A symbolic tensor of a traced function. It has a shape and no data. Methods have the names and the behaviour of PyTorch's.
 */
export class Tensor extends ReductionMethods<Tensor> implements Operand {
  /** Its sizes, the outermost first. */
  readonly shape: Shape;
  /** The trace it belongs to; `null` for a parameter, which belongs to a model. @internal */
  readonly owner: object | null;
  /** @internal */
  readonly storage: Storage;
  /** Which output of which node it is; `null` for inputs, parameters and intermediates. @internal */
  source: { readonly node: ForwardNode; readonly index: number } | null = null;
  /** @internal */
  layout: Layout | null = null;
  /** @internal */
  checks: InputCheck[] | null = null;
  /** @internal */
  readPart: Checked<Tensor>["readPart"] = null;

  /** @internal */
  constructor(shape: Shape, owner: object | null, storage?: Storage) {
    super();
    this.shape = shape;
    this.owner = owner;
    this.storage = storage ?? { root: this, offset: 0 };
  }

  /** Number of float32 values it takes on the GPU. @internal */
  get elements(): number {
    return this.layout ? this.layout.elements(this.shape) : sizeOf(this.shape);
  }

  /** What an operator, such as `x > 0`, asks for: it would go on with a text that is no number. @internal */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return `Tensor ${showShape(this.shape)}`;
    throw new GraphError("Tensor.valueOf: operators do not compute with tensors; use x.gt(y), x.add(y)");
  }

  /** Records an op and returns its first output, for the functions behind the methods. @internal */
  record<A>(where: string, op: Op<A>, inputs: readonly (Tensor | null)[], attributes: A): Tensor {
    return apply(where, op, inputs, attributes)[0]!;
  }

  /** A stream of random numbers of its own for an op that draws. @internal */
  drawStream(where: string): RandomStream {
    return recording.current(where).random.next();
  }

  /**
   * The slice at `index` of dimension `dim`, without that dimension. Both may count from the end: `out.select(1, -1)` is PyTorch's
   * `out[:, -1, :]`.
   */
  select(dim: number, index: number): Tensor {
    return views.select<Tensor>(this, dim, index);
  }

  /**
   * Part of dimension `dim`: `x.slice(1, a, b, s)` is PyTorch's `x[:, a:b:s]`. Both ends may count from the end, and are clamped
   * to the dimension.
   * @throws {@link ShapeError} if nothing would be left, or `step` is not at least 1.
   */
  slice(dim: number, start?: number, end?: number, step?: number): Tensor {
    return views.slice<Tensor>(this, dim, start, end, step);
  }

  /** Swaps dimensions `dim0` and `dim1`. */
  transpose(dim0: number, dim1: number): Tensor {
    const a = resolveDim("Tensor.transpose", dim0, this.shape.length);
    const b = resolveDim("Tensor.transpose", dim1, this.shape.length);
    return this.permute(this.shape.map((_, dim) => (dim === a ? b : dim === b ? a : dim)));
  }

  /** Reorders the dimensions: dimension i of the result is dimension `dims[i]` of this tensor. */
  permute(dims: readonly number[]): Tensor {
    return views.permute<Tensor>(this, dims);
  }

  /** The same elements, in the same order, in another shape. One size may be -1, and is inferred. */
  reshape(shape: Shape): Tensor {
    return views.reshape<Tensor>(this, shape);
  }

  /** Merges the dimensions from `startDim` to `endDim` into one. */
  flatten(startDim = 0, endDim = -1): Tensor {
    return views.flatten<Tensor>(this, startDim, endDim);
  }

  /** Inserts a dimension of size 1 at `dim`. */
  unsqueeze(dim: number): Tensor {
    const d = resolveDim("Tensor.unsqueeze", dim, this.shape.length + 1);
    return this.reshape([...this.shape.slice(0, d), 1, ...this.shape.slice(d)]);
  }

  /** Removes dimension `dim` if its size is 1, or all dimensions of size 1 if `dim` is not given. */
  squeeze(dim?: number): Tensor {
    if (dim === undefined) return this.reshape(this.shape.filter((size) => size !== 1));
    const d = resolveDim("Tensor.squeeze", dim, this.shape.length);
    return this.shape[d] === 1 ? this.reshape(this.shape.filter((_, i) => i !== d)) : this;
  }

  /** Repeats the tensor to `shape`, along new first dimensions and dimensions of size 1. -1 keeps a size. */
  expand(shape: Shape): Tensor {
    return functions.expand<Tensor>(this, shape);
  }

  /**
   * Extends the last dimensions, as `torch.nn.functional.pad`
   * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html).
   * @param padding Elements to add before and after the last dimension, then the last but one, and so on; negative ones are taken away.
   * @param mode What is added: `value`, the mirror image, the last element, or elements from the other end on.
   * @param value What `"constant"` adds.
   */
  pad(
    padding: readonly number[],
    mode: "constant" | "reflect" | "replicate" | "circular" = "constant",
    value = 0,
    ...more: never[]
  ): Tensor {
    return pad<Tensor>("Tensor.pad", this, padding, mode, value, more);
  }

  /** The same values as a constant: no gradient flows through it. */
  detach(): Tensor {
    const [detached] = apply("Tensor.detach", detach, [this], undefined);
    detached!.layout = this.layout;
    return detached!;
  }

  /** this + other, broadcast as in PyTorch. */
  add(other: Tensor | number, ...more: never[]): Tensor {
    return functions.arithmetic<Tensor>("add", this, other, more);
  }

  /** this - other, broadcast as in PyTorch. */
  sub(other: Tensor | number, ...more: never[]): Tensor {
    return functions.arithmetic<Tensor>("sub", this, other, more);
  }

  /** this · other element by element, broadcast as in PyTorch. */
  mul(other: Tensor | number, ...more: never[]): Tensor {
    return functions.arithmetic<Tensor>("mul", this, other, more);
  }

  /** this / other element by element, broadcast as in PyTorch. */
  div(other: Tensor | number, ...more: never[]): Tensor {
    return functions.arithmetic<Tensor>("div", this, other, more);
  }

  /** -this. */
  neg(): Tensor {
    return this.mul(-1);
  }

  /**
   * The matrix product, as `torch.matmul` (https://docs.pytorch.org/docs/stable/generated/torch.matmul.html), of vectors, matrices,
   * or broadcast batches of matrices [*, M, K] and [*, K, N].
   */
  matmul(other: Tensor): Tensor {
    return functions.matmul<Tensor>(this, other);
  }

  /** max(x, 0). */
  relu(): Tensor {
    return functions.pointwise<Tensor>("relu", this);
  }

  /** The hyperbolic tangent of every element. */
  tanh(): Tensor {
    return functions.pointwise<Tensor>("tanh", this);
  }

  /** 1/(1 + exp(-x)) of every element. */
  sigmoid(): Tensor {
    return functions.pointwise<Tensor>("sigmoid", this);
  }

  /** The exponential of every element. */
  exp(): Tensor {
    return functions.pointwise<Tensor>("exp", this);
  }

  /** The natural logarithm of every element. */
  log(): Tensor {
    return functions.pointwise<Tensor>("log", this);
  }

  /** exp(x) divided by its sum along `dim`. */
  softmax(dim: number): Tensor {
    return functions.softmax<Tensor>("Tensor.softmax", this, dim, false);
  }

  /** The logarithm of {@link softmax}, computed without rounding the softmax first. */
  logSoftmax(dim: number): Tensor {
    return functions.softmax<Tensor>("Tensor.logSoftmax", this, dim, true);
  }

  /** The sum over one or several dimensions, or all if none is given. `keepdim` keeps them with size 1. */
  sum(dim?: number | readonly number[], keepdim = false): Tensor {
    return functions.sum<Tensor>("Tensor.sum", this, dim, keepdim);
  }

  /** The mean over one or several dimensions, or all if none is given. `keepdim` keeps them with size 1. */
  mean(dim?: number | readonly number[], keepdim = false): Tensor {
    return functions.mean<Tensor>(this, dim, keepdim);
  }
}

/** Concatenates tensors along dimension `dim`, as `torch.cat(tensors, dim)`. Their other sizes must be equal. */
export function cat(tensors: readonly Tensor[], dim = 0, ...more: never[]): Tensor {
  checkNoMore("cat", more);
  return functions.cat<Tensor>("cat", tensors, dim);
}

/** Joins tensors of one shape along a new dimension `dim`, as `torch.stack(tensors, dim)`. */
export function stack(tensors: readonly Tensor[], dim = 0, ...more: never[]): Tensor {
  checkNoMore("stack", more);
  const { length: rank } = functions.sameShapes("stack", tensors);
  const d = resolveDim("stack", dim, rank + 1);
  recording.current("stack");
  const unsqueezed = tensors.map((tensor) => tensor.unsqueeze(d));
  return functions.cat<Tensor>("stack", unsqueezed, d);
}
