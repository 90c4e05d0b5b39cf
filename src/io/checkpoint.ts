/**
 * Checkpoints: a model, what its optimizer remembers, and its settings, in one safetensors file.
 *
 * The model's tensors lie under PyTorch's own names, so that Python's `safetensors.torch.load_file` gives a state dict. The
 * optimizer's lie beside them as `optimizer.state.0.exp_avg`; its numbers are JSON in the metadata entry `optimizer`, the
 * settings JSON in `config`. A trainer keeps tensors of its own under `trainer/…`, and the rest of its state in the config's
 * `trainer`. `tools/checkpoint.py` reads and writes the same with PyTorch.
 */
import { checkOptions, show } from "../checks.ts";
import { DataError, OptionError } from "../errors.ts";
import type { NDArray } from "../shape.ts";
import {
  type CheckpointOptimizer,
  checkOptimizer,
  joinOptimizer,
  OPTIMIZER,
  splitOptimizer,
} from "./checkpoint-optimizer.ts";
import { fromJson, type Json, toJson } from "./json.ts";
import { isObject, readSafetensors, writeSafetensors } from "./safetensors.ts";

/** What a checkpoint holds. */
export interface Checkpoint {
  /** The model's state dict, as `await model.stateDict()` gives it. */
  readonly model: ReadonlyMap<string, NDArray>;
  /** The optimizer's, as `await optimizer.stateDict()` gives it. */
  readonly optimizer?: CheckpointOptimizer;
  /** Tensors that a `Trainer` keeps for itself (best weights, carried state), by names that begin with `trainer/`. */
  readonly trainer?: ReadonlyMap<string, NDArray>;
  /** Anything else, as plain JSON: the model's sizes, a scaler, a scheduler's state, the epoch. */
  readonly config?: Json;
}

/** A checkpoint as it is read: `optimizer`, `trainer` and `config` are there if the file has them. */
export interface LoadedCheckpoint extends Checkpoint {
  readonly model: Map<string, NDArray>;
}

/** Something with a state dict, as an `nn.Module` and an `optim.Optimizer` have it. */
export interface HasStateDict<State> {
  stateDict(): Promise<State>;
  loadStateDict(state: State): unknown;
}

/** What {@link saveCheckpoint} takes: a {@link Checkpoint}, or the model and the optimizer themselves. */
export interface CheckpointSource extends Omit<Checkpoint, "model" | "optimizer"> {
  /** The model, or its state dict. */
  readonly model: HasStateDict<ReadonlyMap<string, NDArray>> | ReadonlyMap<string, NDArray>;
  /** The optimizer, or its state dict. */
  readonly optimizer?: HasStateDict<CheckpointOptimizer> | CheckpointOptimizer;
}

/** What {@link loadCheckpoint} loads a file into. */
export interface CheckpointTarget {
  readonly model?: HasStateDict<ReadonlyMap<string, NDArray>>;
  readonly optimizer?: HasStateDict<CheckpointOptimizer>;
}

const TRAINER = "trainer/";

/**
 * Writes a checkpoint as a safetensors file of float32 values. A model and an optimizer that are given as they are are read from
 * the GPU as they are at the call, even if training goes on.
 *
 *     const bytes = await saveCheckpoint({ model, optimizer, config: { hiddenSize: 50, epoch } });
 *
 * @throws DataError if a tensor's data does not have as many elements as its shape says, a name of the model begins with
 *   `optimizer.state.` or `trainer/`, the optimizer's state is not as PyTorch's, or `config` is not plain JSON.
 */
export async function saveCheckpoint(checkpoint: CheckpointSource): Promise<Uint8Array<ArrayBuffer>> {
  const where = "saveCheckpoint";
  checkOptions(where, checkpoint, ["model", "optimizer", "trainer", "config"]);
  const { model, optimizer, trainer, config } = checkpoint;
  const metadata: Record<string, string> = { format: "pt" };
  if (config !== undefined) metadata["config"] = toJson(where, "config", config);
  // Everything is asked for before anything is awaited: one moment's state, even if training goes on.
  const [weights, state] = await Promise.all([
    hasStateDict(model) ? model.stateDict() : model,
    hasStateDict(optimizer) ? optimizer.stateDict() : optimizer,
  ]);
  checkModel(where, weights);
  const tensors = new Map<string, NDArray>(weights);
  if (trainer !== undefined) {
    checkTrainer(where, trainer, config);
    for (const [name, tensor] of trainer) tensors.set(name, tensor);
  }
  if (state !== undefined) {
    const { numbers, slots } = splitOptimizer(where, state);
    metadata["optimizer"] = toJson(where, "optimizer", numbers);
    for (const [name, tensor] of slots) tensors.set(name, tensor);
  }
  return writeSafetensors(where, tensors, metadata);
}

/** Throws a DataError unless `model` is a state dict whose names are no other part's. */
function checkModel(where: string, model: unknown): asserts model is ReadonlyMap<string, NDArray> {
  if (!(model instanceof Map)) {
    throw new DataError(
      `${where}: model must be a Map, as await model.stateDict() gives it, or a model, got ${show(model)}`,
    );
  }
  for (const name of model.keys()) {
    if (typeof name === "string" && !name.startsWith(OPTIMIZER) && !name.startsWith(TRAINER)) continue;
    throw new DataError(
      `${where}: a name in model must be text that does not begin with ${show(OPTIMIZER)} or ${show(TRAINER)}, got ` +
        `${show(name)}; rename the model's field`,
    );
  }
}

