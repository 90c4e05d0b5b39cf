/** A trainer in a worker: equal losses, progress, pause and abort, error classes, and a clean end. */
import { afterEach, describe, expect, test } from "vitest";
import {
  AnomalyError,
  DataError,
  DisposedError,
  DivergedError,
  History,
  OptionError,
  optim,
  ShapeError,
  StateDictError,
  WorkerError,
} from "webgpu-lstm";
import { connect, type RemoteTrainer, serve, transfer } from "webgpu-lstm/worker";
import { expectRefusal } from "../refusal.ts";
import { withDevice } from "./gpu.ts";
import { config, makeTrainer, type TrainConfig } from "./workers/train.ts";

const open: { terminate(): void }[] = [];

afterEach(() => {
  for (const owner of open.splice(0)) owner.terminate();
});

function worker(): Worker {
  const made = new Worker(new URL("./workers/train.worker.ts", import.meta.url), { type: "module" });
  open.push(made);
  return made;
}

async function remote(settings: TrainConfig = config()): Promise<RemoteTrainer> {
  const trainer = await connect(worker(), settings);
  open.push(trainer);
  return trainer;
}

async function losses(epochs: AsyncIterable<{ loss: number; validationLoss?: number }>): Promise<number[]> {
  const found: number[] = [];
  for await (const { loss, validationLoss = 0 } of epochs) found.push(loss, validationLoss);
  return found;
}

