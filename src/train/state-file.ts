import { show } from "../checks.ts";
import { DataError } from "../errors.ts";
import type { Json } from "../io/json.ts";
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
 * @param tensors The trainer's tensors of the file.
 * @throws DataError for anything that writeState did not write, or wrote in another version
 */
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
  try {
    const { version, callbacks, carried, ...rest } = unpack(json as Json) as Record<string, unknown>;
    const state = {
      ...rest,
      carried: readCarried(carried, tensors),
      callbacks: readCallbacks(callbacks, tensorsByCallback(tensors)),
    } as unknown as TrainerState;
    checkState(state);
    return state;
  } catch (cause) {
    throw new DataError(`${where}: the trainer's state in the file is damaged: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The tensors of each callback by its number. */
function tensorsByCallback(
  tensors: ReadonlyMap<string, NDArray>,
): ReadonlyMap<string, ReadonlyMap<string, NDArray>> {
  const found = new Map<string, Map<string, NDArray>>();
  for (const [name, tensor] of tensors) {
    const [, index, key] = /^trainer\/callbacks\/(\d+)\/(.*)$/s.exec(name) ?? [];
    if (index !== undefined) found.set(index, new Map([...(found.get(index) ?? []), [key!, tensor]]));
  }
  return found;
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
