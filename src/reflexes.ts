/**
 * What a PyTorch user may write in a traced function, and how it is written here. Loaded when a trace has failed: the function is traced
 * again with traps at the names that tensors do not have.
 */

/** A call that is written in another way here. */
class Reflex extends Error {}

const NO_VALUES =
  "a traced tensor has a shape and no values; return it from the function, and read the result that step.run() gives: " +
  "await result.item(), await result.read()";
const ON_DEVICE = "everything in a step is float32 on its device already; leave the call out";
const SHAPE = "the shape is an array: x.shape[0], x.shape.length";
const PARTS = "take parts with x.select(dim, index) and x.slice(dim, start, end)";
const NEW_TENSOR = "tensors do not change; use the tensor that add(), mul(), … return";
const TRAINING =
  "a step that is compiled with an optimizer computes the gradients and updates in step.run(); return grad(loss, tensors) to look at them";

/** Advice by the names that PyTorch has, in snake_case. */
const ADVICE: readonly (readonly [names: string, advice: string])[] = [
  ["backward grad retain_grad zero_grad", TRAINING],
  ["requires_grad requires_grad_", "the optimizer's parameters are trained; detach() keeps a gradient out"],
  ["item numpy tolist data print array", NO_VALUES],
  ["to cuda cpu float double half int long contiguous", ON_DEVICE],
  ["size dim ndim numel", SHAPE],
  ["view_as reshape_as", "reshape([…]) takes the sizes in an array, one of them may be -1"],
  ["t T mT swapaxes movedim", "use x.transpose(dim0, dim1) or x.permute([…])"],
  ["narrow take", PARTS],
  ["index_select", "use x.indexSelect(dim, index)"],
  ["masked_fill", "use x.maskedFill(mask, value)"],
  ["one_hot", "use x.oneHot(numClasses)"],
  ["repeat tile broadcast_to expand_as", "use x.expand([…]), or cat([x, x], dim)"],
  ["mm bmm dot", "use x.matmul(y)"],
  ["add_ sub_ mul_ div_ zero_ fill_ copy_ clamp_", NEW_TENSOR],
];

/** What an operator asks an operand for. */
const OPERATORS =
  "JavaScript's operators do not compute with tensors; use x.add(y), x.sub(y), x.mul(y), x.div(y), x.gt(y), x.lt(y), x.where(condition, y)";

/** What returns an object where PyTorch returns a tuple, and a call, by the names in the object. */
const RETURNING: ReadonlyMap<string, readonly [what: string, call: string]> = new Map([
  ["values, indices", ["max(), min() or topk()", "x.max(dim)"]],
  ["output, state", ["forward()", "layer.forward(x)"]],
  ["output, weights", ["forward()", "attention.forward(query, key, value)"]],
  ["output, lengths", ["padPackedSequence()", "padPackedSequence(packed)"]],
  ["h, c", ["forward()", "layer.forward(x)"]],
]);

const camelCase = (name: string) =>
  name.replace(/_(?=.)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Runs `trace` with traps, and returns what to say of a reflex that it ends in; `null` if the error has nothing to do with one.
 * @param error What the trace has ended with.
 * @param tensor The prototype of tensors.
 */
export function reflexIn(error: unknown, tensor: object, trace: () => unknown): string | null {
  const restore: (() => void)[] = [];
  const trap = (target: object, name: string | symbol, get: (this: object) => unknown) => {
    const own = Object.getOwnPropertyDescriptor(target, name);
    // What operators ask for throws by itself, and says less.
    if (name in target && name !== Symbol.toPrimitive) return;
    Object.defineProperty(target, name, { get, configurable: true });
    restore.push(() =>
      own ? Object.defineProperty(target, name, own) : Reflect.deleteProperty(target, name),
    );
  };
  const say = (name: string, advice: string) => (): never => {
    throw new Reflex(`Tensor.${name}: ${advice}`);
  };
  for (const [names, advice] of ADVICE) {
    for (const name of names.split(" ")) {
      for (const spelled of [name, camelCase(name)]) trap(tensor, spelled, say(spelled, advice));
    }
  }
  trap(tensor, Symbol.toPrimitive, say("valueOf", OPERATORS));
  trap(tensor, Symbol.iterator, say("[Symbol.iterator]", PARTS));
  trap(Object.prototype, Symbol.iterator, function () {
    const parts = Object.keys(this).join(", ");
    const call = RETURNING.get(parts);
    if (!call) return undefined;
    throw new Reflex(`${call[0]} returns an object, no tuple: const { ${parts} } = ${call[1]}`);
  });
  try {
    trace();
  } catch (again) {
    if (again instanceof Reflex) return again.message;
  } finally {
    for (const undo of restore) undo();
  }
  const called = error instanceof TypeError && /^(.*) is not a function/.exec(error.message)?.[1];
  if (!called) return null;
  return `${called} is not a function; a model, a layer or a loss is called by its forward(): model.forward(x)`;
}
