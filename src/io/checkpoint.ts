/**
 * Checkpoints: a model, its optimizer's state and its settings in one safetensors file.
 *
 * The model's tensors have PyTorch's own names, so that Python's `safetensors.torch.load_file` returns a state dict. The optimizer's
 * tensors are beside them, as `optimizer.state.0.exp_avg`, and its numbers are JSON in the metadata entry `optimizer`. The settings are
 * JSON in the entry `config`. A trainer has its own tensors under `trainer/…`, and the rest of its state in the config's `trainer`.
 * `tools/checkpoint.py` reads and writes the same files with PyTorch.
 */
import { checkOptions, isObject, show } from "../checks.ts";
import { DataError, OptionError } from "../errors.ts";
import { type NDArray, sameShape } from "../shape.ts";
import {
  type CheckpointOptimizer,
  checkOptimizer,
  joinOptimizer,
  OPTIMIZER,
  splitOptimizer,
} from "./checkpoint-optimizer.ts";
import { fromJson, type Json, toJson } from "./json.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

/** The contents of a checkpoint. */
export interface Checkpoint {
  /** The model's state dict, as `await model.stateDict()` returns it. */
  readonly model: ReadonlyMap<string, NDArray>;
  /** The optimizer's state dict, as `await optimizer.stateDict()` returns it. */
  readonly optimizer?: CheckpointOptimizer;
  /** A `Trainer`'s own tensors (best weights, carried state). Their names begin with `trainer/`. */
  readonly trainer?: ReadonlyMap<string, NDArray>;
  /** Anything else, as plain JSON: the model's sizes, a scaler, a scheduler's state, the epoch. */
  readonly config?: Json;
}

/** A checkpoint read from a file. It has `optimizer`, `trainer` and `config` if the file has them. */
export interface LoadedCheckpoint extends Checkpoint {
  readonly model: Map<string, NDArray>;
}

/** An object with a state dict, such as an `nn.Module` or an `optim.Optimizer`. */
export interface HasStateDict<State> {
  /** Reads the state. */
  stateDict(): Promise<State>;
  /** Restores a state that `stateDict` has read. */
  loadStateDict(state: State): unknown;
}

/** The argument of {@link saveCheckpoint}: a {@link Checkpoint}, or one with the model and the optimizer themselves. */
export interface CheckpointSource extends Omit<Checkpoint, "model" | "optimizer"> {
  /** The model, or its state dict. */
  readonly model: HasStateDict<ReadonlyMap<string, NDArray>> | ReadonlyMap<string, NDArray>;
  /** The optimizer, or its state dict. */
  readonly optimizer?: HasStateDict<CheckpointOptimizer> | CheckpointOptimizer;
}

/** The objects that {@link loadCheckpoint} loads a file into: a model, an optimizer, or both. */
export interface CheckpointTarget {
  /** The model that gets the weights. */
  readonly model?: HasStateDict<ReadonlyMap<string, NDArray>>;
  /** The optimizer that gets its state. */
  readonly optimizer?: HasStateDict<CheckpointOptimizer>;
}

const TRAINER = "trainer/";

/**
 * Writes a checkpoint as a safetensors file of float32 values. The values are those at the time of the call, even if training continues
 * meanwhile.
 *
 * @example
 * const bytes = await saveCheckpoint({ model, optimizer, config: { hiddenSize: 50, epoch } });
 *
 * @throws DataError if a tensor's data does not have as many elements as its shape says, a name of the model begins with
 *   `optimizer.state.` or `trainer/`, the optimizer's state does not have PyTorch's form, or `config` is not plain JSON.
 */
export async function saveCheckpoint(checkpoint: CheckpointSource): Promise<Uint8Array<ArrayBuffer>> {
  const where = "saveCheckpoint";
  checkOptions(where, checkpoint, ["model", "optimizer", "trainer", "config"]);
  const { model, optimizer, trainer, config } = checkpoint;
  const metadata: Record<string, string> = { format: "pt" };
  if (config !== undefined) metadata["config"] = toJson(where, "config", config);
  // Start all reads before the first await, so that they see one moment's state while training goes on.
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

/** Throws a DataError unless `model` is a state dict without names that are reserved for the other parts. */
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

/** Throws a DataError unless these are a trainer's tensors and `config` has the rest of its state. */
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

/** Whether a config has a trainer's state. Only then do tensors named `trainer/…` belong to a trainer. */
function hasTrainer(config: unknown): boolean {
  return isObject(config) && Object.hasOwn(config, "trainer");
}

/**
 * Reads a checkpoint that {@link saveCheckpoint}, `trainer.checkpoint()` or `tools/checkpoint.py` wrote. Any other safetensors file
 * is a checkpoint with a model alone. Other number types are converted to float32 as `loadSafetensors` does.
 *
 * @example
 * const { model: weights, config } = loadCheckpoint(bytes);
 *
 * @throws DataError if the bytes are not a valid safetensors file, or its metadata entries `optimizer` and `config` are not a
 *   checkpoint's.
 */
export function loadCheckpoint(bytes: Uint8Array | ArrayBuffer): LoadedCheckpoint;
/**
 * Reads a checkpoint and loads it into a model, an optimizer or both. If one does not fit, neither changes. Await it before you
 * use the objects.
 *
 * @example
 * const { config } = await loadCheckpoint(bytes, { model, optimizer });
 *
 * @throws DataError as without `into`, or if the file has no state for the given optimizer; StateDictError for the state of another
 *   model or optimizer.
 */
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

/** Loads a file's content into the objects: into both or, on an error, into none. @internal */
export async function loadInto(
  where: string,
  file: LoadedCheckpoint,
  { model, optimizer }: CheckpointTarget,
): Promise<void> {
  if (optimizer && !file.optimizer) throw new DataError(`${where}: the file has no optimizer's state`);
  const before = model && optimizer ? await model.stateDict() : null;
  // The optimizer goes first where the model fits, so that nothing has to be taken back: training may have gone on since `before`.
  if (before && haveSameShapes(before, file.model)) {
    await optimizer!.loadStateDict(file.optimizer!);
    await model!.loadStateDict(file.model);
    return;
  }
  await model?.loadStateDict(file.model);
  try {
    await optimizer?.loadStateDict(file.optimizer!);
  } catch (error) {
    if (before) await model?.loadStateDict(before);
    throw error;
  }
}

function haveSameShapes(a: ReadonlyMap<string, NDArray>, b: ReadonlyMap<string, NDArray>): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([name, { shape }]) => sameShape(shape, b.get(name)?.shape ?? [-1]));
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
