import type { Dispatch, Operand } from "../ops/op.ts";
import { roundUp } from "../shape.ts";

/** The range of dispatches, by index, in which storage must keep its content. */
interface Lifetime {
  readonly root: Operand;
  readonly bytes: number;
  readonly first: number;
  last: number;
}

/** Which intermediate lives in which shared buffer. */
export interface MemoryPlan {
  /** Bytes of each buffer. */
  readonly slots: readonly number[];
  /** Buffer of each intermediate's storage; of those that share one, the largest comes first. */
  readonly slotOf: ReadonlyMap<Operand, number>;
}

/** Alignment of bindings in bytes, and so of views of storage. */
export const STORAGE_ALIGNMENT = 256;

/** Bytes that storage takes. */
export function storageBytes(root: Operand): number {
  return roundUp(root.elements * 4, 16);
}

/**
 * Assigns intermediates to buffers. Two share a buffer if their lifetimes do not overlap. The largest is placed first, and each
 * goes into the smallest buffer that is free for its whole lifetime.
 *
 * @param placed Storage that already has its place (inputs, parameters, gradients).
 * @param kept Storage read after the last dispatch: the results.
 */
export function planMemory(
  dispatches: readonly Dispatch[],
  placed: ReadonlySet<Operand>,
  kept: ReadonlySet<Operand>,
): MemoryPlan {
  const lifetimes = new Map<Operand, Lifetime>();
  for (const [index, { bindings }] of dispatches.entries()) {
    for (const operand of Object.values(bindings)) {
      if (!operand) continue;
      const { root } = operand.storage;
      if (placed.has(root)) continue;
      const known = lifetimes.get(root);
      if (known) known.last = index;
      else lifetimes.set(root, { root, bytes: storageBytes(root), first: index, last: index });
    }
  }
  for (const root of kept) {
    const lifetime = lifetimes.get(root);
    if (lifetime) lifetime.last = Number.POSITIVE_INFINITY;
  }

  const slots: { bytes: number; tenants: Lifetime[] }[] = [];
  const slotOf = new Map<Operand, number>();
  const bySize = [...lifetimes.values()].sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  for (const lifetime of bySize) {
    const isFree = (slot: { tenants: Lifetime[] }) =>
      slot.tenants.every((other) => other.last < lifetime.first || lifetime.last < other.first);
    // Buffers were opened from large to small, so the last free one is the smallest.
    let index = slots.findLastIndex(isFree);
    if (index < 0) {
      index = slots.length;
      slots.push({ bytes: lifetime.bytes, tenants: [] });
    }
    slots[index]!.tenants.push(lifetime);
    slotOf.set(lifetime.root, index);
  }
  return { slots: slots.map(({ bytes }) => bytes), slotOf };
}
