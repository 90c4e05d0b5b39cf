/** A run that can be awaited and iterated, without a GPU: who gets which report, which error, and what history. */
import { describe, expect, test } from "vitest";
import { History } from "webgpu-lstm";
import { Fit } from "../../src/train/fit.ts";

const reportOf = (epoch: number) => ({ epoch, loss: 1 / epoch, steps: 1, seconds: 1, stepsPerSecond: 1 });

/** A run of three epochs that notes what it does; `fails`: the epoch that throws. */
function run(fails?: number) {
  const log: string[] = [];
  const error = new Error("an epoch failed");
  const history = new History();
  async function* epochs() {
    log.push("begins");
    try {
      for (let epoch = 1; epoch <= 3; epoch++) {
        await Promise.resolve();
        if (epoch === fails) throw error;
        history.add(reportOf(epoch));
        log.push(`epoch ${epoch}`);
        yield reportOf(epoch);
      }
    } finally {
      log.push("ends");
    }
  }
  return { fit: new Fit(epochs(), () => history), log, error, history };
}

const WHOLE = ["begins", "epoch 1", "epoch 2", "epoch 3", "ends"];

async function take(fit: Fit, most = Number.POSITIVE_INFINITY): Promise<number[]> {
  const epochs: number[] = [];
  for await (const { epoch } of fit) {
    epochs.push(epoch);
    if (epochs.length === most) break;
  }
  return epochs;
}

describe("a fit", () => {
  test("does nothing until it is awaited or iterated", async () => {
    const { fit, log } = run();
    await Promise.resolve();
    expect(log).toEqual([]);
    expect(fit[Symbol.asyncIterator]()).toBe(fit);
    expect(String(fit)).toBe("[object Fit]");
    expect(log).toEqual([]);
    await fit;
    expect(log).toEqual(WHOLE);
  });

  test("awaited trains all epochs and gives the history, awaited again the same one", async () => {
    const { fit, log, history } = run();
    expect(await fit).toBe(history);
    expect(history.length).toBe(3);
    expect(await fit).toBe(history);
    expect(await Promise.all([fit, fit.then(({ length }) => length)])).toEqual([history, 3]);
    expect(log).toEqual(WHOLE);
  });

  test("iterated gives every report once, and none when it is iterated again", async () => {
    const { fit, log } = run();
    expect(await take(fit)).toEqual([1, 2, 3]);
    expect(await take(fit)).toEqual([]);
    expect(await fit.next()).toEqual({ done: true, value: undefined });
    expect(log).toEqual(WHOLE);
  });

  test("awaited after it was iterated gives the history without training more", async () => {
    const { fit, log, history } = run();
    await take(fit);
    expect(await fit).toBe(history);
    expect(log).toEqual(WHOLE);
  });

  test("awaited in the middle trains the rest; iterated after that it has no report left", async () => {
    const { fit, log, history } = run();
    expect((await fit.next()).value).toEqual(reportOf(1));
    expect(await fit).toBe(history);
    expect(history.length).toBe(3);
    expect(await take(fit)).toEqual([]);
    expect(log).toEqual(WHOLE);
  });

  test("awaited and iterated at once trains every epoch once", async () => {
    const { fit, log, history } = run();
    const [whole, taken] = await Promise.all([fit, take(fit)]);
    expect(whole).toBe(history);
    expect(taken.length).toBeLessThan(3);
    expect(log).toEqual(WHOLE);
  });

  test.each(["break", "return", "dispose"])(
    "left by %s ends there, and awaited then has the epochs so far",
    async (how) => {
      const { fit, log, history } = run();
      if (how === "break") await take(fit, 1);
      else await fit.next();
      if (how === "return") expect(await fit.return()).toEqual({ done: true, value: undefined });
      if (how === "dispose") await fit[Symbol.asyncDispose]();
      expect(log).toEqual(["begins", "epoch 1", "ends"]);
      expect(await fit).toBe(history);
      expect(history.length).toBe(1);
      expect(await take(fit)).toEqual([]);
      expect(log).toEqual(["begins", "epoch 1", "ends"]);
    },
  );
});

test("a fit that is ended before it begins trains nothing, and has an empty history", async () => {
  const { fit, log, history } = run();
  expect(await fit.return()).toEqual({ done: true, value: undefined });
  expect(await fit).toBe(history);
  expect([history.length, log]).toEqual([0, []]);
});

describe("an error in a fit", () => {
  test("reaches whoever awaits it, by await, then, catch and finally", async () => {
    const { fit, error, log } = run(2);
    await expect((async () => await fit)()).rejects.toBe(error);
    expect(await fit.catch((reason) => reason)).toBe(error);
    expect(await fit.then(null, (reason) => reason)).toBe(error);
    let ended = false;
    const end = () => {
      ended = true;
    };
    await expect(fit.finally(end)).rejects.toBe(error);
    expect(ended).toBe(true);
    expect(log).toEqual(["begins", "epoch 1", "ends"]);
  });

  test("reaches whoever iterates, and whoever awaits or iterates later", async () => {
    const { fit, error, log } = run(2);
    const taken: number[] = [];
    const iterating = async () => {
      for await (const { epoch } of fit) taken.push(epoch);
    };
    await expect(iterating()).rejects.toBe(error);
    expect(taken).toEqual([1]);
    await expect((async () => await fit)()).rejects.toBe(error);
    await expect(fit.next()).rejects.toBe(error);
    expect(await fit.return()).toEqual({ done: true, value: undefined });
    expect(log).toEqual(["begins", "epoch 1", "ends"]);
  });

  test("reaches both who iterate and await at once", async () => {
    const { fit, error } = run(1);
    const results = await Promise.allSettled([fit, fit.next(), fit.next(), fit]);
    expect(results).toEqual(Array(4).fill({ status: "rejected", reason: error }));
  });

  test("of ending it reaches who ended it, and whoever awaits later", async () => {
    const lost = new Error("the loader could not be closed");
    async function* epochs() {
      try {
        yield reportOf(1);
        yield reportOf(2);
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: as a loader's own finally does
        throw lost;
      }
    }
    const fit = new Fit(epochs(), () => new History());
    await expect(take(fit, 1)).rejects.toBe(lost);
    await expect((async () => await fit)()).rejects.toBe(lost);
    expect(await fit.return()).toEqual({ done: true, value: undefined });
  });

  test("that is thrown into it ends it with that error", async () => {
    const { fit, log } = run();
    const own = new RangeError("enough");
    await fit.next();
    await expect(fit.throw(own)).rejects.toBe(own);
    expect(log).toEqual(["begins", "epoch 1", "ends"]);
    await expect((async () => await fit)()).rejects.toBe(own);
  });

  test("of finding the history reaches who awaits it", async () => {
    async function* none() {}
    const lost = new Error("the worker is gone");
    const fit = new Fit(none(), () => Promise.reject(lost));
    expect(await fit.next()).toEqual({ done: true, value: undefined });
    await expect((async () => await fit)()).rejects.toBe(lost);
  });
});
