import { checkOptions, show } from "./checks.ts";
import { GraphError, OptionError } from "./errors.ts";
import type { GpuContext } from "./gpu/context.ts";
import { checkLoss, differentiate } from "./graph/differentiate.ts";
import { Graph } from "./graph/graph.ts";
import { Parameter } from "./graph/parameter.ts";
import { recording, Tensor } from "./graph/tensor.ts";
import { loadAll } from "./ondemand.ts";
import { Choices } from "./ops/choice.ts";
import type { Dispatch, VersionPins } from "./ops/op.ts";
import { productNeeds } from "./ops/product/gemm.ts";
import { basicTexts } from "./ops/tensor/texts.ts";
import { type AccumulateOptions, Accumulation, checkAccumulate } from "./plan/accumulation.ts";
import { type Carried, carriedOf } from "./plan/carry.ts";
import { lower, ownStorage } from "./plan/lower.ts";
import { ParameterArena } from "./plan/parameters.ts";
import { checkClippings, differentiated, placeGradients, planUpdate } from "./plan/update.ts";
import type { Updater } from "./plan/updater.ts";
import { timeVersions } from "./run/calibration.ts";
import { type CompileInputs, type InputShapes, shapesOfSamples } from "./run/inputs.ts";
import { CompiledStep, checkResults, type StepSource } from "./run/step.ts";
import { checkRandomState, StepRandom, type StepRandomState } from "./run/step-random.ts";
import { showShape } from "./shape.ts";

/** How {@link Device.compile} plans a function. */
export interface CompileOptions<Inputs extends CompileInputs, Results> {
  /**
   * Every input by name: its shape, like `[64, 20, 1]`, or a sample value whose shape is taken. A sample is what `step.run` takes: a
   * typed array (of shape `[length]`) or `{ data, shape }`.
   */
  readonly inputs: Inputs;
  /**
   * Updates its parameters after every run, to make a scalar result smaller: an optimizer such as `new optim.Adam(model.parameters())`.
   */
  readonly optimizer?: Updater;
  /**
   * The result that the optimizer makes smaller. If not given it is the one result of shape `[]` that is no gradient norm, and a
   * {@link GraphError} if there is none or several.
   */
  readonly minimize?: keyof Results & string;
  /**
   * Results that the next run takes as inputs, by the input's name: `{ h: "h" }` keeps a recurrent state on the GPU from run to run.
   * Such an input is zero in the first run and needs no value in `run`; one that is given replaces what was carried. The
   * inputs of a step that carries something always have their declared shapes.
   */
  readonly carry?: { readonly [K in keyof Inputs]?: keyof Results & string };
  /** Adds up the gradients of several runs before an update, as one large batch would. Goes with `optimizer`. */
  readonly accumulate?: AccumulateOptions;
  /** Random numbers of an earlier step, as its `randomState()` gave them, to go on with; drawn anew by default. */
  readonly random?: StepRandomState;
}

type Traced<Inputs, Results> = (inputs: { readonly [K in keyof Inputs]: Tensor }) => Results;

type Tensors = Readonly<Record<string, Tensor>>;

/** How a device chooses kernel versions. */
export interface Planning {
  readonly pins: VersionPins;
  /** Keeps the versions that were timed to be the fastest; `null` where none are to be timed. */
  readonly keepTimed: ((versions: Readonly<Record<string, string>>) => Promise<void>) | null;
}

/** What all programs of a step are built from; they differ in the shapes of their inputs. */
interface Recipe {
  readonly context: GpuContext;
  readonly pins: VersionPins;
  readonly fn: (inputs: Tensors) => unknown;
  readonly optimizer: Updater | null;
  /** The result to minimize; `undefined` for the one that is a scalar. */
  readonly minimize: string | undefined;
  readonly carry: Readonly<Record<string, string | undefined>>;
  readonly accumulation: Accumulation | null;
  readonly random: StepRandom;
  /** Training modes of the modules that earlier traces have met. */
  readonly modes: WeakMap<object, boolean>;
}

