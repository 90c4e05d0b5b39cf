/**
 * Checkpoints: a model, what its optimizer remembers, and its settings, in one safetensors file.
 *
 * The model's tensors lie under PyTorch's own names, so that Python's `safetensors.torch.load_file` gives a state dict. The
 * optimizer's lie beside them as `optimizer.state.0.exp_avg`; its numbers are JSON in the metadata entry `optimizer`, the
 * settings JSON in `config`. `tools/checkpoint.py` reads and writes the same with PyTorch.
 */
import { checkOptions, show } from "../checks.ts";
import { DataError } from "../errors.ts";
import type { NDArray } from "../shape.ts";
import { describe, isObject, readSafetensors, writeSafetensors } from "./safetensors.ts";

/** A value that JSON can hold; numbers are finite. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What an optimizer remembers of one parameter: `{ step: 10, exp_avg: { data, shape }, … }`, named as in PyTorch. */
export type CheckpointSlots = Readonly<Record<string, NDArray | number | boolean | null>>;

/** One group of parameters: PyTorch's settings (`lr`, `weight_decay`, …) and the numbers of its parameters. */
export type CheckpointGroup = Readonly<Record<string, Json>> & { readonly params: readonly number[] };

/** An optimizer's state dict in the shape and with the keys of PyTorch's `Optimizer.state_dict()`. */
export interface CheckpointOptimizer {
  /** By the parameter's number, counted through all groups. */
  readonly state: Readonly<Record<number, CheckpointSlots>>;
  readonly param_groups: readonly CheckpointGroup[];
}

/** What a checkpoint holds. */
export interface Checkpoint {
  /** The model's state dict, as `await model.stateDict()` gives it. */
  readonly model: ReadonlyMap<string, NDArray>;
  /** The optimizer's, as `await optimizer.stateDict()` gives it. */
  readonly optimizer?: CheckpointOptimizer;
  /** Anything else, as plain JSON: the model's sizes, a scaler, a scheduler's state, the epoch. */
  readonly config?: Json;
}

/** A checkpoint as it is read: `optimizer` and `config` are there if the file has them. */
export interface LoadedCheckpoint extends Checkpoint {
  readonly model: Map<string, NDArray>;
}

const prefix = "optimizer.state.";

/**
 * Writes a checkpoint as a safetensors file of float32 values.
 *
 *     const bytes = saveCheckpoint({
 *       model: await model.stateDict(),
 *       optimizer: await optimizer.stateDict(),
 *       config: { hiddenSize: 50, epoch },
 *     });
 *
 * @throws DataError if a tensor's data does not have as many elements as its shape says, a name of the model begins with
 *   `optimizer.state.`, the optimizer's state is not as PyTorch's, or `config` is not plain JSON.
 */
export function saveCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const where = "saveCheckpoint";
  checkOptions(where, checkpoint, ["model", "optimizer", "config"]);
  const { model, optimizer, config } = checkpoint;
  if (!(model instanceof Map)) {
    throw new DataError(
      `${where}: model must be a Map, as await model.stateDict() gives it, got ${show(model)}`,
    );
  }
  const tensors = new Map<string, NDArray>(model);
  for (const name of tensors.keys()) {
    if (typeof name === "string" && !name.startsWith(prefix)) continue;
    throw new DataError(
      `${where}: a name in model must be text that does not begin with ${show(prefix)}, got ${show(name)}; ` +
        "rename the model's field",
    );
  }
  const metadata: Record<string, string> = { format: "pt" };
  if (optimizer !== undefined) {
    checkOptimizer(where, optimizer);
    const { state, param_groups } = optimizer;
    const scalars: [index: string, Record<string, unknown>][] = [];
    for (const [index, slots] of Object.entries(state)) {
      const entries = Object.entries(slots);
      scalars.push([index, Object.fromEntries(entries.filter(([, value]) => !isTensor(value)))]);
      for (const [name, value] of entries) {
        if (isTensor(value)) tensors.set(`${prefix}${index}.${name}`, value);
      }
    }
    metadata["optimizer"] = toJson(where, "optimizer", { state: Object.fromEntries(scalars), param_groups });
  }
  if (config !== undefined) metadata["config"] = toJson(where, "config", config);
  return writeSafetensors(where, tensors, metadata);
}

/**
 * Reads a checkpoint that {@link saveCheckpoint} or `tools/checkpoint.py` wrote. Any other safetensors file is a checkpoint
 * with a model alone. Other number types are converted to float32 as `loadSafetensors` does.
 *
 *     const { model: weights, optimizer: state, config } = loadCheckpoint(bytes);
 *     model.loadStateDict(weights);
 *     if (state) optimizer.loadStateDict(state);
 *
 * @throws DataError if the bytes are not a valid safetensors file, or the entries `optimizer` and `config` of its metadata
 *   are not what a checkpoint has.
 */
