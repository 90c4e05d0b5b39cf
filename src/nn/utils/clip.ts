import { checkBoolean, checkNoMore, checkNumber, checkOptions, show } from "../../checks.ts";
import { GraphError, OptionError } from "../../errors.ts";
import { Graph } from "../../graph/graph.ts";
import { Parameter } from "../../graph/parameter.ts";
import { recording, Tensor } from "../../graph/tensor.ts";
import { planClippings } from "../../plan/clipping.ts";

/** Options of {@link clipGradNorm_}. */
export interface ClipGradNormOptions {
  /** The p of the p-norm, above 0; `Infinity` for the largest magnitude. Default 2. */
  readonly normType?: number;
  /**
   * What to do when the norm is NaN or infinite. True: the step does not update parameters or optimizer, and
   * reading a scalar result of that run throws a DataError, after which the step does not count. False, the
   * default: gradients are scaled by it anyway.
   */
  readonly errorIfNonfinite?: boolean;
}

/**
 * Scales the gradients of this step so that their total norm is at most `maxNorm`, as `torch.nn.utils.clip_grad_norm_`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html). Call it inside a traced function that is
 * compiled with an `optimizer`. It acts on the GPU between the gradients and the update, without a readback.
 * Parameters that the loss does not depend on do not count.
 *
 * @param maxNorm At least 0; `Infinity` measures the norm without clipping.
 * @returns The norm before clipping, a scalar to return as a result; ops cannot take it.
 * @example
 * const step = await device.compile(({ x, y }) => {
 *   const loss = criterion.forward(model.forward(x), y);
 *   const norm = nn.utils.clipGradNorm_(model.parameters(), 1.0);
 *   return { loss, norm };
 * }, { inputs: { x: [64, 20, 1], y: [64, 1] }, optimizer });
 * @throws {@link OptionError} for a bad argument, {@link GraphError} outside a traced function.
 */
export function clipGradNorm_(
  parameters: Iterable<Parameter> | Parameter,
  maxNorm: number,
  options: ClipGradNormOptions = {},
  ...more: never[]
): Tensor {
  const where = "clipGradNorm_";
  checkOptions(where, options, ["normType", "errorIfNonfinite"], more);
  const { normType = 2, errorIfNonfinite = false } = options;
  if (maxNorm !== Number.POSITIVE_INFINITY) {
    checkNumber(where, "maxNorm", maxNorm, "a number of at least 0", (n) => n >= 0);
  }
  if (normType !== Number.POSITIVE_INFINITY) {
    checkNumber(where, "normType", normType, "a number above 0, or Infinity", (n) => n > 0);
  }
  checkBoolean(where, "errorIfNonfinite", errorIfNonfinite);
  const list = checkParameters(where, parameters);
  const graph = currentGraph(where);
  const norm = new Tensor([], graph);
  graph.norms.add(norm);
  graph.clippings.push({
    kind: "norm",
    plan: planClippings,
    parameters: list,
    maxNorm,
    normType,
    errorIfNonfinite,
    norm,
  });
  return norm;
}

/**
 * Clips every gradient of this step to [-clipValue, clipValue], as `torch.nn.utils.clip_grad_value_`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html). Call it like {@link clipGradNorm_}.
 *
 * @param clipValue At least 0.
 * @throws {@link OptionError} for a bad argument, {@link GraphError} outside a traced function.
 */
export function clipGradValue_(
  parameters: Iterable<Parameter> | Parameter,
  clipValue: number,
  ...more: never[]
): void {
  const where = "clipGradValue_";
  checkNoMore(where, more);
  checkNumber(where, "clipValue", clipValue, "a finite number of at least 0", (n) => n >= 0);
  const list = checkParameters(where, parameters);
  currentGraph(where).clippings.push({
    kind: "value",
    plan: planClippings,
    parameters: list,
    limit: clipValue,
  });
}

function currentGraph(where: string): Graph {
  const graph = recording.current(where);
  if (!(graph instanceof Graph)) {
    throw new GraphError(`${where}: call it inside the function given to device.compile()`);
  }
  return graph;
}

function checkParameters(where: string, parameters: Iterable<Parameter> | Parameter): Parameter[] {
  if (parameters instanceof Parameter) return [parameters];
  const list = typeof parameters?.[Symbol.iterator] === "function" ? [...parameters] : null;
  if (!list?.every((parameter) => parameter instanceof Parameter)) {
    throw new OptionError(
      `${where}: expected model.parameters() or a parameter, got ${show(list ?? parameters)}`,
    );
  }
  // A gradient that is listed twice is clipped and counted once.
  return [...new Set(list)];
}