/** Traces `fn` once for its declared shapes, compiles what it needs, and gives the step to run. */
export async function compile<Inputs extends CompileInputs, Results extends Tensors>(
  context: GpuContext,
  { pins, keepTimed }: Planning,
  fn: Traced<Inputs, Results>,
  options: CompileOptions<Inputs, Results>,
): Promise<CompiledStep<keyof Results & string>> {
  context.check("device.compile");
  if (typeof fn !== "function") {
    throw new OptionError(`device.compile: expected a function of the inputs, got ${show(fn)}`);
  }
  const inputs = checkCompileOptions(options);
  const { optimizer = null, minimize, carry = {}, accumulate } = options;
  const random = new StepRandom(options.random);
  const accumulation = accumulate ? new Accumulation(context, accumulate) : null;
  const recipe: Recipe = {
    context,
    pins,
    // The inputs have the names that the options declare.
    fn: fn as Recipe["fn"],
    optimizer,
    minimize,
    carry,
    accumulation,
    random,
    modes: new WeakMap(),
  };
  const build = (shapes: InputShapes) => buildProgram(recipe, shapes);
  try {
    await loadAll(productNeeds(context.facts));
    let source = build(inputs);
    const close = keepTimed ? source.choices.close() : [];
    if (keepTimed && close.length > 0) {
      await keepTimed(await timeVersions(context, source, close));
      source = build(inputs);
    }
    await loadAll([basicTexts]);
    await context.kernels.compile(new Set(source.dispatches.map(({ kernel }) => kernel)));
    const parts = { optimizer, accumulation, carries: new Set(Object.keys(carry)), random };
    return new CompiledStep<keyof Results & string>(context, inputs, parts, build, source);
  } catch (error) {
    accumulation?.dispose();
    throw error;
  }
}

/** Throws for options that cannot be; gives the shapes of the inputs. */
function checkCompileOptions<Inputs extends CompileInputs, Results>(
  options: CompileOptions<Inputs, Results>,
): InputShapes {
  const where = "device.compile";
  checkOptions(where, options, ["inputs", "minimize", "optimizer", "carry", "accumulate", "random"]);
  const shapes = shapesOfSamples(options.inputs);
  const { minimize, optimizer, accumulate } = options;
  if (minimize !== undefined && optimizer === undefined) {
    throw new OptionError(
      `${where}: minimize goes with an optimizer; to look at gradients without an update return grad(loss, tensors)`,
    );
  }
  if (minimize !== undefined && typeof minimize !== "string") {
    throw new OptionError(
      `${where}: minimize must name one result, got ${show(minimize)}; add several losses up into one`,
    );
  }
  if (optimizer !== undefined) checkOptimizer(where, optimizer);
  if (accumulate !== undefined) {
    checkAccumulate(where, accumulate);
    if (!optimizer) {
      throw new OptionError(`${where}: accumulate goes with an optimizer; without one nothing is updated`);
    }
  }
  if (options.random !== undefined) checkRandomState(where, options.random);
  return shapes;
}

function checkOptimizer(where: string, optimizer: Partial<Updater> | null): void {
  if (!Array.isArray(optimizer?.parameters) || typeof optimizer.updateParts !== "function") {
    throw new OptionError(`${where}: optimizer must be one such as optim.Adam, got ${show(optimizer)}`);
  }
}

/** Traces the function for these input shapes and plans its program. */
function buildProgram(recipe: Recipe, shapes: InputShapes): StepSource {
  const { context, pins, optimizer, accumulation, random, modes } = recipe;
  const { facts, limits } = context;
  const plan = { facts, pins, maxGrid: limits.maxGrid, choices: new Choices(facts.versions) };
  const graph = new Graph(random.trace(), modes);
  const inputs = new Map(Object.entries(shapes).map(([name, shape]) => [name, graph.input(shape)]));
  const outputs = new Map<string, Tensor>();
  let carried: Carried = new Map();
  let gradients: ReadonlyMap<Parameter, Tensor> = new Map();
  recording.into(graph, () => {
    for (const [name, tensor] of resultsOf(graph, recipe.fn(Object.fromEntries(inputs)))) {
      outputs.set(name, tensor);
    }
    checkClippings(graph, optimizer !== null);
    carried = carriedOf(graph, recipe.carry, inputs, outputs);
    if (optimizer) gradients = gradientsOf(graph, outputs, optimizer, recipe.minimize);
  });

  const dispatches = lower(graph, [...outputs.values(), ...gradients.values()], plan);
  const parameters = new Set([
    ...parametersOf(dispatches, outputs.values()),
    ...(optimizer?.parameters ?? []),
    ...gradients.keys(),
  ]);
  ParameterArena.place(context, parameters);

  const placed = placeGradients(context, gradients);
  const update = optimizer
    ? planUpdate(context, graph, plan, optimizer, gradients, placed, accumulation)
    : null;
  const always = [...dispatches, ...(update?.accumulating ?? [])];
  return {
    graph,
    choices: plan.choices,
    dispatches: [...always, ...(update?.dispatches ?? [])],
    optionalFrom: accumulation ? always.length : null,
    inputs,
    outputs,
    carried,
    placed,
    parameters,
    update,
  };
}