describe("trains as on the page", () => {
  test("with equal losses, evaluation, predictions, weights and checkpoints, bit for bit", () =>
    withDevice(async (device) => {
      const { trainer: local, loaders } = makeTrainer(device, config());
      const { train } = loaders;
      const far = await remote();
      expect(far.loaders).toEqual({ train: 3, broken: 2 });
      expect(far.device).toBe(device.describe());

      const options = { epochs: 3, validateEvery: 2 };
      const here = await losses(local.fit(train, { ...options, validation: train }));
      expect(await losses(far.fit("train", { ...options, validation: "train" }))).toEqual(here);
      expect(here).toHaveLength(6);
      expect((await far.history()).column("loss")).toEqual(local.history.column("loss"));
      expect(await far.evaluate("train")).toEqual(await local.evaluate(train));
      const x = { data: config().x, shape: [12, 6, 2] };
      const prediction = await far.predict(x, { batchSize: 5 });
      expect(prediction).toEqual(await local.predict(x));
      expect(x.data).toHaveLength(144);
      const weights = await local.model.stateDict();
      expect(await far.stateDict()).toEqual(weights);
      expect(await far.describe()).toContain("lstm");

      const saved = await far.checkpoint();
      const more = await losses(far.fit("train", { epochs: 2 }));
      expect(await far.stateDict()).not.toEqual(weights);
      await far.resume(saved);
      expect(await far.stateDict()).toEqual(weights);
      const zeros = new Map(
        [...weights].map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 0) }]),
      );
      await far.loadStateDict(zeros);
      expect(await far.stateDict()).toEqual(zeros);
      expect(more).toHaveLength(4);

      await far.dispose();
      await local.dispose();
      local.model.dispose();
    }));

  test("an anomaly crosses with all that it tells", () =>
    withDevice(async (device) => {
      const detecting = { ...config(), detectsAnomaly: true };
      const { trainer: local, loaders } = makeTrainer(device, detecting);
      const far = await remote(detecting);
      const state = await far.stateDict();
      state.get("fc.weight")!.data[0] = Number.POSITIVE_INFINITY;
      await far.loadStateDict(state);
      local.model.loadStateDict(state);
      const reason = (error: unknown) => error;
      const here = await local.fit(loaders.train, { epochs: 1 }).then(() => null, reason);
      const there = await far.fit("train", { epochs: 1 }).then(() => null, reason);
      expect(here).toBeInstanceOf(DivergedError);
      expect(there).toBeInstanceOf(DivergedError);
      const { epoch, batch, cause } = here as DivergedError;
      expect(there).toMatchObject({ epoch, batch });
      const crossed = (there as DivergedError).cause;
      expect(crossed).toBeInstanceOf(AnomalyError);
      const { op, direction, tensor, shape, message } = cause as AnomalyError;
      expect(crossed).toMatchObject({ op, direction, tensor, shape, message });
      await far.dispose();
      await local.dispose();
      local.model.dispose();
    }));

  test("with a carried state, epochs of a few batches, and the losses so far", () =>
    withDevice(async (device) => {
      const carrying = { ...config(), carries: true };
      const { trainer: local, loaders } = makeTrainer(device, carrying);
      const far = await remote(carrying);
      const here = await losses(local.fit(loaders.train, { epochs: 2, batchesPerEpoch: 5 }));
      const seen: (number | undefined)[] = [];
      const onProgress = async ({
        loss,
        batches,
      }: {
        loss: number | undefined;
        batches: number | undefined;
      }) => {
        seen.push(loss);
        expect(batches).toBe(5);
        await new Promise((resolve) => setTimeout(resolve, 40));
      };
      expect(await losses(far.fit("train", { epochs: 2, batchesPerEpoch: 5, onProgress }))).toEqual(here);
      expect(await far.stateDict()).toEqual(await local.model.stateDict());
      expect(seen).toHaveLength(10);
      expect(seen[0]).toBeUndefined();
      // The worker is one batch ahead of the page.
      expect(seen.filter((loss) => loss !== undefined).length).toBeGreaterThan(3);
      await far.dispose();
      await local.dispose();
      local.model.dispose();
    }));

  test("awaited, fit trains to the end, and gives the history; so it does where the loop was left", () =>
    withDevice(async (device) => {
      const { trainer: local, loaders } = makeTrainer(device, config());
      const far = await remote();
      const history = await far.fit("train", { epochs: 3, schedule: "halves" });
      const schedule = new optim.lrScheduler.StepLR(local.optimizer, 1, { gamma: 0.5 });
      const here = await local.fit(loaders.train, { epochs: 3, schedule });
      expect(history).toBeInstanceOf(History);
      for (const name of ["epoch", "loss", "learningRate"]) {
        expect(history.column(name)).toEqual(here.column(name));
      }
      expect(history.column("learningRate")).toEqual(Float64Array.of(0.05, 0.025, 0.0125));
      expect(await far.stateDict()).toEqual(await local.model.stateDict());

      const left = far.fit("train", { epochs: 5 });
      for await (const { epoch } of left) if (epoch === 2) break;
      expect(await far.fit("train", { epochs: 1 })).toHaveLength(1);
      expect((await left).column("epoch")).toEqual(Float64Array.of(1, 2));

      const unbegun = far.fit("train", { epochs: 1 });
      await unbegun.return();
      expect(await unbegun).toHaveLength(0);

      const reason = new RangeError("enough");
      const aborted = far.fit("train", { epochs: 1, signal: AbortSignal.abort(reason) });
      await expect(aborted.then()).rejects.toBe(reason);
      await expectRefusal(async () => await far.fit("train", { epochs: 0 }), OptionError, "epochs");
      await expectRefusal(
        async () => await far.fit("train", { epochs: 1, schedule: "none" }),
        OptionError,
        'no schedule "none"',
        '"halves"',
      );
      await far.dispose();
      await expectRefusal(async () => await far.fit("train", { epochs: 1 }), DisposedError, "terminated");
      await local.dispose();
      local.model.dispose();
    }));

  test("with callbacks by name, actions, and transferred arrays", async () => {
    const far = await remote();
    expect(await losses(far.fit("train", { epochs: 9, callbacks: ["patience"] }))).toHaveLength(4);
    expect(await far.call("add", 2, 3)).toBe(5);
    const x = { data: config().x, shape: [12, 6, 2] };
    const { data } = await far.predict(transfer(x, [x.data.buffer]));
    expect(data).toHaveLength(12);
    expect(x.data).toHaveLength(0);
    const array = new Float32Array(7);
    expect(await far.call("length", transfer(array, [array.buffer]))).toBe(7);
    expect(array).toHaveLength(0);
    expect(await far.call("ones", 3)).toEqual(Float32Array.of(1, 1, 1));
    expect(await far.call("ones", 2)).toEqual(Float32Array.of(1, 1));
    await far.dispose();
  });
});

