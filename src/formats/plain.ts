import { show } from "../checks.ts";
import { MAX_DEPTH } from "../io/json-text.ts";
import type { Budget } from "./budget.ts";
import { isDict } from "./pickle.ts";
import type { Refuse } from "./refuse.ts";

/** A list or a dict on the way to its last item. */
interface Level {
  readonly value: object;
  readonly items: readonly unknown[];
  next: number;
  /** Items so far, with all that is inside of them. */
  size: number;
  depth: number;
}

/**
 * Throws unless what a pickle left is plain data: numbers, text, tensors, lists and dicts, in a tree of bounded depth. A part may occur
 * in several places, but written out in full it may not have more items than `most`.
 * @param isTensor Whether an object is a tensor, and so a leaf.
 */
export function checkPlain(
  root: unknown,
  isTensor: (value: object) => boolean,
  most: number,
  budget: Budget,
  refuse: Refuse,
): void {
  const done = new Map<object, { readonly size: number; readonly depth: number }>();
  const open = new Set<object>();
  const levels: Level[] = [];
  /** Counts `value` within `level`, or opens it. */
  const visit = (value: unknown, level: Level | undefined): void => {
    if (typeof value !== "object" || value === null || isTensor(value)) {
      if (level) level.size++;
      return;
    }
    const known = done.get(value);
    if (known) {
      if (level) add(level, known);
      return;
    }
    if (open.has(value)) throw refuse("it holds an object that contains itself; save it without the cycle");
    if (levels.length === MAX_DEPTH)
      throw refuse(`it is nested more than ${MAX_DEPTH} levels deep; save it flatter`);
    const items = isDict(value) ? Object.values(value) : value;
    if (!Array.isArray(items))
      throw refuse(`it holds ${show(value)}, which is no data; save tensors, dicts, lists, numbers and text`);
    budget.spend(100 + (items === value ? 0 : 8 * items.length), "the pickle");
    open.add(value);
    levels.push({ value, items, next: 0, size: 1, depth: 1 });
  };
  const add = (level: Level, { size, depth }: { readonly size: number; readonly depth: number }): void => {
    level.size += size;
    level.depth = Math.max(level.depth, depth + 1);
    if (level.size > most) {
      throw refuse(`it repeats parts so often that it has more than ${most} items; save each part once`);
    }
    if (level.depth > MAX_DEPTH)
      throw refuse(`it is nested more than ${MAX_DEPTH} levels deep; save it flatter`);
  };
  visit(root, undefined);
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    if (level.next < level.items.length) {
      visit(level.items[level.next++], level);
      continue;
    }
    levels.pop();
    open.delete(level.value);
    done.set(level.value, level);
    const outer = levels.at(-1);
    if (outer) add(outer, level);
  }
}
