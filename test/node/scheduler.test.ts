import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GpuContext } from "../../src/gpu/context.ts";
import { Tensor } from "../../src/graph/tensor.ts";
import type { Dispatch } from "../../src/ops/op.ts";
import { planMemory, storageBytes } from "../../src/plan/memory.ts";
import { InFlight } from "../../src/run/in-flight.ts";

/** A dispatch that only binds these tensors. */
function binding(...tensors: Tensor[]): Dispatch {
  return { bindings: Object.fromEntries(tensors.map((tensor, i) => [i, tensor])) } as unknown as Dispatch;
}

const tensor = (size: number) => new Tensor([size], null);

describe("planMemory", () => {
  test("a chain of equal tensors needs two buffers, whatever its length", () => {
    const chain = Array.from({ length: 20 }, () => tensor(100));
    const dispatches = chain.slice(1).map((to, i) => binding(chain[i]!, to));
    const { slots } = planMemory(dispatches, new Set(), new Set());
    expect(slots).toEqual([400, 400]);
  });

  test("a kept tensor never shares its buffer afterwards, a placed one gets none", () => {
    const [input, result, later, last] = [tensor(64), tensor(64), tensor(64), tensor(64)];
    const dispatches = [binding(input, result), binding(input, later), binding(later, last)];
    const { slotOf } = planMemory(dispatches, new Set([input]), new Set([result]));
    expect(slotOf.has(input)).toBe(false);
    expect(slotOf.get(later)).not.toBe(slotOf.get(result));
    expect(slotOf.get(last)).not.toBe(slotOf.get(result));
  });

  test("a view keeps its whole storage alive", () => {
    const root = tensor(128);
    const view = new Tensor([64], null, { root, offset: 64 });
    const other = tensor(128);
    const { slotOf } = planMemory([binding(root), binding(other), binding(view)], new Set(), new Set());
    expect(slotOf.get(root)).not.toBe(slotOf.get(other));
    expect(slotOf.has(view)).toBe(false);
  });

  test("tensors that live at the same time never share a buffer, and every buffer is large enough", () => {
    const anyProgram = fc.array(fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 30,
    });
    const anySizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(anyProgram, anySizes, fc.uniqueArray(fc.nat(11)), (program, sizes, keptIndices) => {
        const tensors = sizes.map(tensor);
        const kept = new Set(keptIndices.map((i) => tensors[i]!));
        const dispatches = program.map((indices) => binding(...indices.map((i) => tensors[i]!)));
        const { slots, slotOf } = planMemory(dispatches, new Set(), kept);
        const life = tensors.map((t, i) => {
          const uses = program.flatMap((indices, at) => (indices.includes(i) ? [at] : []));
          return { first: uses[0], last: kept.has(t) ? Number.POSITIVE_INFINITY : uses.at(-1) };
        });
        for (const [i, a] of life.entries()) {
          if (a.first === undefined) continue;
          const slot = slotOf.get(tensors[i]!)!;
          expect(slots[slot]).toBeGreaterThanOrEqual(storageBytes(tensors[i]!));
          for (const [j, b] of life.entries()) {
            if (j <= i || b.first === undefined || slotOf.get(tensors[j]!) !== slot) continue;
            expect(a.last! < b.first || b.last! < a.first).toBe(true);
          }
        }
      }),
    );
  });
});

describe("InFlight", () => {
  /** A queue whose work finishes on the test's command. */
  function queue() {
    const waiting: (() => void)[] = [];
    const context = { idle: () => new Promise<void>((resolve) => waiting.push(resolve)) };
    return {
      context: context as unknown as GpuContext,
      finish: () => waiting.splice(0).map((done) => done()),
    };
  }

  test("allows two runs at first, and a third only after the GPU has answered", async () => {
    const { context, finish } = queue();
    const inFlight = new InFlight(context);
    await inFlight.ready();
    inFlight.add();
    await inFlight.ready();
    inFlight.add();
    let settled = false;
    const third = inFlight.ready().then(() => {
      settled = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(settled).toBe(false);
    finish();
    await third;
    expect(settled).toBe(true);
  });

  test("allows more runs once they turn out to be short", async () => {
    const { context, finish } = queue();
    const inFlight = new InFlight(context);
    inFlight.add();
    finish();
    await inFlight.ready();
    for (let i = 0; i < 20; i++) inFlight.add();
    // 250 ms of runs far shorter than a millisecond allow 64; 20 are fewer.
    await inFlight.ready();
    for (let i = 0; i < 44; i++) inFlight.add();
    const full = inFlight.ready().then(() => "ready");
    const soon = new Promise((resolve) => setTimeout(() => resolve("full"), 20));
    expect(await Promise.race([full, soon])).toBe("full");
    finish();
    expect(await full).toBe("ready");
  });
});
