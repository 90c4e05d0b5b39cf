import { show } from "../checks.ts";
import { DataError } from "../errors.ts";
import type { Json } from "../io/checkpoint.ts";
import type { NDArray } from "../shape.ts";
import { pack, unpack } from "./plain-json.ts";
import { checkState, type SavedCallback, type TrainerState } from "./state.ts";

/** Version of the form that {@link writeState} gives; a file of another version is refused. */
const VERSION = 3;

/** Prefixes of the state's tensors in a file. No parameter's name has a slash. */
const CALLBACKS = "trainer/callbacks/";
const CARRIED = "trainer/carried/";

/** A trainer's state as a checkpoint's config and tensors. */
export function writeState(state: TrainerState): {
  readonly json: Json;
  readonly tensors: Map<string, NDArray>;
} {
  const tensors = new Map<string, NDArray>();
  const { carried, callbacks, ...rest } = state;
  const saved = callbacks?.map(({ name, state: { values, tensors: own } }, i) => {
    for (const [key, tensor] of own ?? []) tensors.set(`${CALLBACKS}${i}/${key}`, tensor);
    return { name, values, hasTensors: own !== undefined };
  });
  for (const [name, tensor] of carried ?? []) tensors.set(`${CARRIED}${name}`, tensor);
  const names = carried && [...carried.keys()];
  return { json: pack({ version: VERSION, ...rest, carried: names, callbacks: saved ?? null }), tensors };
}

/**
 * Reads what {@link writeState} wrote.
 * @param tensors All tensors of the file.
 * @returns the state, and the tensors that are not the state's but the model's
 * @throws DataError for anything that writeState did not write, or wrote in another version
 */
export function readState(
  where: string,
  json: unknown,
  tensors: ReadonlyMap<string, NDArray>,
): { readonly state: TrainerState; readonly model: Map<string, NDArray> } {
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
  const { model, byCallback } = sortTensors(tensors);
  try {
    const { version, callbacks, carried, ...rest } = unpack(json as Json) as Record<string, unknown>;
    const state = {
      ...rest,
      carried: readCarried(carried, tensors),
      callbacks: readCallbacks(callbacks, byCallback),
    } as unknown as TrainerState;
    checkState(state);
    return { state, model };
  } catch (cause) {
    throw new DataError(`${where}: the trainer's state in the file is damaged: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The model's tensors, and those of each callback by its number. */
function sortTensors(tensors: ReadonlyMap<string, NDArray>): {
  readonly model: Map<string, NDArray>;
  readonly byCallback: ReadonlyMap<string, ReadonlyMap<string, NDArray>>;
} {
  const model = new Map<string, NDArray>();
  const byCallback = new Map<string, Map<string, NDArray>>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith(CARRIED)) continue;
    const [, index, key] = /^trainer\/callbacks\/(\d+)\/(.*)$/s.exec(name) ?? [];
    if (index === undefined) model.set(name, tensor);
    else byCallback.set(index, new Map([...(byCallback.get(index) ?? []), [key!, tensor]]));
  }
  return { model, byCallback };
}

function readCallbacks(
  saved: unknown,
  tensors: ReadonlyMap<string, ReadonlyMap<string, NDArray>>,
): TrainerState["callbacks"] {
  const list = saved as readonly { name: string; values: unknown; hasTensors: boolean }[] | null | undefined;
  const read = list?.map(({ name, values, hasTensors }, i): SavedCallback => {
    if (typeof name !== "string") throw new DataError(`callback ${i} has no name`);
    return {
      name,
      state: hasTensors ? { values, tensors: tensors.get(String(i)) ?? new Map() } : { values },
    };
  });
  return read ?? null;
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
