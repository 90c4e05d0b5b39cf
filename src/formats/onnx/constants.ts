import { quote, show } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import { type Shape, showShape, sizeOf } from "../../shape.ts";
import { dtypeName, dtypeOf, isFloat } from "./dtype.ts";
import { type HostTensor, hostTensor } from "./host.ts";
import type { Port } from "./read.ts";

/** The value of an input that is known before the model runs. */
export type OnnxConstant =
  | number
  | bigint
  | boolean
  | readonly (number | bigint | boolean)[]
  | { readonly data: ArrayLike<number | bigint | boolean>; readonly shape: Shape };

/** Reads one of the `constants` for an input of the model. */
export function constantOf(where: string, port: Port, given: OnnxConstant): HostTensor {
  const name = `constants: input ${quote(port.name, 60)}`;
  const info = dtypeOf(port.type);
  if (!info)
    throw new OptionError(`${where}: ${name} is of type ${dtypeName(port.type)}, which is not read here`);
  const { data, shape } = valuesOf(given);
  const numbers = Array.from(data ?? [], Number);
  const isNumbers = Array.from(data ?? []).every((value) => /^(number|bigint|boolean)$/.test(typeof value));
  if (!data || !isNumbers || (!isFloat(info.dtype) && !numbers.every(Number.isSafeInteger))) {
    throw new OptionError(
      `${where}: ${name} must be a number, a bigint or { data, shape } of ${info.name}, got ${show(given)}`,
    );
  }
  if (sizeOf(shape) !== numbers.length) {
    throw new OptionError(
      `${where}: ${name} of shape ${showShape(shape)} must have ${sizeOf(shape)} values, got ${numbers.length}`,
    );
  }
  return hostTensor(info.dtype, shape, numbers);
}

function valuesOf(given: unknown): { readonly data: ArrayLike<unknown> | null; readonly shape: Shape } {
  if (typeof given === "number" || typeof given === "bigint" || typeof given === "boolean") {
    return { data: [given], shape: [] };
  }
  if (Array.isArray(given)) return { data: given, shape: [given.length] };
  const { data, shape } = (given ?? {}) as { readonly data?: unknown; readonly shape?: unknown };
  const isList = typeof data === "object" && data !== null && "length" in data;
  const isShape = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0);
  return isList && isShape
    ? { data: data as ArrayLike<unknown>, shape: shape as Shape }
    : { data: null, shape: [] };
}
