import { show } from "./checks.ts";
import { AnomalyError, GraphError, OptionError } from "./errors.ts";
import type { GpuContext } from "./gpu/context.ts";
import { type BufferRange, Kernel } from "./gpu/kernel.ts";
import { Graph } from "./graph/graph.ts";
import { holdersOf } from "./graph/holders.ts";
import { Parameter } from "./graph/parameter.ts";
import type { HasMode } from "./graph/recorder.ts";
import { recording, Tensor } from "./graph/tensor.ts";
import { loadAll, OnDemand } from "./ondemand.ts";
import { baseTexts } from "./ops/base-texts.ts";
import { Choices } from "./ops/choice.ts";
import type { Dispatch } from "./ops/op.ts";
import { productNeeds } from "./ops/product/gemm.ts";
import { fill } from "./ops/tensor/copy.ts";
import type { Accumulation } from "./plan/accumulation.ts";
import type { Anomalies } from "./plan/anomaly.ts";
import { type Carried, carriedOf } from "./plan/carry.ts";
import { lower, needsOf } from "./plan/lower.ts";
import { ParameterArena } from "./plan/parameters.ts";
import type { Planning } from "./plan/planning.ts";
import { checkSizes } from "./plan/sizes.ts";
import {
  type CompileOptions,
  checkCompileOptions,
  fitTogether,
  type Optimizing,
} from "./run/compile-options.ts";
import type { HalfWeights } from "./run/half-weights.ts";
import { halves } from "./run/halves-chunk.ts";
import type { CompileInputs, InputShapes, InputTensors } from "./run/inputs.ts";
import { Program } from "./run/program.ts";
import { CompiledStep, type StepSource } from "./run/step.ts";
import { StepRandom } from "./run/step-random.ts";
import { showShape } from "./shape.ts";

const refusals = /* @__PURE__ */ new OnDemand(() => import("./run/compile-refusals.ts"));
const reflexes = /* @__PURE__ */ new OnDemand(() => import("./reflexes.ts"));
const anomaly = /* @__PURE__ */ new OnDemand(() => import("./plan/anomaly.ts"));
const calibration = /* @__PURE__ */ new OnDemand(() => import("./run/calibration.ts"));

type Traced<Inputs, Results> = (inputs: InputTensors<Inputs>) => Results;

type Tensors = Readonly<Record<string, Tensor>>;

/** What all programs of a step are built from; they differ in the shapes of their inputs. */
interface Recipe {
  readonly context: GpuContext;
  readonly planning: Planning;
  readonly fn: (inputs: Tensors) => unknown;
  readonly optimizer: Optimizing | null;
  /** The result to minimize; `undefined` for the one that is a scalar. */
  readonly minimize: string | undefined;
  readonly carry: Readonly<Record<string, string | undefined>>;
  readonly random: StepRandom;
  /** Modules whose modes earlier traces depended on. */
  readonly modes: Set<HasMode>;
  /** What finds NaN and infinities, if something does. */
  readonly anomalies: Anomalies | undefined;
  /** Whether weights are read in half precision. */
  readonly isHalf: boolean;
}

/** Traces `fn` once for its declared shapes, compiles what it needs, and gives the step to run. */
export async function compile<Inputs extends CompileInputs, Results extends Tensors>(
  context: GpuContext,
  planning: Planning,
  fn: Traced<Inputs, Results>,
  options: CompileOptions<Inputs, Results>,
): Promise<CompiledStep<keyof Results & string>> {
  context.check("device.compile");
  if (typeof fn !== "function") {
    throw new OptionError(`device.compile: expected a function of the inputs, got ${show(fn)}`);
  }
  const inputs = checkCompileOptions(options);
  if (!fitTogether(options)) {
    await refusals.load();
    throw new OptionError(`device.compile: ${refusals.module.misfit(options, show)}`);
  }
  const { optimizer = null, minimize, carry = {}, accumulate, shapeBudget = 2 ** 26 } = options;
  const random = new StepRandom(options.random);
  if (accumulate) optimizer?.training.checkAccumulate("device.compile", accumulate);
  const recipe: Recipe = {
    context,
    planning,
    // The inputs have the names that the options declare.
    fn: fn as Recipe["fn"],
    optimizer,
    minimize,
    carry,
    random,
    modes: new Set(),
    anomalies: options.detectAnomaly ? await detecting() : undefined,
    isHalf: options.weights === "f16",
  };
  if (recipe.isHalf) await halves.load();
  const traced = await firstTrace(recipe, inputs);
  const { graph, outputs } = traced;
  const strays = await optimizer?.training.checkLeftOut(graph, outputs, optimizer.parameters, minimize);
  const offering = { facts: context.facts, ...planning };
  await loadAll([baseTexts, ...productNeeds(offering), ...needsOf(graph, offering)]);
  const accumulation =
    accumulate && optimizer ? await optimizer.training.accumulationOf(context, accumulate) : null;
  const build = (shapes: InputShapes) => {
    const traced = trace(recipe, shapes);
    const now = optimizer?.training.straysOf(traced.graph, optimizer.parameters) ?? [];
    const stray = now.find((parameter) => !strays?.includes(parameter));
    if (!stray) return plan(recipe, traced, accumulation);
    throw new GraphError(
      `step.run: a parameter ${showShape(stray.shape)} is new to the step, and not the optimizer's; compile a step with an optimizer of ` +
        "model.parameters()",
    );
  };
  const attempt = context.faults.attempt("device.compile");
  try {
    let source = attempt.run(() => plan(recipe, traced, accumulation));
    const { calibrate, proves } = planning;
    const close = calibrate || proves ? source.choices.close(calibrate) : [];
    if (close.length > 0) {
      await Promise.all([calibration.load(), attempt.accepted()]);
      await planning.keep(await calibration.module.judgeVersions(context, source, close, Program));
      source = attempt.run(() => build(inputs));
    }
    await context.kernels.compile(new Set(source.dispatches.map(({ kernel }) => kernel)));
    if (source.halves) await halves.module.ready(context, source.halves);
    await attempt.accepted();
    const { modes } = recipe;
    const carries = new Set(Object.keys(carry));
    const parts = { optimizer, accumulation, carries, random, modes, shapeBudget };
    const step = attempt.run(
      () => new CompiledStep<keyof Results & string>(context, inputs, parts, build, source),
    );
    await attempt.accepted();
    return step;
  } catch (error) {
    attempt.undo();
    accumulation?.dispose();
    throw error;
  }
}