export function loadCheckpoint(bytes: Uint8Array | ArrayBuffer): LoadedCheckpoint {
  const where = "loadCheckpoint";
  const { tensors, metadata } = readSafetensors(where, bytes);
  const config = Object.hasOwn(metadata, "config") ? { config: fromJson(where, "config", metadata) } : {};
  if (!Object.hasOwn(metadata, "optimizer")) return { model: tensors, ...config };

  const numbers: unknown = fromJson(where, "optimizer", metadata);
  checkOptimizer(where, numbers);
  const slots = new Map(
    Object.entries(numbers.state).map(([index, own]) => [index, new Map(Object.entries(own))]),
  );
  const model = new Map<string, NDArray>();
  for (const [name, tensor] of tensors) {
    if (!name.startsWith(prefix)) {
      model.set(name, tensor);
      continue;
    }
    const dot = name.indexOf(".", prefix.length);
    const slot = name.slice(dot + 1);
    const own = dot < 0 ? undefined : slots.get(name.slice(prefix.length, dot));
    if (!own || own.has(slot)) {
      throw new DataError(
        `${where}: tensor ${describe(name)} must be ${show(`${prefix}0.exp_avg`)} or the like, with a number that is in ` +
          `the metadata's optimizer.state and a name that is not; the file is no checkpoint`,
      );
    }
    own.set(slot, tensor);
  }
  const state = Object.fromEntries([...slots].map(([index, own]) => [index, Object.fromEntries(own)]));
  return { model, optimizer: { state, param_groups: numbers.param_groups }, ...config };
}

/** Throws a DataError unless `value` is a state dict as PyTorch's optimizers have it. */
function checkOptimizer(where: string, value: unknown): asserts value is CheckpointOptimizer {
  const wrong = (what: string) => new DataError(`${where}: optimizer${what}`);
  if (!isObject(value) || !isObject(value["state"]) || !Array.isArray(value["param_groups"])) {
    throw wrong(
      ` must be { state, param_groups }, as PyTorch's state_dict() has them, got ${describe(value)}`,
    );
  }
  const numbers = new Set<unknown>();
  for (const [i, group] of value["param_groups"].entries()) {
    const params: unknown = isObject(group) ? group["params"] : undefined;
    if (
      !Array.isArray(params) ||
      !params.every((n) => Number.isSafeInteger(n) && n >= 0 && !numbers.has(n))
    ) {
      throw wrong(
        `.param_groups[${i}].params must be numbers of parameters that no other group has, got ${describe(params)}`,
      );
    }
    for (const n of params) numbers.add(n);
  }
  for (const [index, slots] of Object.entries(value["state"])) {
    if (String(Number(index)) !== index || !numbers.has(Number(index))) {
      throw wrong(`.state[${describe(index)}] is for a parameter that no group in param_groups has`);
    }
    if (!isObject(slots))
      throw wrong(`.state[${index}] must be { step, exp_avg, … }, got ${describe(slots)}`);
    for (const [name, slot] of Object.entries(slots)) {
      if (isTensor(slot) || slot === null || typeof slot === "boolean" || Number.isFinite(slot)) continue;
      throw wrong(
        `.state[${index}][${describe(name)}] must be { data: Float32Array, shape }, a finite number, true, false or null, ` +
          `got ${describe(slot)}`,
      );
    }
  }
}

function toJson(where: string, name: string, value: unknown): string {
  try {
    checkJson(where, name, value);
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the stack's end
    throw new DataError(`${where}: ${name} is nested too deeply, or contains itself`, { cause: error });
  }
}

/** JSON.stringify would leave out what JSON cannot hold, or make it null: a checkpoint must not lose anything. */
function checkJson(where: string, path: string, value: unknown): void {
  if (value === null || typeof value === "boolean" || typeof value === "string" || Number.isFinite(value))
    return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) checkJson(where, `${path}[${i}]`, value[i]);
  } else if (isPlain(value)) {
    for (const [key, item] of Object.entries(value)) checkJson(where, `${path}.${key}`, item);
  } else {
    throw new DataError(
      `${where}: ${path} must be plain JSON (finite numbers, text, lists, objects), got ${show(value)}`,
    );
  }
}

function fromJson(where: string, name: string, metadata: Readonly<Record<string, string>>): Json {
  try {
    return JSON.parse(metadata[name]!) as Json;
  } catch (error) {
    throw new DataError(
      `${where}: the metadata entry ${show(name)} must be JSON; the file is no checkpoint`,
      {
        cause: error,
      },
    );
  }
}

function isTensor(value: unknown): value is NDArray {
  return isObject(value) && value["data"] instanceof Float32Array && Array.isArray(value["shape"]);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
