import { isObject, show } from "../checks.ts";
import { GraphError, OptionError } from "../errors.ts";
import type { BufferCopy } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Dispatch, Operand } from "../ops/op.ts";
import { clone } from "../ops/tensor/clone.ts";
import { sameShape, showShape } from "../shape.ts";

/** What one run passes to the next: result tensors by the input tensors that receive them. */
export type Carried = ReadonlyMap<Tensor, Tensor>;

/**
 * Reads the option `carry`. A result that is itself a carried input would be overwritten at the end of the run, so a copy of it
 * is added to the trace.
 * @param outputs The results by name; copies replace the originals here.
 */
export function carriedOf(
  graph: Graph,
  carry: Readonly<Record<string, string | undefined>>,
  inputs: ReadonlyMap<string, Tensor>,
  outputs: Map<string, Tensor>,
): Carried {
  const where = "device.compile: carry";
  if (!isObject(carry)) {
    throw new OptionError(`${where} must name a result for an input, like { h: "h" }, got ${show(carry)}`);
  }
  const named = Object.entries(carry).map(([name, result]): [Tensor, string] => {
    const input = inputs.get(name);
    if (!input) {
      throw new OptionError(
        `${where}: there is no input ${show(name)}; the inputs are ${[...inputs.keys()].join(", ")}`,
      );
    }
    const output = outputs.get(result as string);
    if (!output) {
      throw new OptionError(
        `${where}: input ${name} wants the result ${show(result)}; the results are ${[...outputs.keys()].join(", ")}`,
      );
    }
    if (!sameShape(input.shape, output.shape)) {
      throw new OptionError(
        `${where}: input ${name} is ${showShape(input.shape)} and the result ${result} ${showShape(output.shape)}; ` +
          "what is carried must keep its shape",
      );
    }
    return [input, result as string];
  });
  const overwritten = new Set<Operand>(named.map(([input]) => input));
  for (const [name, output] of outputs) {
    if (overwritten.has(output.storage.root)) outputs.set(name, graph.apply(clone, [output], undefined)[0]!);
  }
  return new Map(named.map(([input, result]) => [input, outputs.get(result)!]));
}

/**
 * Finds carried results that can be computed directly in their input's buffer, because they are first written after the input
 * is last read. They need no copy.
 * @param placed Whether storage has a place already.
 * @returns inputs by the storage that can share their buffer.
 */
export function sharedPlaces(
  dispatches: readonly Dispatch[],
  carried: Carried,
  placed: (root: Operand) => boolean,
): Map<Operand, Tensor> {
  const first = new Map<Operand, number>();
  const last = new Map<Operand, number>();
  for (const [index, { bindings }] of dispatches.entries()) {
    for (const operand of Object.values(bindings)) {
      if (!operand) continue;
      const { root } = operand.storage;
      if (!first.has(root)) first.set(root, index);
      last.set(root, index);
    }
  }
  const shared = new Map<Operand, Tensor>();
  for (const [input, output] of carried) {
    const { root, offset } = output.storage;
    if (placed(root) || shared.has(root) || offset !== 0 || root.elements !== input.elements) continue;
    if ((last.get(input) ?? -1) < (first.get(root) ?? -1)) shared.set(root, input);
  }
  return shared;
}

/** The copies from carried results to their inputs at the end of a run; results that share the input's buffer need none. */
export function carryCopies(carried: Carried, rangeOf: (tensor: Tensor) => BufferRange): BufferCopy[] {
  return [...carried].flatMap(([input, output]): BufferCopy[] => {
    const { buffer: source, offset: sourceOffset } = rangeOf(output);
    const { buffer: target } = rangeOf(input);
    if (source === target) return [];
    return [{ source, sourceOffset, target, targetOffset: 0, bytes: input.elements * 4 }];
  });
}

/** The error for a carrying step that would have to be planned again. */
export function lostCarry(): GraphError {
  return new GraphError(
    "step.run: the model's mode, its parts or the optimizer's groups have changed, and a new plan would lose what it carries; " +
      "compile another step",
  );
}
