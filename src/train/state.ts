import { show } from "../checks.ts";
import { DataError, OptionError } from "../errors.ts";
import type { Json } from "../io/json.ts";
import { defaultGenerator, Generator } from "../random.ts";
import type { NDArray } from "../shape.ts";
import type { Callback, CallbackState } from "./callbacks.ts";
import type { DataPosition } from "./data-feed.ts";
import type { EpochReport } from "./report.ts";
import type { StepRandomStates } from "./steps.ts";

/** The form of {@link TrainerState}; a file of another is refused. */
const VERSION = 2;

/** Where a training run is, as plain JSON but for numbers that are not finite: what a resumed `fit` goes on from. */
export interface TrainerState extends DataPosition {
  /** The epoch that comes next or is in the middle, from 1. */
  readonly epoch: number;
  /** Batches of it that are done: all that an update has followed. */
  readonly batch: number;
  /** Batches in an epoch, where the loader knows. */
  readonly batches: number | null;
  /** Updates of this epoch. */
  readonly updates: number;
  /** Time of this epoch's training so far, in seconds. */
  readonly seconds: number;
  /** Sums over the epoch's batches: of the losses, each times its weight, and of the weights. */
  readonly loss: { readonly sum: number; readonly weight: number };
  /** What the model carries to the next batch, by where it is in its state; `null` where it carries nothing yet. */
  readonly carried: ReadonlyMap<string, NDArray> | null;
  /** Random numbers of the compiled steps: dropout. */
  readonly steps: StepRandomStates;
  /** `null` for a run that had not begun. */
  readonly callbacks: readonly SavedCallback[] | null;
  readonly history: readonly EpochReport[];
}

/** A callback's state; its tensors lie among the checkpoint's. */
export interface SavedCallback {
  readonly name: string;
  readonly state: CallbackState;
}

/** A run that has not begun. */
export function newState(): TrainerState {
  const random = defaultGenerator.getState();
  return {
    epoch: 1,
    batch: 0,
    batches: null,
    updates: 0,
    seconds: 0,
    loss: { sum: 0, weight: 0 },
    random,
    start: { random, loader: null },
    pass: { done: 0, batches: null },
    validation: null,
    carried: null,
    steps: {},
    callbacks: null,
    history: [],
  };
}

/** No parameter's name has a slash. */
const TENSORS = "trainer/callbacks/";
const CARRIED = "trainer/carried/";

/** A trainer's state as a checkpoint's config and tensors. */
export function writeState(state: TrainerState): {
  readonly json: Json;
  readonly tensors: Map<string, NDArray>;
} {
  const tensors = new Map<string, NDArray>();
  const { carried, callbacks, ...rest } = state;
  const saved = callbacks?.map(({ name, state: { values, tensors: own } }, i) => {
    for (const [key, tensor] of own ?? []) tensors.set(`${TENSORS}${i}/${key}`, tensor);
    return { name, values, hasTensors: own !== undefined };
  });
  for (const [name, tensor] of carried ?? []) tensors.set(`${CARRIED}${name}`, tensor);
  const names = carried && [...carried.keys()];
  return { json: pack({ version: VERSION, ...rest, carried: names, callbacks: saved ?? null }), tensors };
}

