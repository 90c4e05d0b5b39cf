/** Studies: what becomes of trials, by ask and tell and by a run. */
import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { type FitRun, OptionError, StorageUnavailableError, type Trainer } from "webgpu-lstm";
import {
  createStudy,
  deleteStudy,
  loadStudy,
  MemoryJournal,
  openJournal,
  pruners,
  pruning,
  StudyError,
  samplers,
  type Trial,
  TrialPruned,
} from "webgpu-lstm/search";
import { expectRefusal, wrong } from "../refusal.ts";
import { typeErrors } from "../type-errors.ts";

const random = () => new samplers.Random({ seed: 3 });
const square = (trial: Trial) => (trial.suggestFloat("x", -5, 5) - 2) ** 2;

describe("a run", () => {
  test("records each trial with its value, parameters, ranges and times", async () => {
    const study = await createStudy({ name: "a", sampler: random() });
    await study.optimize(
      async (trial) => {
        const x = trial.suggestFloat("x", 1e-3, 1, { log: true });
        const n = trial.suggestInt("n", 2, 10, { step: 4 });
        const kind: "a" | "b" = trial.suggestCategorical("kind", ["a", "b"]);
        trial.setUserAttr("note", { kind, bounds: [1, Number.POSITIVE_INFINITY] });
        return x + n;
      },
      { trials: 8 },
    );
    expect(study.trials).toHaveLength(8);
    for (const [i, trial] of study.trials.entries()) {
      expect(trial).toMatchObject({ number: i, id: i, state: "COMPLETE", reason: null, lastStep: null });
      const { x, n, kind } = trial.params as { x: number; n: number; kind: string };
      expect(x).toBeGreaterThanOrEqual(1e-3);
      expect(x).toBeLessThanOrEqual(1);
      expect([2, 6, 10]).toContain(n);
      expect(trial.value).toBe(x + n);
      expect(trial.userAttrs).toEqual({ note: { kind, bounds: [1, Number.POSITIVE_INFINITY] } });
      expect(trial.distributions.get("n")).toEqual({ type: "int", low: 2, high: 10, log: false, step: 4 });
      expect(trial.datetimeComplete!.getTime()).toBeGreaterThanOrEqual(trial.datetimeStart!.getTime());
    }
    const best = study.trials.reduce((a, b) => (b.value! < a.value! ? b : a));
    expect(study.bestTrial).toEqual(best);
    expect(study.bestValue).toBe(best.value);
    expect(study.bestParams).toEqual(best.params);
  });

  test("goes on after a trial that fails, and keeps the reason", async () => {
    const study = await createStudy({ sampler: random() });
    const outcomes: unknown[] = [
      new RangeError("too large"),
      Number.NaN,
      undefined,
      [1, 2],
      "0.5",
      Number.POSITIVE_INFINITY,
      4,
    ];
    await study.optimize(
      (trial) => {
        trial.suggestFloat("x", 0, 1);
        const outcome = outcomes[trial.number];
        if (outcome instanceof Error) throw outcome;
        return wrong(outcome);
      },
      { trials: outcomes.length },
    );
    expect(study.trials.map(({ state }) => state)).toEqual([
      "FAIL",
      "FAIL",
      "FAIL",
      "FAIL",
      "FAIL",
      "COMPLETE",
      "COMPLETE",
    ]);
    expect(study.trials.map(({ reason }) => reason)).toEqual([
      "RangeError: too large",
      "the objective must give a number, not NaN, got NaN",
      "the objective must give a number, not NaN, got undefined",
      "the objective must give a value for each of the study's 1 directions, got 2",
      'the objective must give a number, not NaN, got "0.5"',
      null,
      null,
    ]);
    expect(study.trials.every(({ params }) => "x" in params)).toBe(true);
    expect(study.bestTrial.number).toBe(6);
  });

  test("ends with the first error if it is asked to", async () => {
    const study = await createStudy({ sampler: random() });
    const error = new Error("no data");
    const run = study.optimize(() => Promise.reject(error), { trials: 5, stopOnError: true });
    await expect(run).rejects.toBe(error);
    expect(study.trials).toMatchObject([{ state: "FAIL", reason: "Error: no data" }]);
  });

  test("runs as many trials at a time as it has jobs", async () => {
    const study = await createStudy({ sampler: random() });
    let running = 0;
    let most = 0;
    await study.optimize(
      async (trial) => {
        running++;
        most = Math.max(most, running);
        await new Promise((done) => setTimeout(done, 5 + (trial.number % 3)));
        running--;
        return trial.number;
      },
      { trials: 10, jobs: 3 },
    );
    expect(most).toBe(3);
    expect(study.trials.map(({ state, value }) => [state, value])).toEqual(
      Array.from({ length: 10 }, (_, i) => ["COMPLETE", i]),
    );
  });

  test("ends by a timeout, by stop(), and by a callback", async () => {
    const study = await createStudy({ sampler: random() });
    await study.optimize(() => new Promise((done) => setTimeout(done, 20, 1)), { timeout: 0.05 });
    const count = study.trials.length;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(10);
    const seen: number[] = [];
    await study.optimize(square, {
      callbacks: [
        async (same, trial) => {
          expect(same).toBe(study);
          seen.push(trial.number);
          if (seen.length === 4) study.stop();
        },
      ],
    });
    expect(seen).toEqual([0, 1, 2, 3].map((i) => count + i));
    const failing = study.optimize(square, {
      trials: 5,
      callbacks: [() => Promise.reject(new Error("full"))],
    });
    await expect(failing).rejects.toThrow("full");
    expect(study.trials).toHaveLength(count + 5);
  });

  test("ends by its signal, and the next run goes on with the interrupted trial", async () => {
    const study = await createStudy({ sampler: random() });
    const controller = new AbortController();
    const reason = new Error("closed");
    const run = study.optimize(
      async (trial) => {
        const x = trial.suggestFloat("x", 0, 1);
        if (trial.number === 2) {
          setTimeout(() => controller.abort(reason));
          await new Promise((_, reject) => {
            trial.signal.addEventListener("abort", () => reject(trial.signal.reason));
          });
        }
        return x;
      },
      { trials: 5, signal: controller.signal },
    );
    await expect(run).rejects.toBe(reason);
    expect(study.trials.map(({ state }) => state)).toEqual(["COMPLETE", "COMPLETE", "FAIL", "WAITING"]);
    const { params, reason: why } = study.trials[2]!;
    expect(why).toContain("interrupted");
    await study.optimize((trial) => trial.suggestFloat("x", 0, 1), { trials: 2 });
    expect(study.trials.map(({ state }) => state)).toEqual([
      "COMPLETE",
      "COMPLETE",
      "FAIL",
      "COMPLETE",
      "COMPLETE",
    ]);
    expect(study.trials[3]).toMatchObject({
      params,
      value: params["x"],
      systemAttrs: { failed_trial: 2, retry_history: [2] },
    });
    await expect(study.optimize(square, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(study.trials).toHaveLength(5);
  });

  test("leaves the value of a trial that ends while the run is aborted", async () => {
    const study = await createStudy({ sampler: random() });
    const controller = new AbortController();
    const run = study.optimize(
      () => {
        controller.abort();
        return 7;
      },
      { signal: controller.signal },
    );
    await expect(run).rejects.toThrow("abort");
    expect(study.trials).toMatchObject([{ state: "COMPLETE", value: 7 }]);
  });

  test("maximizes, and finds the Pareto front of several values", async () => {
    const up = await createStudy({ direction: "maximize", sampler: random() });
    await up.optimize((trial) => [3, 9, 5][trial.number]!, { trials: 3 });
    expect(up.bestTrial).toMatchObject({ number: 1, value: 9 });

    const study = await createStudy({ directions: ["minimize", "maximize"], sampler: random() });
    const values = [
      [1, 1],
      [2, 3],
      [2, 2],
      [3, 3],
      [1, 1],
      [0, -4],
    ] as const;
    await study.optimize((trial) => [...values[trial.number]!], { trials: values.length });
    expect(study.bestTrials.map(({ number }) => number)).toEqual([0, 1, 4, 5]);
    expect(study.trials[1]).toMatchObject({ value: null, values: [2, 3] });
    await expectRefusal(() => study.bestTrial, StudyError, "2 directions", "bestTrials");
    await expectRefusal(() => study.direction, StudyError, "directions");
    const trial = await study.ask();
    await expectRefusal(() => trial.report(1, 1), OptionError, "2 directions");
    await expectRefusal(() => trial.shouldPrune(), OptionError, "2 directions");
  });

  test("refuses what it cannot run", async () => {
    const study = await createStudy();
    const where = "Study.optimize";
    await expectRefusal(() => study.optimize(wrong(3)), OptionError, where, "function", "3");
    await expectRefusal(() => study.optimize(square, { trials: -1 }), OptionError, where, "trials");
    await expectRefusal(() => study.optimize(square, { timeout: 0 }), OptionError, where, "seconds");
    await expectRefusal(() => study.optimize(square, { jobs: 0 }), OptionError, where, "jobs");
    await expectRefusal(() => study.optimize(square, wrong({ nTrials: 3 })), OptionError, where, '"nTrials"');
    await expectRefusal(() => study.optimize(square, wrong({ signal: 1 })), OptionError, "AbortSignal");
    await expectRefusal(() => study.optimize(square, wrong({ callbacks: [1] })), OptionError, "functions");
    const run = study.optimize(square, { trials: 2 });
    await expectRefusal(() => study.optimize(square), StudyError, "runs already");
    await run;
    expect(study.trials).toHaveLength(2);
  });
});

describe("a trial", () => {
  test("gives the same value for a name that it is asked for again", async () => {
    const trial = await (await createStudy({ sampler: random() })).ask();
    const x = trial.suggestFloat("x", 0, 1);
    expect(trial.suggestFloat("x", 0, 1)).toBe(x);
    expect(trial.params).toEqual({ x });
    await expectRefusal(() => trial.suggestFloat("x", 0, 2), OptionError, '"x"', "another range");
    await expectRefusal(() => trial.suggestInt("x", 0, 1), OptionError, '"x"', "another range");
  });

  test("may move a range that earlier trials have, but not change its kind", async () => {
    const study = await createStudy({ sampler: random() });
    const first = await study.ask();
    first.suggestFloat("x", 0, 1);
    first.suggestCategorical("c", ["a", "b"]);
    await study.tell(first, 1);
    const trial = await study.ask();
    expect(trial.suggestFloat("x", 4, 5)).toBeGreaterThanOrEqual(4);
    await expectRefusal(() => trial.suggestCategorical("c", ["a"]), OptionError, '"c"', "choices");
    const other = await study.ask();
    await expectRefusal(() => other.suggestInt("x", 0, 1), OptionError, "float before", "int now");
    await expectRefusal(() => other.suggestFloat("x", 1, 2, { log: true }), OptionError, "log was false");
  });

  test.each([
    ["low above high", (trial: Trial) => trial.suggestFloat("x", 2, 1), "low 2 and high 1"],
    ["an infinite range", (trial: Trial) => trial.suggestFloat("x", 0, Infinity), "finite"],
    ["a range wider than any number", (trial: Trial) => trial.suggestFloat("x", -1e308, 1e308), "high - low"],
    ["log from 0", (trial: Trial) => trial.suggestFloat("x", 0, 1, { log: true }), "above 0"],
    ["an integer's log from 0", (trial: Trial) => trial.suggestInt("x", 0, 1, { log: true }), "at least 1"],
    [
      "a step that does not divide",
      (trial: Trial) => trial.suggestFloat("x", 0, 1, { step: 0.3 }),
      "make high 0.9",
    ],
    ["an integer's step", (trial: Trial) => trial.suggestInt("x", 1, 10, { step: 4 }), "make high 9"],
    [
      "log and a step",
      (trial: Trial) => trial.suggestInt("x", 1, 9, { log: true, step: 2 }),
      "leave one out",
    ],
    ["a fraction", (trial: Trial) => trial.suggestInt("x", 0.5, 3), "integer"],
    ["a step of 0", (trial: Trial) => trial.suggestFloat("x", 0, 1, { step: 0 }), "above 0"],
    ["no choices", (trial: Trial) => trial.suggestCategorical("x", []), "at least one"],
    ["an object as a choice", (trial: Trial) => trial.suggestCategorical("x", wrong([{}])), "choices[0]"],
    ["a choice twice", (trial: Trial) => trial.suggestCategorical("x", ["a", "a"]), "twice"],
    ["no name", (trial: Trial) => trial.suggestFloat("", 0, 1), "name"],
    ["an unknown option", (trial: Trial) => trial.suggestInt("x", 0, 1, wrong({ base: 2 })), '"base"'],
    ["a value that is no number", (trial: Trial) => trial.report(wrong("1"), 0), "number"],
    ["a step below 0", (trial: Trial) => trial.report(1, -1), "at least 0"],
    ["an attribute that is no JSON", (trial: Trial) => trial.setUserAttr("a", new Map()), "plain JSON"],
    ["an attribute within itself", (trial: Trial) => trial.setUserAttr("a", loop), "plain JSON"],
  ] as [string, (trial: Trial) => unknown, string][])("refuses %s", async (_, call, part) => {
    const trial = await (await createStudy({ sampler: random() })).ask();
    await expectRefusal(() => call(trial), OptionError, "Trial.", part);
    expect(trial.params).toEqual({});
  });

  test("takes names that objects have already", async () => {
    const study = await createStudy({ sampler: random() });
    await study.enqueueTrial({ toString: 0.25 });
    await study.optimize(
      (trial) => {
        trial.setUserAttr("constructor", 1);
        return trial.suggestFloat("__proto__", 0, 1) + trial.suggestFloat("toString", 0, 1);
      },
      { trials: 12 },
    );
    for (const { params } of study.trials) expect(Object.keys(params)).toEqual(["__proto__", "toString"]);
    expect(study.trials[0]!.params["toString"]).toBe(0.25);
  });

  test("takes the first value of a step, and NaN", async () => {
    const study = await createStudy({ sampler: random(), pruner: new pruners.Nop() });
    const trial = await study.ask();
    trial.report(1, 5);
    trial.report(2, 5);
    trial.report(Number.NaN, 3);
    expect(await trial.shouldPrune()).toBe(false);
    const { intermediateValues, lastStep } = study.trials[0]!;
    expect([...intermediateValues]).toEqual([
      [5, 1],
      [3, Number.NaN],
    ]);
    expect(lastStep).toBe(5);
  });
});

const loop: unknown[] = [];
loop.push(loop);

describe("ask and tell", () => {
  test("end a trial once, by the trial or its number", async () => {
    const study = await createStudy({ sampler: random() });
    const [a, b, c, d] = [await study.ask(), await study.ask(), await study.ask(), await study.ask()];
    b.report(3, 1);
    b.report(4, 2);
    expect(await study.tell(a, 1)).toMatchObject({ state: "COMPLETE", value: 1, values: [1] });
    expect(await study.tell(b, undefined, { state: "PRUNED" })).toMatchObject({ state: "PRUNED", value: 4 });
    expect(await study.tell(2, null, { state: "FAIL" })).toMatchObject({ state: "FAIL", value: null });
    expect(await study.tell(d, Number.NaN)).toMatchObject({
      state: "FAIL",
      reason: expect.stringContaining("NaN"),
    });
    await expectRefusal(() => study.tell(c, 1), StudyError, "trial 2 is FAIL");
    expect(await study.tell(a, 5, { skipIfFinished: true })).toMatchObject({ value: 1 });
    await expectRefusal(() => study.tell(9, 1), StudyError, "Study.tell", "9");
    const e = await study.ask();
    await expectRefusal(() => study.tell(e, [1, 2], { state: "COMPLETE" }), OptionError, "got 2");
    await expectRefusal(() => study.tell(e, 1, { state: "FAIL" }), OptionError, "no values");
    await expectRefusal(() => study.tell(e, 1, wrong({ state: "DONE" })), OptionError, '"DONE"');
    await study.tell(e, 2);
    e.setUserAttr("late", 1);
    await expectRefusal(() => e.shouldPrune(), StudyError, "has ended as COMPLETE");
    expect(study.trials[4]!.userAttrs).toEqual({});
    await expectRefusal(() => e.suggestFloat("x", 0, 1), StudyError, '"x"', "has ended as COMPLETE");
    expect(study.trials[4]!.params).toEqual({});
  });

  test("take queued trials first", async () => {
    const study = await createStudy({ sampler: random() });
    await study.enqueueTrial({ x: 0.5, kind: null }, { userAttrs: { from: "default" } });
    await study.enqueueTrial({ x: 0.25 }, { skipIfExists: true });
    await study.enqueueTrial({ x: 0.25 + 1e-12 }, { skipIfExists: true });
    expect(study.trials.map(({ state }) => state)).toEqual(["WAITING", "WAITING"]);
    await study.optimize(
      (trial) => {
        trial.suggestCategorical("kind", ["a", null]);
        return trial.suggestFloat("x", 0, 1);
      },
      { trials: 3 },
    );
    expect(study.trials[0]).toMatchObject({
      value: 0.5,
      params: { kind: null },
      userAttrs: { from: "default" },
    });
    expect(study.trials[1]).toMatchObject({ value: 0.25 });
    expect(study.trials[2]!.value).not.toBe(0.25);
    // An integer is what Optuna's int() makes of it, for the objective and the journal alike.
    await study.enqueueTrial({ n: 1.5 });
    const whole = await study.ask();
    expect(whole.suggestInt("n", 0, 4)).toBe(1);
    expect(whole.params).toEqual({ n: 1 });
    await study.tell(whole, 0);
    expect(study.trials[3]!.params).toEqual({ n: 1 });
    await expectRefusal(() => study.enqueueTrial(wrong(1)), OptionError, "params");
    await expectRefusal(() => study.enqueueTrial(wrong({ x: [] })), OptionError, '"x"');
    await study.enqueueTrial({ x: "high" });
    const trial = await study.ask();
    await expectRefusal(() => trial.suggestFloat("x", 0, 1), OptionError, '"high"');
  });

  test("warn of a queued value outside of its range, and take it, as Optuna does", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const study = await createStudy({ sampler: random() });
    await study.enqueueTrial({ x: 5, n: 3, kind: "b", share: 0.3 });
    const trial = await study.ask();
    expect(trial.suggestFloat("x", 0, 1)).toBe(5);
    expect(trial.suggestInt("n", 1, 3)).toBe(3);
    expect(trial.suggestCategorical("kind", ["a", "b"])).toBe("b");
    expect(trial.suggestFloat("share", 0, 1, { step: 0.25 })).toBe(0.3);
    // Asked for again it is known.
    trial.suggestFloat("x", 0, 1);
    const messages = warn.mock.calls.map(([message]) => String(message));
    warn.mockRestore();
    expect(messages).toHaveLength(2);
    expect(messages[0]).toMatch(
      /^Study\.enqueueTrial: the parameter "x" is outside of its range .*"high": 1\.0.*, got 5; /,
    );
    expect(messages[1]).toMatch(/"share".*"step": 0\.25.*got 0\.3; /);
  });

  test("hand on what was left running", async () => {
    const study = await createStudy({ sampler: random() });
    const x = (await study.ask()).suggestFloat("x", 0, 1);
    await study.tell(await study.ask(), 3);
    expect(await study.requeueRunning()).toEqual([0]);
    expect(study.trials.map(({ state }) => state)).toEqual(["FAIL", "COMPLETE", "WAITING"]);
    const again = await study.ask();
    expect(again.number).toBe(2);
    expect(again.suggestFloat("x", 0, 1)).toBe(x);
  });
});

describe("a storage", () => {
  test("holds studies by their names", async () => {
    const storage = new MemoryJournal();
    const a = await createStudy({ name: "a", storage, sampler: random() });
    await a.optimize(square, { trials: 3 });
    await expectRefusal(() => createStudy({ name: "a", storage }), StudyError, 'study "a"', "loadIfExists");
    const again = await createStudy({ name: "a", storage, loadIfExists: true });
    expect(again.trials).toEqual(a.trials);
    expect((await loadStudy({ storage })).name).toBe("a");
    const b = await createStudy({ name: "b", storage, direction: "maximize" });
    await b.setUserAttr("data", ["seattle"]);
    await b.tell(await b.ask(), 1);
    expect(b.trials).toMatchObject([{ id: 3, number: 0 }]);
    expect((await loadStudy({ name: "b", storage })).userAttrs).toEqual({ data: ["seattle"] });
    await expectRefusal(() => loadStudy({ storage }), StudyError, '"a", "b"');
    await expectRefusal(() => loadStudy({ name: "c", storage }), StudyError, '"c"', '"a", "b"');
    await deleteStudy({ name: "a", storage });
    expect((await loadStudy({ storage })).name).toBe("b");
    await expectRefusal(() => deleteStudy({ name: "a", storage }), StudyError, '"a"');
    await expectRefusal(() => a.ask(), StudyError, "deleted");
    expect((await createStudy({ storage })).name).toMatch(/^no-name-/);
  });

  test("goes on from the text of another", async () => {
    const storage = new MemoryJournal();
    const study = await createStudy({ name: "a", storage, sampler: random() });
    await study.optimize(square, { trials: 3 });
    const copy = await loadStudy({ storage: new MemoryJournal(`${storage.text()}{"op_`), sampler: random() });
    expect(copy.trials).toEqual(study.trials);
    await copy.optimize(square, { trials: 1 });
    expect([copy.trials.length, study.trials.length]).toEqual([4, 3]);
    await expectRefusal(() => new MemoryJournal(wrong(new Uint8Array(3))), OptionError, "Uint8Array(3)");
    await expectRefusal(() => openJournal(), StorageUnavailableError, "IndexedDB", "JournalFile");
  });

  test("and its errors reach who writes", async () => {
    const journal = new MemoryJournal();
    const study = await createStudy({ storage: journal, sampler: random() });
    const trial = await study.ask();
    journal.append = () => Promise.reject(new Error("disk full"));
    trial.suggestFloat("x", 0, 1);
    await expect(trial.shouldPrune()).rejects.toThrow("disk full");
    await expect(study.tell(trial, 1)).rejects.toThrow("disk full");
    await expect(study.optimize(square, { trials: 1 })).rejects.toThrow("disk full");
    expect(study.trials).toMatchObject([{ state: "RUNNING", params: {} }]);
  });

  test("refuses what is none", async () => {
    await expectRefusal(
      () => createStudy({ storage: wrong("a.log") }),
      OptionError,
      '"a.log"',
      "JournalFile",
    );
    await expectRefusal(() => createStudy({ name: wrong(3) }), OptionError, "name");
    await expectRefusal(() => createStudy({ sampler: wrong({}) }), OptionError, "samplers.TPE");
    await expectRefusal(() => createStudy({ pruner: wrong({}) }), OptionError, "pruners.Median");
    await expectRefusal(() => createStudy({ direction: wrong("up") }), OptionError, '"up"');
    await expectRefusal(() => createStudy({ directions: [] }), OptionError, "directions");
    const both = { direction: "minimize", directions: ["minimize"] } as const;
    await expectRefusal(() => createStudy(both), OptionError, "both");
    await expectRefusal(() => createStudy(wrong({ studyName: "a" })), OptionError, '"studyName"');
  });
});

describe("pruning", () => {
  const run = (monitors: string[]) => ({ monitors }) as unknown as FitRun;
  const epoch = (number: number, loss: number, validationLoss?: number) => ({
    epoch: number,
    loss,
    ...(validationLoss === undefined ? {} : { validationLoss }),
    steps: 1,
    seconds: 1,
    stepsPerSecond: 1,
  });

  test("ends a trial at the step where it falls behind", async () => {
    const study = await createStudy({
      sampler: random(),
      pruner: new pruners.Median({ startupTrials: 1 }),
    });
    await study.optimize(
      async (trial) => {
        for (let step = 1; step <= 4; step++) {
          trial.report(trial.number === 0 || step < 3 ? 1 : 2, step);
          if (await trial.shouldPrune()) throw new TrialPruned();
        }
        return 1;
      },
      { trials: 1 },
    );
    await study.optimize(
      async (trial) => {
        for (let step = 1; step <= 4; step++) {
          trial.report(4 - 0.5 * step, step);
          if (await trial.shouldPrune()) throw new TrialPruned();
        }
        return 1;
      },
      { trials: 1 },
    );
    expect(study.trials[1]).toMatchObject({ state: "PRUNED", value: 3.5, lastStep: 1 });
  });

  test("as a callback reports the validation loss, and ends the training", async () => {
    const pruner = { prune: (_: unknown, { lastStep }: { lastStep: number | null }) => lastStep === 3 };
    const study = await createStudy({ sampler: random(), pruner });
    const trial = await study.ask();
    const callback = pruning(trial);
    callback.onFitStart!(run(["loss", "validationLoss"]));
    const all: Parameters<Trainer["fit"]>[1] = { epochs: 1, callbacks: [callback] };
    expect(all.callbacks).toHaveLength(1);
    await callback.onEpochEnd!(run([]), epoch(1, 9, 0.5));
    await callback.onEpochEnd!(run([]), epoch(2, 9));
    await expect(callback.onEpochEnd!(run([]), epoch(3, 9, 0.75))).rejects.toThrow(TrialPruned);
    expect([...study.trials[0]!.intermediateValues]).toEqual([
      [1, 0.5],
      [3, 0.75],
    ]);
    const other = pruning(await study.ask(), { monitor: "mae" });
    await expectRefusal(() => other.onFitStart!(run(["loss"])), OptionError, '"mae"', "loss");
    await expectRefusal(() => pruning(wrong({})), OptionError, "trial");
  });
});

test("every block of TypeScript in docs/search.md type-checks, and a mistake would be detected", () => {
  const guide = readFileSync(new URL("../../docs/search.md", import.meta.url), "utf8");
  const blocks = [...guide.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1]!);
  expect(blocks.length).toBeGreaterThan(0);
  expect(typeErrors(blocks)).toEqual([]);
  expect(typeErrors([blocks[0]!.replace("{ log: true }", "{ base: 2 }")])[0]).toContain("'base'");
});
