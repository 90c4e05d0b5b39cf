import { functions } from "./functions.ts";
import { type Export, ops } from "./ops.ts";
import { windows } from "./windows.ts";

/** How each op is written, by the ops' names. */
export const exports: ReadonlyMap<string, Export> = new Map([...ops, ...functions, ...windows]);