describe("while it trains", () => {
  test("progress of every batch arrives in order, and a pending onProgress pauses training", async () => {
    const far = await remote();
    const seen: string[] = [];
    let resume: () => void = () => {};
    const paused = new Promise<void>((resolve) => {
      resume = resolve;
    });
    const fitting = losses(
      far.fit("train", {
        epochs: 2,
        onProgress: ({ epoch, batch, batches, epochs }) => {
          seen.push(`${epoch}/${epochs} ${batch}/${batches}`);
          return seen.length === 2 ? paused : undefined;
        },
      }),
    );
    while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(seen).toEqual(["1/2 1/3", "1/2 2/3"]);
    expect(await far.call("add", 1, 1)).toBe(2);
    resume();
    await fitting;
    expect(seen).toEqual(["1/2 1/3", "1/2 2/3", "1/2 3/3", "2/2 1/3", "2/2 2/3", "2/2 3/3"]);
    await far.dispose();
  });

  test("an aborted signal ends it within one batch with the signal's reason, also while paused and before it starts", async () => {
    const far = await remote(config(4000, 5, 4));
    const stop = new AbortController();
    const reason = { because: "enough" };
    const batches: number[] = [];
    const fit = far.fit("train", {
      epochs: 1,
      signal: stop.signal,
      onProgress: ({ batch }) => {
        batches.push(batch);
        if (batch === 5) stop.abort(reason);
      },
    });
    await expect(fit.next()).rejects.toBe(reason);
    expect(batches.length).toBeLessThanOrEqual(6);

    const again = new AbortController();
    const waiting = far.fit("train", {
      epochs: 1,
      signal: again.signal,
      onProgress: () => {
        setTimeout(() => again.abort(), 50);
        return new Promise(() => {});
      },
    });
    await expect(waiting.next()).rejects.toThrow(/aborted/);

    const before = AbortSignal.abort(new RangeError("never"));
    await expect(far.fit("train", { epochs: 1, signal: before }).next()).rejects.toThrow(RangeError);
    await far.dispose();
  });

  test("without onProgress an abort acts as quickly", async () => {
    const far = await remote(config(8000, 5, 2));
    const stop = new AbortController();
    const fitting = far.fit("train", { epochs: 1, signal: stop.signal }).next();
    setTimeout(() => stop.abort(), 300);
    await expect(fitting).rejects.toThrow(/aborted/);
    const { length } = await far.history();
    expect(length).toBe(0);
    expect(
      await losses(far.fit("train", { epochs: 1, callbacks: [], signal: AbortSignal.timeout(1) })).catch(
        (error) => error.name,
      ),
    ).toBe("TimeoutError");
    await far.dispose();
  });

  test("an error in onProgress ends it, and leaving the loop allows the next fit", async () => {
    const far = await remote();
    const failure = new TypeError("the page's own");
    const failing = far.fit("train", {
      epochs: 2,
      onProgress: ({ batch }) => {
        if (batch === 2) throw failure;
      },
    });
    await expect(failing.next()).rejects.toBe(failure);
    const last = far.fit("train", {
      epochs: 1,
      onProgress: ({ batch }) => {
        if (batch === 3) throw failure;
      },
    });
    await expect(last.next()).rejects.toBe(failure);
    for await (const { epoch } of far.fit("train", { epochs: 5 })) {
      expect(epoch).toBe(1);
      const second = far.fit("train", { epochs: 1 });
      await expect(second.next()).rejects.toThrow(/fitting already/);
      break;
    }
    expect(await losses(far.fit("train", { epochs: 1 }))).toHaveLength(2);
    await far.dispose();
  });

  test("the page has no task over 50 ms", async () => {
    const far = await remote(config(400, 64, 40));
    // The first epoch compiles; the page is idle while it waits.
    const fit = far.fit("train", { epochs: 4, onProgress: () => {} });
    await fit.next();
    const long: PerformanceEntry[] = [];
    const observer = new PerformanceObserver((list) => long.push(...list.getEntries()));
    observer.observe({ entryTypes: ["longtask"] });
    // The measurement would detect one.
    const until = performance.now() + 80;
    await new Promise((resolve) => setTimeout(resolve));
    while (performance.now() < until);
    while (long.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    long.length = 0;
    const start = performance.now();
    for await (const _ of fit);
    expect(performance.now() - start).toBeGreaterThan(100);
    await new Promise((resolve) => setTimeout(resolve, 100));
    observer.disconnect();
    expect(long.map(({ duration }) => duration)).toEqual([]);
    await far.dispose();
  });
});

describe("errors cross with their classes", () => {
  test("from calls, from a loader in mid-epoch, and from other code", async () => {
    const far = await remote();
    const x = { data: new Float32Array(10), shape: [1, 5, 2] };
    await expectRefusal(
      () => far.evaluate("test"),
      OptionError,
      "Trainer.evaluate",
      '"test"',
      '"train", "broken"',
    );
    await expectRefusal(() => far.evaluate("constructor"), OptionError, '"constructor"');
    await expectRefusal(() => far.fit("none", { epochs: 1 }).next(), OptionError, "Trainer.fit", '"none"');
    await expectRefusal(() => far.fit("train", { epochs: 0 }).next(), OptionError, "epochs");
    await expectRefusal(() => far.fit("train", { epoch: 1 } as never).next(), OptionError, '"epoch"');
    await expectRefusal(
      () => far.fit("train", { epochs: 1, callbacks: ["x"] }).next(),
      OptionError,
      'no callback "x"',
    );
    await expectRefusal(
      () => far.fit("broken", { epochs: 1 }).next(),
      ShapeError,
      "broken: the second batch",
    );
    await expectRefusal(() => far.predict({ ...x, shape: [2, 5, 2] }), ShapeError, "Trainer.predict");
    await expectRefusal(() => far.loadStateDict({}), StateDictError, "missing lstm.weight_ih_l0");
    await expectRefusal(() => far.resume(new Uint8Array(9)), DataError);
    await expectRefusal(() => far.call("nothing"), OptionError, 'no action "nothing"', '"add"');
    await expectRefusal(() => far.call("add", () => {}), OptionError, "cannot be sent", "plain data");
    await expectRefusal(() => far.call("uncloneable"), OptionError, "cannot be sent to the page");
    await expect(far.call("throwsText")).rejects.toThrow('"just text"');
    await expect(far.call("aborts")).rejects.toMatchObject({ name: "TimeoutError", message: "not now" });
    await expect(far.call("aborts")).rejects.toBeInstanceOf(DOMException);
    // It still works.
    expect(await losses(far.fit("train", { epochs: 1 }))).toHaveLength(2);
    await far.dispose();
  });

  test("from create, with the cause and the worker's stack", async () => {
    const error = await connect(worker(), { ...config(), fails: "create" }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect(error.name).toBe("DataError");
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.cause.message).toBe("empty");
    expect(error.stack).toContain("train.worker");
    await expectRefusal(
      () => connect(worker(), { ...config(), fails: "served" }),
      OptionError,
      "serve: create",
    );
  });
});

describe("an end", () => {
  test("dispose cleans up in the worker and ends it", async () => {
    const channel = `end ${crypto.randomUUID()}`;
    const heard = new Promise((resolve) => {
      new BroadcastChannel(channel).onmessage = ({ data }) => resolve(data);
    });
    const far = await remote({ ...config(), channel });
    await losses(far.fit("train", { epochs: 1 }));
    await far.dispose();
    // The trainer's programs are gone; model and optimizer belong to the app.
    expect(await heard).toMatchObject({ input: 0, activation: 0, uniform: 0, output: 0 });
    await expectRefusal(() => far.evaluate("train"), DisposedError, "the worker was terminated");
    far.terminate();
    // Ending takes time in the browser too.
    const locks = async () => (await navigator.locks.query()).held!.map(({ name }) => name);
    await expect.poll(locks, { timeout: 20_000 }).toEqual([]);
  });

  test("terminate rejects all pending calls", async () => {
    const far = await remote(config(4000, 5, 4));
    const pending = [far.fit("train", { epochs: 1 }).next(), far.call("add", 1, 2), far.stateDict()];
    far.terminate();
    for (const result of await Promise.allSettled(pending)) {
      expect(result).toMatchObject({ status: "rejected", reason: expect.any(DisposedError) });
    }
  });

  test("a worker that dies rejects pending calls by name, whether it closed itself or was ended", async () => {
    for (const kill of ["itself", "somebody"]) {
      const thread = worker();
      const far = await connect(thread, config(4000, 5, 4));
      const fitting = far.fit("train", { epochs: 50 }).next();
      const refused = expectRefusal(
        () => fitting,
        WorkerError,
        "the worker has died",
        "connect() to a new one",
      );
      if (kill === "itself") await far.call("close");
      else thread.terminate();
      await refused;
      await expectRefusal(() => far.evaluate("train"), WorkerError, "has died");
    }
  });

  test("refuses a worker that never serves, a missing worker, and serving outside a worker", async () => {
    const fails = new Worker(new URL("./workers/silent.worker.ts", import.meta.url), { type: "module" });
    await expectRefusal(() => connect(fails), WorkerError, "connect: the worker did not start");
    // Not written in one: a bundler would look for the file.
    const here = import.meta.url;
    const missing = new Worker(new URL("/no/such/file.js", here), { type: "module" });
    await expectRefusal(() => connect(missing), WorkerError, "could not be loaded");
    await expectRefusal(() => connect({} as Worker), OptionError, "connect", "new Worker");
    await expectRefusal(async () => serve({ create: () => ({}) as never }), OptionError, "this is no worker");
    await expectRefusal(async () => serve({} as never), OptionError, "serve: create must be a function");
    await expectRefusal(() => connect(worker(), () => {}), OptionError, "cannot be sent");
  });

  test.each([0, 1, 20, 200, 1000])("a worker that is ended after %i ms rejects connect", async (ms) => {
    const thread = worker();
    const connecting = connect(thread, { ...config(), fails: "never" });
    const refused = expectRefusal(
      () => connecting,
      WorkerError,
      "the worker has died",
      "connect() to a new one",
    );
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    thread.terminate();
    await refused;
  });

  test("an aborted signal ends the wait for a worker, also for one that closes itself before it serves", async () => {
    const reason = new RangeError("long enough");
    const closing = () => {
      const url = URL.createObjectURL(new Blob(["self.close()"], { type: "text/javascript" }));
      return new Worker(url, { type: "module" });
    };
    for (const make of [worker, closing]) {
      const controller = new AbortController();
      const thread = make();
      const connecting = connect(thread, { ...config(), fails: "never" }, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 100);
      await expect(connecting).rejects.toBe(reason);
      const { signal } = controller;
      await expect(connect(make(), config(), { signal })).rejects.toBe(reason);
    }
    await expectRefusal(
      () => connect(worker(), config(), { signal: {} as AbortSignal }),
      OptionError,
      "connect: signal must be an AbortSignal",
    );
  });

  test("a slow worker can be ended", async () => {
    const thread = worker();
    const connecting = connect(thread, { ...config(), fails: "never" });
    const refused = expectRefusal(() => connecting, WorkerError, "has died");
    // The page waits for the worker's lock once it serves.
    await expect
      .poll(async () => (await navigator.locks.query()).pending?.length, { timeout: 60_000 })
      .toBe(1);
    thread.terminate();
    await refused;
  });
});
