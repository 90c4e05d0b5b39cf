/** Says where a NaN or an infinity comes from. Loads on demand, and imports types alone. */
import type { Anomaly } from "../errors.ts";
import type { Node } from "../graph/graph.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { ForwardNode, Tensor } from "../graph/tensor.ts";
import type { Shape } from "../shape.ts";

/** What is not finite, and how it came about. */
interface Origin {
  readonly tensor: Tensor;
  /** The op that has written it; `undefined` for an input or a parameter. */
  readonly node: Node | undefined;
  /** The update's kernel, if that has written it. */
  readonly updatedBy: string | null;
  readonly isBackward: boolean;
  readonly isNaN: boolean;
  /** The first element that is not finite. */
  readonly element: number;
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** From 0. */
  readonly run: number;
  /** Has the stack of the call that recorded the op. */
  readonly recorded: Error | undefined;
}

const OVERFLOW = "a sum or product beyond 3.4e38: scale the data, or use a lower learning rate";

/** How ops come to infinities and NaN in their forward pass, and in their backward pass. */
const CAUSES: Readonly<Record<string, { infinity?: string; nan?: string; backward?: string }>> = {
  log: {
    infinity: "log of 0: add a small number first, as in x.add(1e-12).log()",
    nan: "log of a number below 0",
    backward: "its derivative is 1/x: add a small number to x first",
  },
  exp: { infinity: "exp of more than 88.7: subtract the maximum first, or use softmax or logSoftmax" },
  sqrt: {
    nan: "the root of a number below 0",
    backward: "its derivative is infinite at 0: add a small number to x first, as in x.add(1e-12).sqrt()",
  },
  rsqrt: { infinity: "1/√0: add a small number to x first", nan: "the root of a number below 0" },
  reciprocal: {
    infinity: "1/0: add a small number to x first",
    backward: "its derivative is -1/x²: keep x away from 0",
  },
  log1p: { infinity: "log of 1 - 1", nan: "log of a number below 0: keep x above -1" },
  expm1: { infinity: "exp of more than 88.7: make x smaller first" },
  pow: {
    infinity: "a power beyond 3.4e38, or a negative power of 0",
    nan: "a fractional power of a number below 0: take that of x.abs()",
    backward: "its derivative is infinite at 0 for exponents below 1: keep x away from 0",
  },
  gather: { nan: "an index that the dimension does not have" },
  oneHot: { nan: "a class outside 0 to numClasses - 1" },
  multinomial: { nan: "weights that are negative, not finite, all 0, or fewer than are drawn" },
  div: {
    infinity: "a division by 0: add a small number to the divisor",
    nan: "0/0, or ∞/∞: add a small number to the divisor",
    backward: "its derivatives have the divisor's square below: keep the divisor away from 0",
  },
  softmax: { nan: "a row has no score above -∞, or one of +∞: leave one score of every row finite" },
  sub: { nan: "∞ - ∞", infinity: OVERFLOW },
  mul: { nan: "0·∞", infinity: OVERFLOW },
  layer_norm: { nan: "the sum of squares is beyond 3.4e38: scale what is normalized" },
  batch_norm: { nan: "the sum of squares is beyond 3.4e38: scale what is normalized" },
  group_norm: { nan: "the sum of squares is beyond 3.4e38: scale what is normalized" },
  rnn: {
    infinity: "a recurrence with a ReLU grows from step to step: use tanh, smaller weights or clipGradNorm_",
  },
  squared: { infinity: "a difference beyond 1.8e19: scale prediction and target" },
  scale: { infinity: OVERFLOW, nan: "0·∞" },
  add: { infinity: OVERFLOW, nan: "∞ - ∞" },
  sum: { infinity: OVERFLOW, nan: "∞ - ∞" },
  linear: { infinity: OVERFLOW, nan: "∞ - ∞, or 0·∞" },
  conv1d: { infinity: OVERFLOW, nan: "∞ - ∞, or 0·∞" },
  conv_transpose1d: { infinity: OVERFLOW, nan: "∞ - ∞, or 0·∞" },
  matmul: { infinity: OVERFLOW, nan: "∞ - ∞, or 0·∞" },
  batched_matmul: { infinity: OVERFLOW, nan: "∞ - ∞, or 0·∞" },
};

