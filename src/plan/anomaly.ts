/**
 * Finds the op that made the first NaN or infinity of a run. Loaded where a step is compiled with `detectAnomaly`; imports types alone of
 * what is not.
 */
import type { AnomalyError } from "../errors.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { Kernel } from "../gpu/kernel.ts";
import type { Transfer } from "../gpu/staging.ts";
import type { Graph, Node } from "../graph/graph.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { OnDemand } from "../ondemand.ts";
import type { Dispatch, Operand, PlanContext } from "../ops/op.ts";
import type { fill } from "../ops/tensor/copy.ts";
import * as finiteCheckTexts from "../ops/update/finite-check.wgsl.ts";
import { finiteCheckDeclaration, finiteMark } from "../ops/update/finite-mark.ts";
import { explainOrigin, isParameter } from "./anomaly-error.ts";

/** Bits of finite_check's mark. */
const NOT_A_NUMBER = 1;
const INFINITE = 2;

/** Largest finite float32, by its bits: the mark of element 0. */
const FIRST = 0x7f7fffff;

/** A traced function, as far as the checks know it. */
export interface Checked {
  readonly graph: Graph;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly carried: ReadonlyMap<Tensor, Tensor>;
  readonly gradients: ReadonlyMap<Parameter, Tensor>;
}

type Writable<N> = N extends Node ? { -readonly [K in keyof N]: N[K] } : never;

/** A program that leaves marks. */
interface Marked {
  readonly context: GpuContext;
  beginRead(marks: Tensor): Transfer;
}

/** A planned update. */
interface Updating {
  readonly parameters: readonly Parameter[];
  readonly updates: readonly Dispatch[];
}

/** Reads the bits that a run has left for a tensor. */
type Seen = (tensor: Tensor) => number;

/** The checks of all programs of a step. They remember its first anomaly. */
export class Anomalies {
  readonly Failure: typeof AnomalyError;
  readonly kernel: Kernel;
  readonly fill: typeof fill;
  /** Errors that have the stacks of the calls that recorded the ops. */
  readonly recorded = new WeakMap<Node, Error>();
  #first: AnomalyError | null = null;

  /** Takes what files that load on demand do not import. */
  constructor(
    Failure: typeof AnomalyError,
    OneKernel: typeof Kernel,
    Texts: typeof OnDemand,
    fillWith: typeof fill,
  ) {
    this.Failure = Failure;
    this.fill = fillWith;
    const texts = new Texts(async () => finiteCheckTexts);
    this.kernel = new OneKernel({ ...finiteCheckDeclaration, texts });
  }

  /** Keeps the stacks of the calls that record ops. */
  listen(graph: Graph): void {
    const apply: Graph["apply"] = graph.apply.bind(graph);
    graph.apply = (op, inputs, attributes) => {
      const outputs = apply(op, inputs, attributes);
      this.recorded.set(graph.nodes.at(-1)!, new Error(`${op.name} was recorded here`));
      return outputs;
    };
  }

  /** The checks of one program. */
  watch(traced: Checked): AnomalyWatch {
    return new AnomalyWatch(this, traced);
  }

  /** Whether an earlier run had an anomaly. */
  get hasFailed(): boolean {
    return this.#first !== null;
  }

  /** The error to report; for what an earlier run has left, that run's. */
  report(error: AnomalyError, isLeft: boolean): AnomalyError {
    if (!isLeft || !this.#first) this.#first = error;
    return this.#first;
  }
}

/**
 * Checks what every op of a program writes, in the program's order. Where there is a NaN, the anomaly comes from the first op that wrote
 * one, or from the op that made an infinity of which the NaN was computed; not from one that only passes on an infinity that was given. Without a NaN it comes from the first op that made an
 * infinity which has reached a result or a gradient. An infinity that was in an input or a parameter already is a mask, unless it has
 * reached a scalar result or a gradient.
 */
export class AnomalyWatch {
  /** Two words a slot: see shaders/update/finite_check.wgsl. */
  readonly marks: Tensor;
  readonly #step: Anomalies;
  readonly #traced: Checked;
  readonly #producers = new Map<Tensor, Node>();
  /** Gradients, and what is computed from them. */
  readonly #backward = new Set<Tensor>();
  /** What ops have written, in the program's order, and what they read that no op has written: the slot of each. */
  readonly #slots = new Map<Tensor, number>();
  /** Updated parameters and the slots of their new values. */
  #updated: (readonly [parameter: Parameter, slot: number])[] = [];
  #updatedBy = "";
  #plan: PlanContext | null = null;
  #count = 0;

