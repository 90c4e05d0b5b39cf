import type { Graph } from "../graph/graph.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Ops whose parameters a layer owns. A parameter in other ops may be one that the app holds by itself. */
const LAYERS = /^(linear|conv|embedding|\w+_norm|lstm|gru|rnn)/;

/**
 * What to say of parameters that are left out of training without anybody's decision: the loss depends on them, the optimizer does not
 * have them, and no module has ever given them with its parameters. `null` if the loss depends on none of them.
 * @param strays Parameters that the optimizer does not have and no module has given.
 * @param trained The optimizer's parameters; the models that gave them are searched for a name.
 * @param minimize The result that is minimized; `undefined` for the one that is a scalar.
 */
export function leftOut(
  graph: Graph,
  outputs: ReadonlyMap<string, Tensor>,
  strays: ReadonlySet<Parameter>,
  trained: readonly Parameter[],
  minimize: string | undefined,
): string | null {
  const isLoss = ([name, { shape }]: [string, Tensor]) =>
    minimize === undefined ? shape.length === 0 : name === minimize;
  const losses = [...outputs].filter(isLoss).map(([, tensor]) => tensor);
  const models = new Set(trained.flatMap(({ givenBy }) => givenBy ?? []));
  for (const stray of strays) {
    if (graph.clippings.some(({ parameters }) => parameters.includes(stray))) continue;
    const reached = new Set<Tensor>([stray]);
    let user = "";
    for (const node of graph.nodes) {
      if (node.kind !== "forward" || node.op.stopsGradient) continue;
      if (!node.inputs.some((input) => input && reached.has(input))) continue;
      user ||= node.op.name;
      for (const output of node.outputs) reached.add(output);
    }
    if (!losses.some((loss) => reached.has(loss))) continue;
    const place = [...models]
      .map((model) => placeOf(model, stray, model.constructor.name, new Set()))
      .find(Boolean);
    // The search asked modules for their parameters, which decides nothing.
    for (const each of strays) each.givenBy = null;
    if (!place && !LAYERS.test(user)) continue;
    return (
      `device.compile: the loss depends on ${place ?? "a parameter"} [${stray.shape.join(", ")}] in ${user}, which no model and no ` +
      "optimizer has, so it would be neither trained nor saved. Layers in #private fields, arrays, objects and Maps are no part of a " +
      "model: give each a field of its own that is not #private, or put them into an nn.ModuleList. For a layer that is not to be " +
      "trained, detach() what it returns, or call its parameters() before"
    );
  }
  return null;
}

/** What a module can be asked. */
interface Named {
  namedParameters(): Iterable<[string, Parameter]>;
  namedChildren(): Iterable<[string, object]>;
}

/** Where below `owner` a parameter is, as `Model.layers[0].weight`, arrays, objects and Maps included. */
function placeOf(owner: object, wanted: Parameter, path: string, seen: Set<object>): string | undefined {
  if (owner === wanted) return path;
  if (seen.has(owner) || ArrayBuffer.isView(owner)) return undefined;
  seen.add(owner);
  const module = owner as Partial<Named>;
  for (const [name, parameter] of module.namedParameters?.() ?? []) {
    if (parameter === wanted) return `${path}.${name}`;
  }
  const isIndexed = Array.isArray(owner);
  const entries: Iterable<[unknown, unknown]> = owner instanceof Map ? owner : Object.entries(owner);
  for (const [key, value] of [...(module.namedChildren?.() ?? []), ...entries]) {
    if (typeof value !== "object" || value === null) continue;
    const place = placeOf(value, wanted, isIndexed ? `${path}[${key}]` : `${path}.${key}`, seen);
    if (place) return place;
  }
  return undefined;
}
