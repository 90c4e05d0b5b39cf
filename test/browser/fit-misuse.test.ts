/** A fit that is used in unusual ways: who waits for it, what it reports, and what is left for the next one. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Callback, type FitOptions, OptionError } from "webgpu-lstm";
import { expectRefusal } from "../refusal.ts";
import { loader, setUp } from "./fit-case.ts";
import { withDevice } from "./gpu.ts";
import { bits } from "./tiny.ts";

const boom = new Error("boom");
const explode = () => {
  throw boom;
};

let unhandled: unknown[] = [];
const note = (event: PromiseRejectionEvent) => {
  unhandled.push(event.reason);
  event.preventDefault();
};
beforeEach(() => {
  unhandled = [];
  window.addEventListener("unhandledrejection", note);
});
afterEach(() => window.removeEventListener("unhandledrejection", note));

/** Lets the browser report rejections that nobody has handled. */
const reported = () => new Promise((resolve) => setTimeout(resolve, 20));

test("an error in a callback, onProgress or the loader reaches who awaits, once, and another fit can begin", () =>
  withDevice(async (device) => {
    const { trainer, dispose } = setUp(device);
    const by = (callback: Callback): Partial<FitOptions> => ({ callbacks: [callback] });
    const ways: readonly Partial<FitOptions>[] = [
      by({ onFitStart: explode }),
      by({ onBatchEnd: explode }),
      by({ onEpochEnd: async () => explode() }),
      by({ onSettled: explode }),
      by({ onFitEnd: explode }),
      { onProgress: async () => explode() },
    ];
    for (const options of ways) {
      await expect(trainer.fit(loader, { epochs: 1, ...options }).then()).rejects.toBe(boom);
    }
    const breaking = {
      *[Symbol.iterator]() {
        yield* [...loader].slice(0, 1);
        explode();
      },
    };
    await expect(trainer.fit(breaking, { epochs: 1 }).then()).rejects.toBe(boom);
    const closing = {
      *[Symbol.iterator]() {
        try {
          yield* loader;
        } finally {
          explode();
        }
      },
    };
    const stop = by({ onBatchEnd: (run) => run.stop() });
    await expect(trainer.fit(closing, { epochs: 1, ...stop }).then()).rejects.toBe(boom);
    expect((await trainer.fit(loader, { epochs: 1 })).length).toBe(1);
    await reported();
    expect(unhandled).toEqual([]);
    await dispose();
  }));

test("a callback that returns a fit of another trainer, or anything with then, is waited for", () =>
  withDevice(async (device) => {
    const outer = setUp(device);
    const inner = setUp(device);
    const onEpochEnd = () => inner.trainer.fit(loader, { epochs: 1 });
    await outer.trainer.fit(loader, { epochs: 2, callbacks: [{ onEpochEnd }] });
    expect([outer.optimizer.steps, inner.optimizer.steps]).toEqual([6, 6]);
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library
    const failing = { then: (_: unknown, reject: (reason: unknown) => void) => reject(boom) };
    const rejected = outer.trainer.fit(loader, { epochs: 1, callbacks: [{ onEpochEnd: () => failing }] });
    await expect(rejected.then()).rejects.toBe(boom);
    await outer.dispose();
    await inner.dispose();
  }));

test("of two fits of one trainer the second is refused, and the first goes on", () =>
  withDevice(async (device) => {
    const { trainer, optimizer, dispose } = setUp(device);
    const [first, second] = await Promise.allSettled([
      trainer.fit(loader, { epochs: 2 }),
      trainer.fit(loader, { epochs: 1 }),
    ]);
    expect([first.status, second.status, optimizer.steps]).toEqual(["fulfilled", "rejected", 6]);
    await reported();
    expect(unhandled).toEqual([]);
    await dispose();
  }));

test("a fit that an async function returns is trained, and one awaited in its own loop ends the loop", () =>
  withDevice(async (device) => {
    const { trainer, optimizer, dispose } = setUp(device);
    const returned = async () => trainer.fit(loader, { epochs: 2 });
    expect((await returned()).length).toBe(2);
    const run = trainer.fit(loader, { epochs: 3 });
    const epochs: number[] = [];
    for await (const { epoch } of run) {
      epochs.push(epoch);
      expect((await run).length).toBe(3);
    }
    expect(epochs).toEqual([1]);
    expect(optimizer.steps).toBe(15);
    await dispose();
  }));

test("a fit that is ended while it is awaited gives the history up to there", () =>
  withDevice(async (device) => {
    const { trainer, dispose } = setUp(device);
    const onSettled: Callback["onSettled"] = (_, report) => {
      if (report?.epoch === 2) void run.return();
    };
    const run = trainer.fit(loader, { epochs: 9, callbacks: [{ onSettled }] });
    expect((await run).column("epoch")).toEqual(Float64Array.of(1, 2));
    expect((await trainer.fit(loader, { epochs: 1 })).length).toBe(1);
    await dispose();
  }));

test("fit and resume are refused while a resume is under way, which goes through", () =>
  withDevice(async (device) => {
    const { trainer, model, dispose } = setUp(device);
    await trainer.fit(loader, { epochs: 1 });
    const bytes = await trainer.checkpoint();
    const straight = await trainer.fit(loader, { epochs: 2 });
    expect(straight.length).toBe(2);
    const resuming = trainer.resume(bytes);
    await expectRefusal(
      async () => await trainer.fit(loader, { epochs: 2 }),
      OptionError,
      "Trainer.fit",
      "await resume",
    );
    await expectRefusal(() => trainer.resume(bytes), OptionError, "Trainer.resume", "await that first");
    await resuming;
    expect((await trainer.fit(loader, { epochs: 2 })).column("epoch")).toEqual(Float64Array.of(1, 2));
    await trainer.resume(bytes);
    const state = await bits(model);
    // A file that cannot be read leaves the trainer ready.
    await expect(trainer.resume(new Uint8Array(3))).rejects.toThrow("safetensors");
    expect(await bits(model)).toEqual(state);
    expect((await trainer.fit(loader, { epochs: 2 })).length).toBe(2);
    await dispose();
  }));

test("a trainer or a model that is disposed during a fit ends it with an error", () =>
  withDevice(async (device) => {
    for (const which of ["trainer", "model"] as const) {
      const { trainer, model } = setUp(device);
      const dispose = () => void (which === "model" ? model.dispose() : trainer.dispose());
      const run = trainer.fit(loader, { epochs: 9, onProgress: ({ epoch }) => epoch === 2 && dispose() });
      await expect(run.then()).rejects.toThrow("disposed");
      await expect(trainer.fit(loader, { epochs: 1 }).then()).rejects.toThrow("disposed");
      await trainer.dispose();
      model.dispose();
    }
    await reported();
    expect(unhandled).toEqual([]);
  }));
