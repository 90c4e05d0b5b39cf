import { checkBoolean, checkOptions } from "../checks.ts";
import type { Shape } from "../shape.ts";
import { viewOf } from "./refuse.ts";
import { readTorch } from "./torch-file.ts";
import { arrayOf, sizeOfArray, type TorchArray } from "./torch-storage.ts";

/** A tensor of a `.pt` file: its elements in row-major order and its shape. */
export interface TorchTensor {
  /** A `Float32Array`; with `keepTypes` an array of the file's own type. */
  readonly data: TorchArray;
  /** Its sizes, the outermost first. */
  readonly shape: Shape;
}

/** What {@link loadTorch} gives: tensors, numbers, text and `None` (`null`) in lists and dicts. */
export type TorchValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | TorchTensor
  | readonly TorchValue[]
  | { readonly [key: string]: TorchValue };

/** Options of {@link loadTorch}. */
export interface LoadTorchOptions {
  /**
   * Keep the file's number types, for data and counters. Default `false`: every tensor is float32, as `loadStateDict` takes it.
   */
  readonly keepTypes?: boolean;
}

/**
 * Reads what `torch.save` wrote: a state dict, or a checkpoint of state dicts, lists, numbers and text. Nothing in the file is executed:
 * a pickle that wants more than tensors and plain values is refused by name.
 *
 * | Python | JavaScript |
 * |---|---|
 * | `dict`, `OrderedDict` | an object without a prototype; a key that is an integer becomes its text, as in `state[0]` |
 * | `list`; `tuple`, `torch.Size` | an array; a frozen array |
 * | `int`, `float` | a number; an `int` beyond 2^53 a `bigint` |
 * | tensor, `Parameter` | `{ data, shape }`, contiguous; views that are the same, such as tied weights, are one object |
 *
 * The types of tensors:
 *
 * | type | default | `keepTypes: true` |
 * |---|---|---|
 * | float32 | `Float32Array` | `Float32Array` |
 * | float16, bfloat16, float8 (e4m3fn, e5m2) | `Float32Array`, exact | `Float32Array`, exact |
 * | float64 | `Float32Array`, rounded; refused where it overflows | `Float64Array` |
 * | int64, int32, int16, int8; uint64, uint32, uint16, uint8 | `Float32Array` where each value is exact, refused otherwise | `BigInt64Array`, `Int32Array`, `Int16Array`, `Int8Array`; `BigUint64Array`, `Uint32Array`, `Uint16Array`, `Uint8Array` |
 * | bool | `Float32Array` of 0 and 1 | `Uint8Array` of 0 and 1 |
 *
 * @typeParam Value What the caller expects in the file. It is not checked here; `loadStateDict` checks.
 * @throws DataError for a file that is damaged, of another format, holds other objects, or wants more memory than four
 * times its size and 16 MiB.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.save.html
 *
 * @example
 * const bytes = await (await fetch("checkpoint.pt")).arrayBuffer();
 * const { model: weights } = loadTorch<{ model: Record<string, NDArray> }>(bytes);
 * model.loadStateDict(weights);
 */
export function loadTorch<Value = TorchValue>(
  bytes: Uint8Array | ArrayBuffer,
  options: LoadTorchOptions = {},
): Value {
  const where = "loadTorch";
  checkOptions(where, options, ["keepTypes"]);
  const { keepTypes = false } = options;
  checkBoolean(where, "keepTypes", keepTypes);
  const { value } = readTorch<TorchTensor>(where, viewOf(where, bytes), (view, budget, refuse) => {
    budget.spend(sizeOfArray(view, keepTypes), "a tensor");
    return { data: arrayOf(view, keepTypes, refuse), shape: view.shape };
  });
  return value as Value;
}