/** Whether a tensor is a parameter. */
export function isParameter(tensor: Tensor): tensor is Parameter {
  return "givenBy" in tensor;
}

const showShape = (shape: Shape) => `[${shape.join(", ")}]`;

/** Parameter names such as `fc.weight`, of the model that has given it. */
function nameOf(parameter: Parameter): string | null {
  const model = parameter.givenBy as { namedParameters?(): Iterable<[string, Parameter]> } | null;
  for (const [name, own] of model?.namedParameters?.() ?? []) if (own === parameter) return name;
  return null;
}

/** What a tensor that no op has written is called. */
function leafName(tensor: Tensor, inputs: ReadonlyMap<string, Tensor>): string | null {
  if (isParameter(tensor)) return `parameter ${nameOf(tensor) ?? "of no model"}`;
  for (const [name, input] of inputs) if (input === tensor) return `input ${name}`;
  return null;
}

/** The name by which users know an op. */
function opName({ op, attributes }: ForwardNode): string {
  const isKind = ["activation", "elementwise", "pair", "pointwise_loss"].includes(op.name);
  return isKind ? (attributes as { readonly kind: string }).kind : op.name;
}

/** The message, the cause and the fields of the error for an origin. */
export function explainOrigin(origin: Origin): { message: string; cause: unknown; fields: Anomaly } {
  const { tensor, node, updatedBy, isBackward, isNaN: isNan, element, inputs, run, recorded } = origin;
  const direction = updatedBy !== null ? "update" : isBackward ? "backward" : "forward";
  const forward = node && (node.kind === "forward" ? node : node.of);
  const op = updatedBy ?? (forward ? opName(forward) : isParameter(tensor) ? "parameter" : "input");
  const leaf = leafName(tensor, inputs);
  let name = leaf ?? "output";
  if (node?.kind === "backward") {
    const at = node.gradInputs.indexOf(tensor);
    name = `gradient of ${leafName(node.of.inputs[at]!, inputs) ?? `operand ${at}`}`;
  } else if (!leaf && forward && forward.outputs.length > 1) {
    name = `output ${forward.outputs.indexOf(tensor)}`;
  }
  const what = isNan ? "NaN" : "infinity";
  const hasPlace = tensor.shape.length > 0 && !tensor.layout;
  const place = `${showShape(tensor.shape)}${hasPlace ? `, first at ${positionOf(element, tensor.shape)}` : ""}`;
  const where = `${name} ${place}`;
  const cause = CAUSES[op];
  const hint =
    direction === "backward"
      ? cause?.backward
      : direction === "forward"
        ? cause?.[isNan ? "nan" : "infinity"]
        : undefined;
  let text: string;
  if (updatedBy !== null) {
    text = `the update by ${op} makes ${what} in ${where}; use a lower learning rate, or clip the gradients`;
  } else if (!node) {
    text = `${where}${hasPlace ? "," : ""} holds ${what} before any op; give it finite values`;
  } else {
    const pass = isBackward ? `the backward pass of ${op}` : op;
    text = `${pass} makes ${what} in its ${where}; ${hint ?? "return what goes into it as a result, and look at that"}`;
  }
  return {
    message: `step.run: in run ${run + 1} ${text}`,
    cause: recorded,
    fields: { op, direction, shape: tensor.shape, tensor: name },
  };
}

/** An element's position, as [2, 0]. */
function positionOf(element: number, shape: Shape): string {
  let rest = element;
  const at = [...shape].reverse().map((size) => {
    const index = rest % size;
    rest = (rest - index) / size;
    return index;
  });
  return showShape(at.reverse());
}
