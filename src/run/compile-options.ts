import { checkBoolean, checkInteger, checkOptions } from "../checks.ts";
import type { AccumulateOptions } from "../plan/accumulate-options.ts";
import type { training } from "../plan/training.ts";
import type { Updater } from "../plan/updater.ts";
import { type CompileInputs, type InputShapes, shapesOfSamples } from "./inputs.ts";
import { checkRandomState, type StepRandomState } from "./step-random.ts";

/** An optimizer: it updates parameters, and brings along what only a step with an optimizer needs. */
export interface Optimizing extends Updater {
  /** @internal */
  readonly training: typeof training;
}

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
  readonly optimizer?: Optimizing;
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
  readonly carry?: Readonly<Partial<Record<keyof Inputs, keyof Results & string>>>;
  /** Adds up the gradients of several runs before an update, as one large batch would. Goes with `optimizer`. */
  readonly accumulate?: AccumulateOptions;
  /**
   * Bytes of GPU memory that programs of other input shapes than the declared ones may hold together. Beyond it the least recently used are
   * given up, and planned again if their shapes come back. Their results stay readable. Default 64 MiB.
   */
  readonly shapeBudget?: number;
  /**
   * Finds out where the first NaN or infinity comes from, as `torch.autograd.detect_anomaly` does for NaN gradients. The GPU checks the
   * outputs of every op, its gradients and every updated parameter. When the results of a run are read, they reject with an
   * {@link AnomalyError} that names the first op which
   *
   * - makes a NaN, of operands without one, or
   * - makes an infinity, of finite operands, that reaches a NaN, a result, a gradient of a parameter or an updated parameter.
   *
   * So a mask of -∞ that a softmax takes is no anomaly. The error's `cause` has the stack of the call that recorded the op. Steps take
   * about twice the dispatches and a read each: for finding faults, not for every day. Default false.
   */
  readonly detectAnomaly?: boolean;
  /**
   * How the weights lie in GPU memory. With `"f16"` those that only matrix products, recurrent layers, convolutions and embeddings read
   * are rounded to half precision, as PyTorch's `half()` does; sums, states and everything else stay float32. It halves what a step reads of
   * large layers, for a relative error of up to 2⁻¹¹ in each weight. For inference: with an `optimizer` it is an {@link OptionError}, and so
   * is a weight beyond 65504, the end of float16. Steps in float32 over the same model go on beside it; what changes a parameter (their
   * training, `loadStateDict`) reaches this step with its next run, where values beyond 65504 become infinite. Default `"f32"`.
   */
  readonly weights?: "f32" | "f16";
  /** Random numbers of an earlier step, as its `randomState()` gave them, to go on with; drawn anew by default. */
  readonly random?: StepRandomState;
}

/** Throws for options that cannot be by themselves; gives the shapes of the inputs. */
export function checkCompileOptions<Inputs extends CompileInputs, Results>(
  options: CompileOptions<Inputs, Results>,
): InputShapes {
  const where = "device.compile";
  checkOptions(where, options, [
    "inputs",
    "minimize",
    "optimizer",
    "carry",
    "accumulate",
    "random",
    "shapeBudget",
    "detectAnomaly",
    "weights",
  ]);
  const shapes = shapesOfSamples(options.inputs);
  const { shapeBudget = 0, detectAnomaly = false } = options;
  checkInteger(where, "shapeBudget", shapeBudget, 0);
  checkBoolean(where, "detectAnomaly", detectAnomaly);
  if (options.random !== undefined) checkRandomState(where, options.random);
  return shapes;
}

/** Whether the options can train as they say, or do not train. */
export function fitTogether<Inputs extends CompileInputs, Results>({
  optimizer,
  minimize,
  accumulate,
  weights = "f32",
}: CompileOptions<Inputs, Results>): boolean {
  if (weights !== "f32" && (weights !== "f16" || optimizer)) return false;
  if (optimizer === undefined) return minimize === undefined && accumulate === undefined;
  return isOptimizer(optimizer) && (minimize === undefined || typeof minimize === "string");
}

/** Whether it is one, and not what a caller without types gives in its place. */
function isOptimizer(value: Partial<Updater> | null): boolean {
  return (
    Array.isArray(value?.parameters) &&
    typeof value.updateParts === "function" &&
    typeof value.beginStep === "function"
  );
}
