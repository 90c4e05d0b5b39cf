/** Finds the op that made the first NaN or infinity of a run. Loaded where a step is compiled with `detectAnomaly`. */
import type { AnomalyError } from "../errors.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { Parameter } from "../graph/parameter.ts";
import { Tensor } from "../graph/tensor.ts";
import type { Dispatch, PlanContext } from "../ops/op.ts";
import { fill } from "../ops/tensor/copy.ts";
import { finiteCheck } from "../ops/update/finite-check.ts";
import { anomalyError } from "./anomaly-error.ts";

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

/** Reads the bits that a run has left for a tensor. */
type Seen = (tensor: Tensor) => number;

/** The checks of all programs of a step. They remember its first anomaly. */
export class Anomalies {
  #first: AnomalyError | null = null;

  /** The checks of one program. */
  watch(traced: Checked): AnomalyWatch {
    return new AnomalyWatch(traced, (error, isLeft) => {
      // An earlier run has left this NaN.
      if (!isLeft || !this.#first) this.#first = error;
      return this.#first;
    });
  }
}

/**
 * Checks what every op of a program writes, in the program's order. Where there is a NaN, the anomaly comes from the first op that wrote
 * one, or from the op that made an infinity of which the NaN was computed. Without a NaN it comes from the first op that made an
 * infinity which has reached a result or a gradient. An infinity that was in an input or a parameter already is a mask, unless it has
 * reached a scalar result or a gradient.
 */
export class AnomalyWatch {
  /** Two words a slot: see shaders/update/finite_check.wgsl. */
  readonly marks: Tensor;
  readonly #traced: Checked;
  readonly #remember: (error: AnomalyError, isLeft: boolean) => AnomalyError;
  readonly #producers = new Map<Tensor, Node>();
  /** Gradients, and what is computed from them. */
  readonly #backward = new Set<Tensor>();
  /** What ops have written, in the program's order, and what they read that no op has written: the slot of each. */
  readonly #slots = new Map<Tensor, number>();
  /** Updated parameters and the slots of their new values. */
  #updated: (readonly [parameter: Parameter, slot: number])[] = [];
  #updatedBy = "";
  #count = 0;

  constructor(traced: Checked, remember: (error: AnomalyError, isLeft: boolean) => AnomalyError) {
    this.#traced = traced;
    this.#remember = remember;
    let most = traced.gradients.size;
    for (const node of traced.graph.nodes) {
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
    this.marks = new Tensor([2 * most], traced.graph);
  }

  /** The checks of what an op has written; they follow its dispatches. */
  after(made: readonly (Tensor | null)[], plan: PlanContext): Dispatch[] {
    return made
      .filter((tensor) => tensor !== null)
      .map((tensor) => {
        this.#slots.set(tensor, this.#count);
        return this.#check(tensor, plan);
      });
  }

  /** Clears the marks, and checks what the ops read that no op has written. To be called after them; these dispatches come first. */
  before(plan: PlanContext): Dispatch[] {
    const { literals } = this.#traced.graph;
    const read = [...this.#slots.keys()].flatMap((tensor) => this.#operandsOf(tensor));
    const leaves = read.filter((operand) => !this.#producers.has(operand) && !literals.has(operand));
    return [fill(this.marks, 0, plan), ...this.after([...new Set(leaves)], plan)];
  }

  /** The checks of parameters that these dispatches have updated. */
  updated(parameters: readonly Parameter[], updates: readonly Dispatch[], plan: PlanContext): Dispatch[] {
    this.#updatedBy = updates[0]?.kernel.name ?? "";
    return parameters.map((parameter) => {
      this.#updated.push([parameter, this.#count]);
      return this.#check(parameter, plan);
    });
  }

  /** Rejects with an {@link AnomalyError} if something is wrong with run number `run`, from 0, which leaves these marks. */
  sound(marks: Promise<Float32Array>, run: number): Promise<void> {
    const sound = marks.then((values) => {
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
    const { graph, inputs, carried } = this.#traced;
    const node = this.#producers.get(found);
    const error = anomalyError({
      tensor: found,
      node,
      updatedBy: tensor ? null : this.#updatedBy,
      isBackward: this.#backward.has(found),
      nan: (words[2 * slot]! & NOT_A_NUMBER) !== 0,
      element: FIRST - words[2 * slot + 1]!,
      inputs,
      run,
      recorded: node && graph.recorded?.get(node.kind === "forward" ? node : node.of),
    });
    const isLeft = tensor !== null && !node && (tensor instanceof Parameter || carried.has(tensor));
    return this.#remember(error, isLeft);
  }

  /** The tensor that the first anomaly has begun with; `null` if there is none, or an update is the first. */
  #originOf(seen: Seen): Tensor | null {
    const written = [...this.#slots.keys()].filter((tensor) => this.#producers.has(tensor));
    const first = written.find((tensor) => seen(tensor) & NOT_A_NUMBER);
    if (first) return this.#follow(first, seen);
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

  #check(value: Tensor, plan: PlanContext): Dispatch {
    const slot = this.#count++;
    const range = { value, offset: 0, size: value.elements, first: 0, scalar: null };
    return finiteCheck({ ...range, mark: this.marks, slot }, plan);
  }
}
