import { show } from "../checks.ts";
import { GraphError } from "../errors.ts";
import type { OnDemand } from "../ondemand.ts";
import type { BackwardPass, Op, Operand } from "../ops/op.ts";
import type { Shape } from "../shape.ts";
import type { GradientClipping } from "./gradient-clipping.ts";
import type { RandomStreams } from "./random-streams.ts";
import type { Assignment, HasMode, Recorder } from "./recorder.ts";
import { type ForwardNode, Tensor } from "./tensor.ts";

/** The gradient of one forward node. */
interface BackwardNode {
  readonly kind: "backward";
  readonly of: ForwardNode;
  // biome-ignore lint/suspicious/noExplicitAny: a graph holds ops of every attribute type
  readonly pass: BackwardPass<any>;
  readonly gradOutputs: readonly (Tensor | null)[];
  readonly gradInputs: readonly (Tensor | null)[];
}

export type Node = ForwardNode | BackwardNode;

/** The ops recorded by one run of a traced function, in order. */
export class Graph implements Recorder<Tensor> {
  readonly nodes: Node[] = [];
  /** Values of constant tensors, the same in every run. */
  readonly literals = new Map<Operand, Float32Array>();
  /** Clippings of a training step's gradients, in order. */
  readonly clippings: GradientClipping[] = [];
  /** The norms that clippings give, which are known only after the gradients. */
  readonly norms = new Set<Operand>();
  readonly assignments = new Map<Tensor, Assignment<Tensor>>();
  readonly needs: OnDemand<unknown>[] = [];
  readonly random: RandomStreams;
  readonly modes: Set<HasMode>;
  readonly #set = new Set<HasMode>();

  /** @param modes Those of earlier traces of the same step; this one adds to them. */
  constructor(random: RandomStreams, modes: Set<HasMode> = new Set()) {
    this.random = random;
    this.modes = modes;
  }

  training(module: HasMode): boolean {
    if (!this.#set.has(module)) this.modes.add(module);
    return module.training;
  }

  setsMode(module: HasMode): void {
    this.#set.add(module);
  }

  /** A tensor whose values are given to each run. */
  input(shape: readonly number[]): Tensor {
    const tensor = new Tensor(shape, this);
    tensor.checks = [];
    return tensor;
  }

  literal(data: Float32Array, shape: Shape): Tensor {
    const tensor = new Tensor(shape, this);
    this.literals.set(tensor, data);
    return tensor;
  }

  apply<A>(op: Op<A>, inputs: readonly (Tensor | null)[], attributes: A): Tensor[] {
    for (const input of inputs) {
      if (input !== null && !(input instanceof Tensor)) {
        throw new GraphError(
          `${op.name}: expected a tensor of this trace, got ${show(input)}; data goes in through the step's inputs`,
        );
      }
      if (input?.owner && input.owner !== this) {
        throw new GraphError(
          `${op.name}: a tensor belongs to another trace; return it there as a result and pass that in as an input here`,
        );
      }
    }
    const spec = op.infer(inputs, attributes);
    const saved = (spec.saved ?? []).map((shape) => new Tensor(shape, this));
    const outputs = spec.outputs.map(({ shape, view }) => {
      if (!op.forward) return new Tensor(shape, this, inputs[0]!.storage);
      if (!view) return new Tensor(shape, this);
      return new Tensor(shape, this, { root: saved[view.saved]!, offset: view.offset });
    });
    const node: ForwardNode = { kind: "forward", op, attributes, inputs, outputs, saved };
    for (const [index, output] of outputs.entries()) output.source = { node, index };
    this.nodes.push(node);
    return outputs;
  }
}
