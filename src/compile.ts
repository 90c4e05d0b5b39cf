import { checkOptions, show } from "./checks.ts";
import { GraphError, OptionError } from "./errors.ts";
import type { GpuContext } from "./gpu/context.ts";
import { checkLoss, differentiate } from "./graph/differentiate.ts";
import { Graph } from "./graph/graph.ts";
import { Parameter } from "./graph/parameter.ts";
import { recordInto } from "./graph/recorder.ts";
import { Tensor } from "./graph/tensor.ts";
import { loadAll } from "./ondemand.ts";
import { Choices } from "./ops/choice.ts";
import type { Dispatch, PlanSettings, VersionPins } from "./ops/op.ts";
import { productNeeds } from "./ops/product/gemm.ts";
import { basicTexts } from "./ops/tensor/texts.ts";
import { type AccumulateOptions, Accumulation, checkAccumulate } from "./plan/accumulation.ts";
import { type Carried, carriedOf } from "./plan/carry.ts";
import { lower, ownStorage } from "./plan/lower.ts";
import type { Optimizer } from "./plan/optimizer.ts";
import { ParameterArena } from "./plan/parameters.ts";
import { checkClippings, differentiated, placeGradients, planUpdate } from "./plan/update.ts";
import { timeVersions } from "./run/calibration.ts";
import { checkInputShapes, type InputShapes } from "./run/inputs.ts";
import { CompiledStep, checkResults, type StepSource } from "./run/step.ts";
import { checkRandomState, StepRandom, type StepRandomState } from "./run/step-random.ts";

/** How {@link Device.compile} plans a function. */
export interface CompileOptions<Inputs extends InputShapes, Results> {
  /** Shape of every input by name. */
  readonly inputs: Inputs;
  /** The result that training makes smaller: a scalar. Goes with `optimizer`. */
  readonly minimize?: keyof Results & string;
  /** Updates its parameters after every run. Goes with `minimize`. */
  readonly optimizer?: Optimizer;
  /**
   * Results that the next run takes as inputs, by the input's name: `{ h: "h" }` keeps a recurrent state on the GPU from run to run.
   * Such an input is zero in the first run and needs no value in `run`; one that is given replaces what was carried. The
   * inputs of a step that carries something always have their declared shapes.
   */
  readonly carry?: { readonly [K in keyof Inputs]?: keyof Results & string };
  /** Adds up the gradients of several runs before an update, as one large batch would. Goes with `minimize`. */
  readonly accumulate?: AccumulateOptions;
  /** Random numbers of an earlier step, as its `randomState()` gave them, to go on with; drawn anew by default. */
  readonly random?: StepRandomState;
}

type Traced<Inputs, Results> = (inputs: { readonly [K in keyof Inputs]: Tensor }) => Results;

/** How a device chooses kernel versions. */
export interface Planning {
  readonly pins: VersionPins;
  /** Takes the versions that were timed to be the fastest; `null` where none are to be timed. */
  readonly keepTimed: ((versions: Readonly<Record<string, string>>) => Promise<void>) | null;
}

