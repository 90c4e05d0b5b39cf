import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { Program } from "./program.ts";
import type { Result, ScalarHistory } from "./result.ts";

/** A program that can be given up, with what a user may still hold of it. */
export interface Evictable {
  readonly program: Program;
  readonly history: ScalarHistory;
  /** Results of its latest run with more than one element, by name. */
  readonly results: ReadonlyMap<string, WeakRef<Result>>;
}

/** Frees what was kept for results that nobody can reach any more. */
const unreachable = new FinalizationRegistry<() => void>((free) => free());

/**
 * Gives up the least recently used programs until the rest, apart from those that stay, is within the budget. Their results stay
 * readable: scalars are read out, and the buffers of larger results are kept while somebody has the result. The file loads on
 * demand: it imports types alone.
 * @param variants From the least to the most recently used; those given up are taken out.
 * @param stays Keys of the programs that stay, and do not count.
 * @param leftovers Receives the buffers that are kept for results, until they are freed.
 */
export function evict(
  variants: Map<string, Evictable>,
  stays: ReadonlySet<string>,
  budget: number,
  leftovers: Set<DeviceBuffer>,
): void {
  const others = [...variants].filter(([key]) => !stays.has(key));
  let held = others.reduce((sum, [, { program }]) => sum + program.memory.total, 0);
  for (const [key, variant] of others) {
    if (held <= budget) return;
    held -= variant.program.memory.total;
    variants.delete(key);
    giveUp(variant, leftovers);
  }
}

function giveUp({ program, history, results }: Evictable, leftovers: Set<DeviceBuffer>): void {
  history.readOut();
  const users = new Map<DeviceBuffer, Set<Result>>();
  for (const [name, reference] of results) {
    const result = reference.deref();
    if (!result) continue;
    const { buffer } = program.outputRange(name);
    users.set(buffer, (users.get(buffer) ?? new Set()).add(result));
  }
  for (const [buffer, held] of users) {
    leftovers.add(buffer);
    let left = held.size;
    for (const result of held) {
      unreachable.register(result, () => {
        left--;
        if (left > 0) return;
        leftovers.delete(buffer);
        buffer.dispose();
      });
    }
  }
  program.release(new Set(users.keys()));
}
