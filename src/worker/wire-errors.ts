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
  /** Fields of a DivergedError or an AnomalyError. */
  readonly fields?: errors.Divergence | errors.Anomaly;
  /** Whether the run ended because its signal was aborted. */
  readonly aborted?: boolean;
}

type ErrorClass = new (message: string, options?: ErrorOptions & errors.Divergence & errors.Anomaly) => Error;

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
    ...fieldsOf(thrown),
    ...(cause !== undefined && depth < MOST_CAUSES && { cause: toWire(cause, depth + 1) }),
  };
}

function fieldsOf(thrown: Error): Pick<WireError, "fields"> {
  if (thrown instanceof errors.DivergedError) {
    const { epoch, batch, loss, tensor } = thrown;
    return { fields: { epoch, batch, loss, tensor } };
  }
  if (!(thrown instanceof errors.AnomalyError)) return {};
  const { op, direction, tensor, shape } = thrown;
  return { fields: { op, direction, tensor, shape } };
}

/** The error again, of its own class where this side has that. */
export function fromWire({ type, name, message, stack, cause, fields }: WireError): Error {
  const options = { ...(cause && { cause: fromWire(cause) }), ...fields } as ErrorOptions &
    errors.Divergence &
    errors.Anomaly;
  if (type === "DOMException") return new DOMException(message, name);
  const Type = (type !== null && classes.get(type)) || Error;
  const error = new Type(message, options);
  if (error instanceof errors.AnomalyError) Object.assign(error, fields);
  if (type === null && name !== error.name) error.name = name;
  if (stack !== undefined) error.stack = `${stack}\n    in a worker, called from\n${error.stack ?? ""}`;
  return error;
}