/** Traces `fn` once for its declared shapes, compiles what it needs, and gives the step to run. */
export async function compile<Inputs extends InputShapes, Results extends Readonly<Record<string, Tensor>>>(
  context: GpuContext,
  { pins, keepTimed }: Planning,
  fn: Traced<Inputs, Results>,
  options: CompileOptions<Inputs, Results>,
): Promise<CompiledStep<keyof Results & string>> {
  context.check("device.compile");
  if (typeof fn !== "function") {
    throw new OptionError(`device.compile: expected a function of the inputs, got ${show(fn)}`);
  }
  checkOptions("device.compile", options, [
    "inputs",
    "minimize",
    "optimizer",
    "carry",
    "accumulate",
    "random",
  ]);
  const inputs = checkInputShapes(options.inputs);
  const { minimize, optimizer, carry = {}, accumulate } = options;
  if ((minimize === undefined) !== (optimizer === undefined)) {
    throw new OptionError(
      "device.compile: minimize and optimizer go together; to look at gradients without an update return grad(loss, tensors)",
    );
  }
  if (minimize !== undefined && typeof minimize !== "string") {
    throw new OptionError(
      `device.compile: minimize must name one result, got ${show(minimize)}; add several losses up into one`,
    );
  }
  if (optimizer !== undefined) checkOptimizer(optimizer);
  if (accumulate !== undefined) {
    checkAccumulate("device.compile", accumulate);
    if (!optimizer) {
      throw new OptionError(
        "device.compile: accumulate goes with minimize and optimizer; without them nothing is updated",
      );
    }
  }
  if (options.random !== undefined) checkRandomState("device.compile", options.random);
  const random = new StepRandom(options.random);
  const modes = new WeakMap<object, boolean>();
  const accumulation = accumulate ? new Accumulation(context, accumulate) : null;
  const build = (shapes: InputShapes) => {
    const { facts, limits } = context;
    const plan = { facts, pins, maxGrid: limits.maxGrid, choices: new Choices(facts.versions) };
    return buildProgram(context, plan, fn, shapes, minimize, optimizer, carry, accumulation, random, modes);
  };
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
    const carries = new Set(Object.keys(carry));
    const parts = { optimizer: optimizer ?? null, accumulation, carries, random };
    return new CompiledStep<keyof Results & string>(context, inputs, parts, build, source);
  } catch (error) {
    accumulation?.dispose();
    throw error;
  }
}

function buildProgram<Inputs extends InputShapes, Results extends Readonly<Record<string, Tensor>>>(
  context: GpuContext,
  plan: PlanSettings & { readonly choices: Choices },
  fn: Traced<Inputs, Results>,
  shapes: InputShapes,
  minimize: string | undefined,
  optimizer: Optimizer | undefined,
  carry: Readonly<Record<string, string | undefined>>,
  accumulation: Accumulation | null,
  random: StepRandom,
  modes: WeakMap<object, boolean>,
): StepSource {
  const graph = new Graph(random.trace(), modes);
  const inputs = new Map(Object.entries(shapes).map(([name, shape]) => [name, graph.input(shape)]));
  const outputs = new Map<string, Tensor>();
  const gradients = new Map<Parameter, Tensor>();
  let carried: Carried = new Map();
  recordInto(graph, () => {
    const results = fn(Object.fromEntries(inputs) as { readonly [K in keyof Inputs]: Tensor });
    if (results instanceof Promise) {
      results.catch(() => {});
      throw new GraphError(
        "device.compile: the traced function must not be async, it runs once to record its ops; await before or after it",
      );
    }
    checkResults(results);
    for (const [name, tensor] of Object.entries(results)) {
      if (!(tensor instanceof Tensor)) {
        throw new GraphError(`device.compile: result ${name} must be a tensor, got ${show(tensor)}`);
      }
      if (tensor.owner && tensor.owner !== graph) {
        throw new GraphError(
          `device.compile: result ${name} belongs to another trace; return it there, and pass that result in as an input here`,
        );
      }
      outputs.set(name, tensor);
    }
    checkClippings(graph, optimizer !== undefined);
    carried = carriedOf(graph, carry, inputs, outputs);
    if (minimize === undefined || !optimizer) return;
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

function checkOptimizer(optimizer: Partial<Optimizer> | null): void {
  if (!Array.isArray(optimizer?.parameters) || typeof optimizer.planUpdate !== "function") {
    throw new OptionError(`device.compile: optimizer must be one such as optim.Adam, got ${show(optimizer)}`);
  }
}

/** Parameters that a program reads, in the order it meets them. */
function parametersOf(dispatches: readonly Dispatch[], outputs: Iterable<Tensor>): Set<Parameter> {
  const operands = dispatches.flatMap(({ bindings }) => Object.values(bindings) as (Tensor | null)[]);
  const roots = [...operands, ...outputs].map((tensor) => tensor?.storage.root);
  return new Set(roots.filter((root) => root instanceof Parameter));
}