  constructor(step: Anomalies, traced: Checked) {
    this.#step = step;
    this.#traced = traced;
    let most = traced.gradients.size;
    for (const node of traced.graph.nodes) {
      this.#extend(node);
      const isForward = node.kind === "forward";
      const { inputs } = isForward ? node : node.of;
      const made = isForward ? node.outputs : node.gradInputs;
      most += inputs.length + made.length;
      const isBackward = !isForward || inputs.some((input) => input && this.#backward.has(input));
      for (const tensor of made) {
        if (!tensor) continue;
        this.#producers.set(tensor, node);
        if (isBackward) this.#backward.add(tensor);
      }
    }
    this.marks = traced.graph.input([2 * most]);
  }

  /** Lets the checks of what an op writes follow its dispatches. */
  #extend(node: Writable<Node>): void {
    if (node.kind === "backward") {
      const { pass } = node;
      node.pass = (operands, attributes, plan) => [
        ...pass(operands, attributes, plan),
        ...this.#after(operands.gradInputs, plan),
      ];
      return;
    }
    const { forward } = node.op;
    // A constant is finite, and is known by its op.
    if (!forward || node.inputs.length === 0) return;
    node.op = {
      ...node.op,
      forward: (operands, attributes, plan) => [
        ...forward(operands, attributes, plan),
        ...this.#after([...operands.outputs, operands.gradInput], plan),
      ],
    };
  }

  #after(written: readonly (Operand | null)[], plan: PlanContext): Dispatch[] {
    this.#plan = plan;
    return written
      .filter((tensor) => tensor !== null)
      .map((tensor) => {
        // What a node writes are tensors of the graph.
        this.#slots.set(tensor as Tensor, this.#count);
        return this.#check(tensor);
      });
  }