/** Throws a DataError unless these are a trainer's tensors, with the rest of its state in `config`. */
function checkTrainer(where: string, trainer: unknown, config: unknown): void {
  const isName = (name: unknown) => typeof name === "string" && name.startsWith(TRAINER);
  if (!(trainer instanceof Map) || ![...trainer.keys()].every(isName)) {
    throw new DataError(
      `${where}: trainer must be a Map of tensors by names that begin with ${show(TRAINER)}, as loadCheckpoint gives it, got ` +
        show(trainer),
    );
  }
  if (!hasTrainer(config)) {
    throw new DataError(
      `${where}: trainer goes with the config of the same file, which has the rest of the trainer's state, got config ` +
        show(config),
    );
  }
}

/** Whether a config has a trainer's state: only then are tensors called `trainer/…` the trainer's. */
function hasTrainer(config: unknown): boolean {
  return isObject(config) && Object.hasOwn(config, "trainer");
}

/**
 * Reads a checkpoint that {@link saveCheckpoint}, `trainer.checkpoint()` or `tools/checkpoint.py` wrote. Any other safetensors file
 * is a checkpoint with a model alone. Other number types are converted to float32 as `loadSafetensors` does.
 *
 *     const { config } = await loadCheckpoint(bytes, { model, optimizer });  // reads, and loads into both
 *     const { model: weights, config } = loadCheckpoint(bytes);              // only reads
 *
 * @param into A model, an optimizer or both, to be given what the file has: all of it or, on an error, nothing. The call then
 *   gives a promise.
 * @throws DataError if the bytes are not a valid safetensors file, the entries `optimizer` and `config` of its metadata are not
 *   what a checkpoint has, or an optimizer is to be loaded and the file has none; StateDictError for the state of another model
 *   or optimizer.
 */
export function loadCheckpoint(bytes: Uint8Array | ArrayBuffer): LoadedCheckpoint;
export function loadCheckpoint(
  bytes: Uint8Array | ArrayBuffer,
  into: CheckpointTarget,
): Promise<LoadedCheckpoint>;
export function loadCheckpoint(
  bytes: Uint8Array | ArrayBuffer,
  into?: CheckpointTarget,
): LoadedCheckpoint | Promise<LoadedCheckpoint> {
  const where = "loadCheckpoint";
  return into === undefined ? readCheckpoint(where, bytes) : readInto(where, bytes, into);
}

async function readInto(
  where: string,
  bytes: Uint8Array | ArrayBuffer,
  into: CheckpointTarget,
): Promise<LoadedCheckpoint> {
  checkOptions(where, into, ["model", "optimizer"]);
  const { model, optimizer } = into;
  for (const [name, target] of Object.entries({ model, optimizer })) {
    if (target === undefined || hasStateDict(target)) continue;
    throw new OptionError(`${where}: ${name} must have stateDict() and loadStateDict(), got ${show(target)}`);
  }
  if (!model && !optimizer) {
    throw new OptionError(`${where}: give the model or the optimizer to load into, { model, optimizer }`);
  }
  const file = readCheckpoint(where, bytes);
  await loadInto(where, file, into);
  return file;
}

/** Loads what a file holds, all of it or nothing. @internal */
export async function loadInto(
  where: string,
  file: LoadedCheckpoint,
  { model, optimizer }: CheckpointTarget,
): Promise<void> {
  if (optimizer && !file.optimizer) throw new DataError(`${where}: the file has no optimizer's state`);
  const before = model && optimizer ? await model.stateDict() : null;
  await model?.loadStateDict(file.model);
  try {
    await optimizer?.loadStateDict(file.optimizer!);
  } catch (error) {
    if (before) await model?.loadStateDict(before);
    throw error;
  }
}

function readCheckpoint(where: string, bytes: Uint8Array | ArrayBuffer): LoadedCheckpoint {
  const { tensors, metadata } = readSafetensors(where, bytes);
  const config = Object.hasOwn(metadata, "config") ? { config: fromJson(where, "config", metadata) } : {};
  const numbers = Object.hasOwn(metadata, "optimizer") ? fromJson(where, "optimizer", metadata) : undefined;
  if (numbers !== undefined) checkOptimizer(where, numbers);

  const model = new Map<string, NDArray>();
  const trainer = new Map<string, NDArray>();
  const slots = new Map<string, NDArray>();
  const ofTrainer = hasTrainer(config.config);
  for (const [name, tensor] of tensors) {
    if (numbers && name.startsWith(OPTIMIZER)) slots.set(name, tensor);
    else if (ofTrainer && name.startsWith(TRAINER)) trainer.set(name, tensor);
    else model.set(name, tensor);
  }
  return {
    model,
    ...(numbers && { optimizer: joinOptimizer(where, numbers, slots) }),
    ...(trainer.size > 0 && { trainer }),
    ...config,
  };
}

function hasStateDict(value: unknown): value is HasStateDict<unknown> {
  const { stateDict, loadStateDict } = (value ?? {}) as Partial<HasStateDict<unknown>>;
  return typeof stateDict === "function" && typeof loadStateDict === "function";
}
