/** A trainer's fit, awaited and iterated: the same training, and the same errors. */
import { expect, test } from "vitest";
import { DataError, OptionError } from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { fit, loader, setUp } from "./fit-case.ts";
import { withDevice } from "./gpu.ts";
import { bits } from "./tiny.ts";

test("awaited, fit trains to the same weights as iterated, and gives the history", () =>
  withDevice(async (device) => {
    const iterated = setUp(device);
    const reports = await fit(iterated.trainer, { epochs: 3 });
    const awaited = setUp(device);
    const run = awaited.trainer.fit(loader, { epochs: 3 });
    // Nothing happens until it is awaited.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([awaited.optimizer.steps, awaited.trainer.history.length]).toEqual([0, 0]);
    const history = await run;
    expect(history).toBe(awaited.trainer.history);
    expect(history.column("loss")).toEqual(Float64Array.from(reports, ({ loss }) => loss));
    expect(awaited.optimizer.steps).toBe(9);
    expect(await bits(awaited.model)).toEqual(await bits(iterated.model));
    // A later run has a history of its own, and the earlier run keeps its own.
    const next = await awaited.trainer.fit(loader, { epochs: 1 });
    expect([next.length, (await run).length]).toEqual([1, 3]);
    expect(awaited.optimizer.steps).toBe(12);
    await iterated.dispose();
    await awaited.dispose();
  }));

test("a run that is left can be awaited for what it did, and another can begin", () =>
  withDevice(async (device) => {
    const { trainer, optimizer, dispose } = setUp(device);
    const run = trainer.fit(loader, { epochs: 9 });
    for await (const { epoch } of run) if (epoch === 2) break;
    expect((await run).column("epoch")).toEqual(Float64Array.of(1, 2));
    expect(optimizer.steps).toBe(6);
    const unbegun = trainer.fit(loader, { epochs: 9 });
    await unbegun.return();
    expect((await unbegun).length).toBe(0);
    expect(optimizer.steps).toBe(6);
    const begun = trainer.fit(loader, { epochs: 3 });
    await begun.next();
    await expectRefusal(async () => await trainer.fit(loader, { epochs: 1 }), OptionError, "fitting already");
    expect((await begun).length).toBe(3);
    expect(optimizer.steps).toBe(15);
    await dispose();
  }));

test("resumed, an awaited run has the epochs before the checkpoint in its history", () =>
  withDevice(async (device) => {
    const { trainer, dispose } = setUp(device);
    await trainer.fit(loader, { epochs: 2 });
    const bytes = await trainer.checkpoint();
    await trainer.resume(bytes);
    expect((await trainer.fit(loader, { epochs: 3 })).column("epoch")).toEqual(Float64Array.of(1, 2, 3));
    await dispose();
  }));

test("bad options, a loader without batches and an aborted signal reach whoever awaits", () =>
  withDevice(async (device) => {
    const { trainer, optimizer, dispose } = setUp(device);
    await expectRefusal(async () => await trainer.fit(loader, { epochs: 0 }), OptionError, "epochs", "got 0");
    await expectRefusal(async () => await trainer.fit(loader, wrong({ epoch: 1 })), OptionError, '"epoch"');
    await expectRefusal(async () => await trainer.fit([], { epochs: 1 }), DataError, "no batch");
    const reason = { because: "enough" };
    const signal = AbortSignal.abort(reason);
    const caught = await trainer.fit(loader, { epochs: 1, signal }).catch((thrown) => thrown);
    expect(caught).toBe(reason);
    expect(optimizer.steps).toBe(0);
    const stop = new AbortController();
    const onProgress = ({ epoch }: { epoch: number }) => {
      if (epoch === 2) stop.abort(reason);
    };
    const run = trainer.fit(loader, { epochs: 9, signal: stop.signal, onProgress });
    const taken: number[] = [];
    const iterating = async () => {
      for await (const { epoch } of run) taken.push(epoch);
    };
    await expect(iterating()).rejects.toBe(reason);
    expect(taken).toEqual([1]);
    await expect(run.then()).rejects.toBe(reason);
    expect(trainer.history.length).toBe(1);
    await dispose();
  }));