  /** The program's dispatches; before them the marks are cleared, and what the ops read that no op has written is checked. */
  whole(dispatches: readonly Dispatch[]): Dispatch[] {
    if (!this.#plan) return [...dispatches];
    const { literals } = this.#traced.graph;
    const read = [...this.#slots.keys()].flatMap((tensor) => this.#operandsOf(tensor));
    const leaves = read.filter((operand) => !this.#producers.has(operand) && !literals.has(operand));
    const first = this.#step.fill(this.marks, 0, this.#plan);
    return [first, ...this.#after([...new Set(leaves)], this.#plan), ...dispatches];
  }

  /** The checks of parameters that these dispatches have updated. */
  updated({ parameters, updates }: Updating): Dispatch[] {
    this.#updatedBy = updates[0]?.kernel.name ?? "";
    return parameters.map((parameter) => {
      this.#updated.push([parameter, this.#count]);
      return this.#check(parameter);
    });
  }

  /** Reads the marks of run number `run`, from 0, which was just submitted; rejects with an {@link AnomalyError} if it has one. */
  check(program: Marked, run: number): Promise<void> {
    const transfer = program.beginRead(this.marks);
    program.context.copy([transfer.copy]);
    const sound = transfer.arrive().then((values) => {
      const error = this.#explain(new Uint32Array(values.buffer), run);
      if (error) throw error;
    });
    // It is told to those who read a result.
    sound.catch(() => {});
    return sound;
  }

  /** The error for the marks that run number `run`, from 0, has left; `null` if nothing is wrong. */
  #explain(words: Uint32Array, run: number): AnomalyError | null {
    const seen: Seen = (tensor) => words[2 * (this.#slots.get(tensor) ?? -1)] ?? 0;
    const tensor = this.#originOf(seen);
    const updated = this.#updated.find(([of, slot]) => words[2 * slot] !== 0 && seen(of) === 0);
    const found = tensor ?? updated?.[0];
    if (!found) return null;
    const slot = tensor ? this.#slots.get(tensor)! : updated![1];
    const { inputs, carried } = this.#traced;
    const node = this.#producers.get(found);
    const explained = explainOrigin({
      tensor: found,
      node,
      updatedBy: tensor ? null : this.#updatedBy,
      isBackward: this.#backward.has(found),
      isNaN: (words[2 * slot]! & NOT_A_NUMBER) !== 0,
      element: FIRST - words[2 * slot + 1]!,
      inputs,
      run,
      recorded: node && this.#step.recorded.get(node.kind === "forward" ? node : node.of),
    });
    const { Failure } = this.#step;
    const error = Object.assign(new Failure(explained.message, { cause: explained.cause }), explained.fields);
    return this.#step.report(error, tensor !== null && !node && (isParameter(tensor) || carried.has(tensor)));
  }

  /** The tensor that the first anomaly has begun with; `null` if there is none, or an update is the first. */
  #originOf(seen: Seen): Tensor | null {
    const written = [...this.#slots.keys()].filter((tensor) => this.#producers.has(tensor));
    const first = written.find((tensor) => seen(tensor) & NOT_A_NUMBER);
    if (first) {
      const origin = this.#follow(first, seen);
      const given = this.#operandsOf(origin).find((operand) => seen(operand) & INFINITE);
      if (!given) return origin;
      // A mask that is taken in a wrong way, or what an earlier run has left.
      return this.#step.hasFailed && this.#isKept(given) ? given : first;
    }
    const { outputs, gradients } = this.#traced;
    const origins = new Set<Tensor>();
    for (const end of [...outputs.values(), ...gradients.values()].map((tensor) => this.#whole(tensor))) {
      if (!(seen(end) & INFINITE)) continue;
      const origin = this.#follow(end, seen);
      const mask = this.#operandsOf(origin).find((operand) => seen(operand) & INFINITE);
      const counts = end.elements === 1 || this.#backward.has(end);
      if (!mask) origins.add(origin);
      else if (counts) origins.add(mask);
    }
    return (
      [...origins].find((origin) => !this.#producers.has(origin)) ??
      written.find((tensor) => origins.has(tensor)) ??
      null
    );
  }

  /** Whether a run leaves a tensor to the next. */
  #isKept(tensor: Tensor): boolean {
    return this.#traced.carried.has(tensor) || this.#updated.some(([parameter]) => parameter === tensor);
  }

  /** Goes from a tensor to what its NaN or infinity was computed of, as far as an op made that. */
  #follow(tensor: Tensor, seen: Seen): Tensor {
    const operands = this.#operandsOf(tensor);
    const next =
      operands.find((operand) => seen(operand) & NOT_A_NUMBER) ??
      operands.find((operand) => seen(operand) & INFINITE && this.#producers.has(operand));
    return next ? this.#follow(next, seen) : tensor;
  }

  /** What the op reads that has written a tensor. */
  #operandsOf(tensor: Tensor): Tensor[] {
    const node = this.#producers.get(tensor);
    if (!node) return [];
    const { inputs } = node.kind === "forward" ? node : node.of;
    const read = node.kind === "forward" ? inputs : [...node.gradOutputs, ...inputs, ...node.of.outputs];
    return read.flatMap((operand) => (operand ? [this.#whole(operand)] : []));
  }

  /** The tensor that a view shows. */
  #whole(tensor: Tensor): Tensor {
    const node = this.#producers.get(tensor);
    if (node?.kind !== "forward" || node.op.forward) return tensor;
    return this.#whole(node.inputs[0]!);
  }

  #check(value: Operand): Dispatch {
    const slot = this.#count++;
    const plan = this.#plan!;
    const range = { value, offset: 0, size: value.elements, first: 0, scalar: null };
    return finiteMark(this.#step.kernel, { ...range, mark: this.marks, slot }, (invocations) =>
      plan.groupGrid(Math.min(Math.ceil(invocations / 64), plan.maxGrid)),
    );
  }
}
