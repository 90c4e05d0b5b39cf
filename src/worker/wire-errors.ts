import { show } from "../checks.ts";
import * as errors from "../errors.ts";

/** An error in the form that crosses between threads. Structured cloning alone loses the classes of this library's errors. */
export interface WireError {
  /** Name of a class of this library or of the language, or `DOMException`; null for anything else. */
  readonly type: string | null;
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: WireError;
  /** Fields of a DivergedError. */
  readonly divergence?: errors.Divergence;
  /** Whether the run ended because its signal was aborted. */
  readonly aborted?: boolean;
}

type ErrorClass = new (message: string, options?: ErrorOptions & errors.Divergence) => Error;

const own = Object.entries(errors).filter(
  ([, value]) => value === errors.WebGpuLstmError || value.prototype instanceof errors.WebGpuLstmError,
) as unknown as [string, ErrorClass][];

const classes = new Map<string, ErrorClass>([
  ...own,
  ...Object.entries({ Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }),
]);

/** Longest chain of causes that crosses, so that a circular one ends. */
const MOST_CAUSES = 8;

/** The form in which something thrown crosses. */
export function toWire(thrown: unknown, depth = 0): WireError {
  if (!(thrown instanceof Error)) return { type: null, name: "Error", message: show(thrown) };
  const known = [...classes].find(([, type]) => thrown.constructor === type);
  const type = known?.[0] ?? (thrown instanceof DOMException ? "DOMException" : null);
  const { name, message, stack, cause } = thrown;
  return {
    type,
    name,
    message,
    ...(stack !== undefined && { stack }),
    ...(thrown instanceof errors.DivergedError && { divergence: divergenceOf(thrown) }),
    ...(cause !== undefined && depth < MOST_CAUSES && { cause: toWire(cause, depth + 1) }),
  };
}

function divergenceOf({ epoch, batch, loss, tensor }: errors.DivergedError): errors.Divergence {
  return { epoch, batch, loss, tensor };
}

/** The error again, of its own class where this side has that. */
export function fromWire({ type, name, message, stack, cause, divergence }: WireError): Error {
  const options = { ...(cause && { cause: fromWire(cause) }), ...divergence } as ErrorOptions &
    errors.Divergence;
  if (type === "DOMException") return new DOMException(message, name);
  const Type = (type !== null && classes.get(type)) || Error;
  const error = new Type(message, options);
  if (type === null && name !== error.name) error.name = name;
  if (stack !== undefined) error.stack = `${stack}\n    in a worker, called from\n${error.stack ?? ""}`;
  return error;
}