/** What the traced function returned, checked. */
function resultsOf(graph: Graph, results: unknown): [name: string, tensor: Tensor][] {
  if (results instanceof Promise) {
    results.catch(() => {});
    throw new GraphError(
      "device.compile: the traced function must not be async, it runs once to record its ops; await before or after it",
    );
  }
  checkResults(results);
  return Object.entries(results).map(([name, tensor]) => {
    if (!(tensor instanceof Tensor)) {
      throw new GraphError(`device.compile: result ${name} must be a tensor, got ${show(tensor)}`);
    }
    if (tensor.owner && tensor.owner !== graph) {
      throw new GraphError(
        `device.compile: result ${name} belongs to another trace; return it there, and pass that result in as an input here`,
      );
    }
    return [name, tensor];
  });
}

/** Adds to the trace the gradients that an update needs, each in storage of its own. */
function gradientsOf(
  graph: Graph,
  outputs: ReadonlyMap<string, Tensor>,
  optimizer: Updater,
  minimize: string = scalarOf(graph, outputs),
): Map<Parameter, Tensor> {
  const loss = outputs.get(minimize);
  if (!loss) {
    throw new GraphError(
      `device.compile: minimize names ${show(minimize)}, but the function returns ${[...outputs.keys()].join(", ")}`,
    );
  }
  checkLoss(`device.compile: minimize ${show(minimize)}`, loss);
  const wanted = differentiated(graph, optimizer);
  const found = differentiate(graph, loss, wanted);
  const taken = new Set(outputs.values());
  const gradients = new Map<Parameter, Tensor>();
  for (const [i, parameter] of wanted.entries()) {
    const gradient = found[i];
    // As in PyTorch, a parameter the loss does not depend on is left alone.
    if (!gradient) continue;
    const own = ownStorage(graph, gradient, taken);
    taken.add(own);
    gradients.set(parameter, own);
  }
  if (!optimizer.parameters.some((parameter) => gradients.has(parameter))) {
    throw new GraphError(
      `device.compile: ${minimize} depends on none of the optimizer's parameters; give it model.parameters() of the ` +
        "model the function calls",
    );
  }
  return gradients;
}

/** The name of the one result that can be minimized: a scalar, and no gradient norm, which is known only afterwards. */
function scalarOf(graph: Graph, outputs: ReadonlyMap<string, Tensor>): string {
  const norms = new Set(
    graph.clippings.flatMap((clipping) => (clipping.kind === "norm" ? [clipping.norm] : [])),
  );
  const scalars = [...outputs].filter(([, tensor]) => tensor.shape.length === 0 && !norms.has(tensor));
  const [only, another] = scalars;
  if (only && !another) return only[0];
  const all = [...outputs].map(([name, { shape }]) => `${name} ${showShape(shape)}`).join(", ");
  throw new GraphError(
    `device.compile: an optimizer makes one scalar result smaller, and the function returns ${all}; ` +
      (another
        ? `choose one of them, such as minimize: ${show(only![0])}, or add the losses up`
        : "return the loss as a scalar, reduced by a mean or a sum"),
  );
}

/** Parameters that a program reads, in the order it meets them. */
function parametersOf(dispatches: readonly Dispatch[], outputs: Iterable<Tensor>): Set<Parameter> {
  const operands = dispatches.flatMap(({ bindings }) => Object.values(bindings));
  const roots = [...operands, ...outputs].map((operand) => operand?.storage.root);
  return new Set(roots.filter((root) => root instanceof Parameter));
}
