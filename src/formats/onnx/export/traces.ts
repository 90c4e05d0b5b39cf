/** One function traced for several sizes: what stays the same is fixed in the file, what changes is computed from the dynamic sizes. */
import { listed, quote, show } from "../../../checks.ts";
import { GraphError } from "../../../errors.ts";
import { Graph } from "../../../graph/graph.ts";
import { type ForwardNode, recording, Tensor } from "../../../graph/tensor.ts";
import type { Shape } from "../../../shape.ts";

/** A traced function. */
interface Trace {
  readonly graph: Graph;
  readonly nodes: readonly ForwardNode[];
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/** The function that is saved. */
export type Traced = (inputs: Readonly<Record<string, Tensor>>) => unknown;

/** Traces for the first sizes, for another size of each dynamic dimension, and for all of them a little larger. */
export interface Traces {
  /** Names of the dynamic dimensions. */
  readonly names: readonly string[];
  /** Each trace's sizes of them. */
  readonly sizes: readonly (readonly number[])[];
  readonly traces: readonly Trace[];
}

/** Least sizes of dynamic dimensions while a function is traced; a size of 1 is left out of many ops. */
const FIRST = [5, 7, 9, 11, 13, 15];
const CHANGE = 12;
const REMAINDERS = [1, 2, 3, 4, 5, 6, 7];

/** Traces a function for all the sizes that tell dynamic dimensions from fixed ones. */
export function traceSizes(
  inputs: Readonly<Record<string, Shape>>,
  dynamic: Readonly<Record<string, Readonly<Record<number, string>>>>,
  fn: Traced,
): Traces {
  const names = [...new Set(Object.values(dynamic).flatMap((dims) => Object.values(dims)))];
  const given = (name: string) =>
    Object.entries(dynamic).flatMap(([input, dims]) =>
      Object.entries(dims).map(([dim, own]) => (own === name ? inputs[input]![Number(dim)]! : 0)),
    );
  const first = names.map((name, i) => Math.max(FIRST[i % FIRST.length]! + i, ...given(name)));
  const changed = names.map((_, changed) => first.map((size, i) => (i === changed ? size + CHANGE : size)));
  // Strides up to 8 leave each remainder once.
  const together = names.length > 0 ? REMAINDERS.map((more) => first.map((size) => size + more)) : [];
  const sizes = [first, ...changed, ...together];
  const traces = sizes.map((own) => {
    const shapes = Object.entries(inputs).map(([name, shape]) => {
      const dims = dynamic[name] ?? {};
      return [
        name,
        shape.map((size, dim) => (dims[dim] === undefined ? size : own[names.indexOf(dims[dim])]!)),
      ] as const;
    });
    return traceOnce(new Map(shapes), fn);
  });
  for (const trace of traces) checkSame(traces[0]!, trace);
  return { names, sizes, traces };
}

function traceOnce(shapes: ReadonlyMap<string, Shape>, fn: Traced): Trace {
  const random = {
    next(): never {
      throw new GraphError(
        "saveOnnx: the model draws random numbers in evaluation mode, and ONNX has no such operator",
      );
    },
  };
  const graph = new Graph(random);
  const inputs = new Map([...shapes].map(([name, shape]) => [name, graph.input(shape)]));
  const outputs = recording.into(graph, () => outputsOf(fn(Object.fromEntries(inputs))));
  const wanted = new Set<Tensor>(outputs.values());
  const nodes = graph.nodes
    .filter((node) => node.kind === "forward")
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((output) => wanted.has(output))) return false;
      for (const input of node.inputs) if (input) wanted.add(input);
      return true;
    });
  return { graph, nodes: nodes.toReversed(), inputs, outputs };
}

/** A function's results by name: `output` for a tensor, paths of fields for an object. */
function outputsOf(result: unknown): Map<string, Tensor> {
  const outputs = new Map<string, Tensor>();
  const walk = (path: string, value: unknown): void => {
    if (value instanceof Tensor) outputs.set(path || "output", value);
    else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(path ? `${path}.${key}` : key, inner);
    }
  };
  walk("", result);
  if (outputs.size > 0) return outputs;
  throw new GraphError(`saveOnnx: forward must give a tensor or an object of tensors, got ${show(result)}`);
}

/** Throws unless two traces have the same ops and results. */
function checkSame(a: Trace, b: Trace): void {
  const describe = ({ nodes, outputs }: Trace) => {
    return [...nodes.map(({ op, inputs }) => `${op.name} of ${inputs.length}`), ...outputs.keys()];
  };
  const [first, second] = [describe(a), describe(b)];
  const at = first.findIndex((item, i) => item !== second[i]);
  if (at < 0 && first.length === second.length) return;
  throw new GraphError(
    `saveOnnx: the model computes other ops for other sizes (${listed([first[at] ?? "none", second[at] ?? "none"].map((item) => quote(item)))}); ` +
      "leave sizes out of dynamic that decide what is computed",
  );
}

/** Whether a number is the same in all traces. */
export function isFixed(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}

/** A size as a factor times dynamic sizes, or a multiple of one plus a number. */
export type Size =
  | { readonly factor: number; readonly of: readonly string[] }
  | { readonly factor: number; readonly of: readonly [string]; readonly plus: number };

/** What a number is in terms of the dynamic sizes; `null` if it is nothing simple. */
export function sizeIn({ names, sizes }: Traces, values: readonly number[]): Size | null {
  if (isFixed(values)) return { factor: values[0]!, of: [] };
  const first = sizes[0]!;
  const of = names.filter((_, i) => values[1 + i] !== values[0]);
  const at = (sizes: readonly number[], name: string) => sizes[names.indexOf(name)]!;
  const factor = values[0]! / of.reduce((product, name) => product * at(first, name), 1);
  const product = (own: readonly number[]) => of.reduce((result, name) => result * at(own, name), factor);
  if (Number.isInteger(factor) && sizes.every((own, i) => product(own) === values[i])) return { factor, of };
  if (of.length !== 1) return null;
  const [name] = of as [string];
  const slope = (values[1 + names.indexOf(name)]! - values[0]!) / CHANGE;
  const plus = values[0]! - slope * at(first, name);
  const fits = Number.isInteger(slope) && sizes.every((own, i) => slope * at(own, name) + plus === values[i]);
  return fits ? { factor: slope, of: [name], plus } : null;
}