/** Reads what {@link writeState} wrote. @throws DataError if it is nothing of the kind */
export function readState(where: string, json: unknown, tensors: ReadonlyMap<string, NDArray>): TrainerState {
  const packed = json as { version?: unknown } | null | undefined;
  if (typeof packed !== "object" || packed === null) {
    throw new DataError(
      `${where}: the file has no trainer's state, only a model; read it with loadCheckpoint, and keep one with ` +
        "trainer.checkpoint()",
    );
  }
  if (packed.version !== VERSION) {
    throw new DataError(
      `${where}: the trainer's state has version ${show(packed.version)}, this library reads ${VERSION}`,
    );
  }
  const { version, callbacks, carried, ...rest } = unpack(json as Json) as Record<string, unknown>;
  const own = new Map<string, Map<string, NDArray>>();
  for (const [name, tensor] of tensors) {
    const [, index, key] = /^trainer\/callbacks\/(\d+)\/(.*)$/s.exec(name) ?? [];
    if (index !== undefined) own.set(index, new Map([...(own.get(index) ?? []), [key!, tensor]]));
  }
  try {
    const saved = callbacks as { name: string; values: unknown; hasTensors: boolean }[] | null;
    const read = saved?.map(({ name, values, hasTensors }, i): SavedCallback => {
      if (typeof name !== "string") throw new DataError(`callback ${i} has no name`);
      return { name, state: hasTensors ? { values, tensors: own.get(String(i)) ?? new Map() } : { values } };
    });
    const state = {
      ...rest,
      carried: readCarried(carried, tensors),
      callbacks: read ?? null,
    } as unknown as TrainerState;
    checkState(state);
    return state;
  } catch (cause) {
    throw new DataError(`${where}: the trainer's state in the file is damaged: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function readCarried(names: unknown, tensors: ReadonlyMap<string, NDArray>): TrainerState["carried"] {
  if (names === null) return null;
  return new Map(
    (names as string[]).map((name) => {
      const tensor = tensors.get(`${CARRIED}${name}`);
      if (!tensor) throw new DataError(`the carried ${show(name)} is missing`);
      return [name, tensor];
    }),
  );
}

/** Throws unless the state can be gone on from. */
function checkState(state: TrainerState): void {
  const count = (name: string, value: unknown, least: number) => {
    if (Number.isInteger(value) && (value as number) >= least) return;
    throw new DataError(`${name} must be an integer of at least ${least}, got ${show(value)}`);
  };
  count("epoch", state.epoch, 1);
  count("batch", state.batch, 0);
  count("updates", state.updates, 0);
  if (state.batches !== null) count("batches", state.batches, 1);
  count("pass.done", state.pass.done, 0);
  if (state.pass.batches !== null) count("pass.batches", state.pass.batches, 1);
  for (const [name, value] of Object.entries({
    seconds: state.seconds,
    sum: state.loss.sum,
    weight: state.loss.weight,
  })) {
    if (typeof value !== "number") throw new DataError(`${name} must be a number, got ${show(value)}`);
  }
  const generator = new Generator(0);
  generator.setState(state.random);
  generator.setState(state.start.random);
  for (const [name, { seed, runs }] of Object.entries(state.steps)) {
    if (seed !== null) count(`${name}: seed`, seed, 0);
    count(`${name}: runs`, runs, 0);
  }
  for (const { epoch } of state.history) count("history: epoch", epoch, 1);
}

/** Hands a run's callbacks what they remembered. */
export function restoreCallbacks(
  where: string,
  callbacks: readonly Callback[],
  saved: readonly SavedCallback[],
): void {
  const own = callbacks.filter((callback) => callback.state);
  const names = (list: readonly { readonly name?: string }[]) =>
    list.map(({ name }) => name).join(", ") || "none";
  if (own.length !== saved.length || own.some(({ name }, i) => name !== saved[i]!.name)) {
    throw new OptionError(
      `${where}: the checkpoint was taken with the callbacks ${names(saved)}, got ${names(own)}; give the same ones in the ` +
        "same order",
    );
  }
  for (const [i, callback] of own.entries()) callback.setState!(saved[i]!.state);
}

/** As JSON can hold it: numbers that are not finite become `{ number: "NaN" }`; what is undefined is left out. */
function pack(value: unknown): Json {
  if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== "object" || value === null) return value as Json;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries.map(([key, entry]) => [key, pack(entry)]));
}

/** Back from {@link pack}. */
function unpack(value: Json): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first![0] === "number" && typeof first![1] === "string")
    return Number(first![1]);
  return Object.fromEntries(entries.map(([key, entry]) => [key, unpack(entry)]));
}

/** With every object that has a `toJSON`, such as a scaler, replaced by what that gives. */
export function resolveJson(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return resolveJson(toJSON.call(value));
  if (Array.isArray(value)) return value.map(resolveJson);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, resolveJson(entry)]));
}