/** A function traced for one set of input shapes. */
interface Trace {
  readonly graph: Graph;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly carried: Carried;
  readonly gradients: ReadonlyMap<Parameter, Tensor>;
}

/** What finds NaN and infinities. */
async function detecting(): Promise<Anomalies> {
  await anomaly.load();
  return new anomaly.module.Anomalies(AnomalyError, Kernel, OnDemand, fill);
}

/** Traces the function for these input shapes, and differentiates it if an optimizer wants gradients. */
function trace(recipe: Recipe, shapes: InputShapes): Trace {
  const { fn, optimizer, minimize, carry, random, modes, anomalies } = recipe;
  const graph = new Graph(random.trace(), modes);
  anomalies?.listen(graph);
  const inputs = new Map(Object.entries(shapes).map(([name, shape]) => [name, graph.input(shape)]));
  return recording.into(graph, () => {
    const outputs = new Map(resultsOf(graph, fn(Object.fromEntries(inputs))));
    if (optimizer) optimizer.training.checkClippings(graph);
    else if (graph.clippings.length > 0) {
      throw new GraphError(
        "clipGradNorm_, clipGradValue_: this step has no gradients to clip; compile it with an optimizer",
      );
    }
    const carried = carriedOf(graph, carry, inputs, outputs);
    const gradients = optimizer
      ? optimizer.training.gradientsOf(graph, outputs, optimizer, minimize)
      : new Map<Parameter, Tensor>();
    return { graph, inputs, outputs, carried, gradients };
  });
}

/** Traces the function for the first time; an error says how PyTorch's way is written here. */
async function firstTrace(recipe: Recipe, shapes: InputShapes): Promise<Trace> {
  try {
    return trace(recipe, shapes);
  } catch (cause) {
    await reflexes.load();
    const message = reflexes.module.reflexIn(cause, Tensor.prototype, () => trace(recipe, shapes));
    throw message ? new GraphError(`device.compile: ${message}`, { cause }) : cause;
  }
}

/** Plans the program of a trace. */
function plan(
  { context, planning: { pins, proves }, optimizer, anomalies, isHalf }: Recipe,
  trace: Trace,
  accumulation: Accumulation | null,
): StepSource {
  const { graph, inputs, outputs, carried, gradients } = trace;
  const { facts, limits } = context;
  const settings = { facts, pins, proves, ...limits, choices: new Choices(facts, proves) };
  checkSizes(graph, inputs, limits);
  const watch = anomalies?.watch(trace);
  const assigned = [...graph.assignments.values()];
  const results = [...outputs.values(), ...gradients.values(), ...assigned.map(({ value }) => value)];
  const lowered = lower(graph, results, settings);
  const { choices } = settings;
  const half: HalfWeights | undefined = isHalf
    ? halves.module.weightsOf(context, { graph, choices }, lowered, outputs.values())
    : undefined;
  const read = half?.dispatches ?? lowered;
  const dispatches = watch?.whole(read) ?? read;
  const parameters = new Set([
    ...parametersOf(dispatches, outputs.values()),
    ...(optimizer?.parameters ?? []),
    ...gradients.keys(),
    // Its keys are parameters.
    ...([...graph.assignments.keys()] as Parameter[]),
  ]);
  ParameterArena.place(context, parameters);

  const placed = new Map<Tensor, BufferRange>(half?.placed);
  const update = optimizer
    ? optimizer.training.planUpdate({ context, graph, settings, optimizer, gradients, placed, accumulation })
    : null;
  const ending = update?.accumulating ?? assigned.map(({ store }) => store(null, settings));
  const always = [...dispatches, ...ending];
  const updating = update ? [...update.dispatches, ...update.updates, ...(watch?.updated(update) ?? [])] : [];
  return {
    graph,
    choices,
    dispatches: [...always, ...updating],
    optionalFrom: accumulation ? always.length : null,
    inputs,
    outputs,
    carried,
    placed,
    parameters: half ? new Set([...parameters, ...half.parameters]) : parameters,
    update,
    intact: holdersOf([...parameters, ...graph.modes]),
    anomalies: watch,
    halves: half,
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
  if (
    typeof results !== "object" ||
    results === null ||
    results instanceof Tensor ||
    Object.keys(results).length === 0
  ) {
    throw new GraphError(
      `device.compile: the traced function must return an object of tensors like { loss, pred }, got ${show(results)}`,
    );
  }
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

/** Parameters that a program reads, in the order it meets them. */
function parametersOf(dispatches: readonly Dispatch[], outputs: Iterable<Tensor>): Set<Parameter> {
  const operands = dispatches.flatMap(({ bindings }) => Object.values(bindings));
  const roots = [...operands, ...outputs].map((operand) => operand?.storage.root);
  return new Set(roots.filter((root) => root instanceof Parameter));
}
