import { isObject, shorten, show } from "../checks.ts";
import { DataError } from "../errors.ts";
import type { Json } from "../io/json.ts";
import type { NDArray } from "../shape.ts";
import { checkState } from "./check-state.ts";
import { pack, unpack } from "./plain-json.ts";
import type { SavedCallback, TrainerState } from "./state.ts";

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
 * @param tensors The trainer's tensors of the file.
 * @throws DataError for anything that writeState did not write, or wrote in another version. It names the number that cannot be, what
 * it is and what is possible.
 */
export function readState(where: string, json: unknown, tensors: ReadonlyMap<string, NDArray>): TrainerState {
  if (!isObject(json)) {
    throw new DataError(
      `${where}: the file has no trainer's state, only a model; read it with loadCheckpoint, and keep one with ` +
        "trainer.checkpoint()",
    );
  }
  if (json["version"] !== VERSION) {
    throw new DataError(
      `${where}: the trainer's state has version ${show(json["version"])}, this library reads ${VERSION}`,
    );
  }
  try {
    const { version, callbacks, carried, ...rest } = unpack(json as Json) as Record<string, unknown>;
    const state = {
      ...rest,
      // Earlier files of version 3 do not have it.
      skipped: "skipped" in rest ? rest["skipped"] : 0,
      carried: readCarried(carried, tensors),
      callbacks: readCallbacks(callbacks, tensorsByCallback(tensors)),
    } as unknown as TrainerState;
    checkState(state);
    return state;
  } catch (cause) {
    throw new DataError(
      `${where}: the trainer's state in the file is damaged: ${shorten((cause as Error).message, 500)}`,
      {
        cause,
      },
    );
  }
}

/** The tensors of each callback by its number. */
function tensorsByCallback(
  tensors: ReadonlyMap<string, NDArray>,
): ReadonlyMap<string, ReadonlyMap<string, NDArray>> {
  const found = new Map<string, Map<string, NDArray>>();
  for (const [name, tensor] of tensors) {
    const [, index, key] = /^trainer\/callbacks\/(\d+)\/(.*)$/s.exec(name) ?? [];
    if (index === undefined) continue;
    const own = found.get(index) ?? new Map<string, NDArray>();
    found.set(index, own.set(key!, tensor));
  }
  return found;
}

function readCallbacks(
  saved: unknown,
  tensors: ReadonlyMap<string, ReadonlyMap<string, NDArray>>,
): TrainerState["callbacks"] {
  if (saved === null || saved === undefined) return null;
  if (!Array.isArray(saved)) throw new DataError(`callbacks must be a list, got ${show(saved)}`);
  return saved.map((callback: unknown, i): SavedCallback => {
    const { name, values, hasTensors } = isObject(callback) ? callback : {};
    if (typeof name !== "string") throw new DataError(`callback ${i} has no name`);
    if (typeof hasTensors !== "boolean") {
      throw new DataError(`callback ${i}: hasTensors must be true or false, got ${show(hasTensors)}`);
    }
    return {
      name,
      state: hasTensors ? { values, tensors: tensors.get(String(i)) ?? new Map() } : { values },
    };
  });
}

function readCarried(names: unknown, tensors: ReadonlyMap<string, NDArray>): TrainerState["carried"] {
  if (names === null) return null;
  const isList = Array.isArray(names) && names.every((name) => typeof name === "string");
  if (!isList || new Set(names).size < names.length) {
    throw new DataError(`carried must be a list of different names, got ${show(names)}`);
  }
  return new Map(
    (names as string[]).map((name) => {
      const tensor = tensors.get(`${CARRIED}${name}`);
      if (!tensor) throw new DataError(`the carried ${show(name)} is missing`);
      return [name, tensor];
    }),
  );
}
