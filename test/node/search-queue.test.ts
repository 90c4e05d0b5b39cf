/** Trials of a queue, as far as they need no Redis: how a worker takes, runs and leaves them. `npm run test:interop` has the rest. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { DeviceLostError, OptionError, StorageUnavailableError } from "webgpu-lstm";
import {
  createStudy,
  type Journal,
  loadStudy,
  MemoryJournal,
  type Sampler,
  type Study,
  samplers,
  TrialPruned,
} from "webgpu-lstm/search";
import { JournalRedis, runTrials, serveTrials } from "webgpu-lstm/search/node";
import { StoredCheckpoint } from "../../src/search/node/checkpoints.ts";
import { claim, leave, passOnStop, type QueuedObjective, runClaimed } from "../../src/search/node/claim.ts";
import { stateOp } from "../../src/search/operations.ts";
import { expectRefusal, wrong } from "../refusal.ts";

const folder = mkdtempSync(join(tmpdir(), "webgpu-lstm-queue-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Another program on the same lines: it has a storage of its own. */
const elsewhere = (journal: Journal): Journal => ({
  append: (lines) => journal.append(lines),
  read: (from) => journal.read(from),
});
const never = new AbortController().signal;
const none = { load: async () => null, save: async () => {} };

/** A study with a trial that waits. */
async function withTrial() {
  const journal = new MemoryJournal();
  const study = await createStudy({ name: "a", storage: journal, sampler: new samplers.Random({ seed: 1 }) });
  await study.enqueueTrial({});
  const other = await loadStudy({ storage: elsewhere(journal), sampler: new samplers.Random({ seed: 2 }) });
  return { study, core: study.core, other: other.core };
}

describe("a worker", () => {
  test("takes a trial that waits, and runs it to its end", async () => {
    const { study, core } = await withTrial();
    expect(await claim(core, 0, 3)).toBe(true);
    expect(await runClaimed(core, 0, (trial) => trial.suggestFloat("x", 0, 1), none, never)).toEqual({
      kind: "ended",
    });
    expect(study.trials[0]).toMatchObject({ state: "COMPLETE", values: [study.trials[0]!.params["x"]] });
    expect(await claim(core, 0, 3)).toBe(false);
    expect(await claim(core, 7, 3)).toBe(false);
  });

  test("leaves a trial alone that another program has taken, before and while it tries", async () => {
    const { core, other } = await withTrial();
    await other.sync();
    // What Python's Optuna writes when it takes a trial from the queue.
    await other.write(stateOp(0, "RUNNING", null));
    expect(await claim(core, 0, 3)).toBe(false);
    const second = await withTrial();
    const started = second.core.sync();
    const theirs = second.other.write(stateOp(0, "RUNNING", null));
    await started;
    expect(await Promise.all([claim(second.core, 0, 3), theirs])).toEqual([false, true]);
    expect(await claim(second.core, 0, 3)).toBe(false);
  });

  test("takes up the trial of one that died, with its parameters, and gives up after the last attempt", async () => {
    const { study, core, other } = await withTrial();
    expect(await claim(other, 0, 2)).toBe(true);
    const dead = await other.begin(other.record.trials[0]!, never);
    const x = dead.suggestFloat("x", 0, 1);
    dead.report(5, 0);
    await dead.settled();
    expect(await claim(core, 0, 2)).toBe(true);
    const seen: unknown[] = [];
    const objective: QueuedObjective = (trial) => {
      seen.push(trial.suggestFloat("x", 0, 1));
      throw new DeviceLostError("gone");
    };
    const lost = await runClaimed(core, 0, objective, none, never);
    expect(seen).toEqual([x]);
    expect(lost).toEqual({ kind: "lost", reason: "DeviceLostError: gone" });
    await leave(core, 0, lost);
    expect(await claim(core, 0, 2)).toBe(false);
    expect(study.trials[0]).toMatchObject({
      state: "FAIL",
      reason: "given up after 2 attempts; at the last one DeviceLostError: gone",
      params: { x },
    });
  });

  test("that hands a trial back has used no attempt", async () => {
    const { study, core } = await withTrial();
    const stop = new AbortController();
    for (let i = 0; i < 5; i++) {
      expect(await claim(core, 0, 1)).toBe(true);
      const objective: QueuedObjective = (trial) => {
        stop.abort();
        trial.signal.throwIfAborted();
        return 1;
      };
      const outcome = await runClaimed(core, 0, objective, none, stop.signal);
      expect(outcome).toEqual({ kind: "handed back" });
      await leave(core, 0, outcome);
      expect(study.trials[0]!.state).toBe("RUNNING");
    }
    expect(await claim(core, 0, 1)).toBe(true);
    expect(await runClaimed(core, 0, () => 2, none, stop.signal)).toEqual({ kind: "ended" });
    expect(study.bestValue).toBe(2);
  });

  test("records errors, pruned trials and values that are none, and hands back what a storage's absence has ended", async () => {
    const states = [];
    const outcomes: [QueuedObjective, string, string | null][] = [
      [() => Promise.reject(new RangeError("too large")), "FAIL", "RangeError: too large"],
      [() => Number.NaN, "FAIL", "the objective must give a number, not NaN, got NaN"],
      [
        (trial) => {
          trial.report(3, 1);
          throw new TrialPruned();
        },
        "PRUNED",
        null,
      ],
      [
        () => {
          throw new StorageUnavailableError("away");
        },
        "RUNNING",
        null,
      ],
    ];
    for (const [objective] of outcomes) {
      const { study, core } = await withTrial();
      await claim(core, 0, 3);
      await runClaimed(core, 0, objective, none, never);
      states.push([study.trials[0]!.state, study.trials[0]!.reason]);
    }
    expect(states).toEqual(outcomes.map(([, state, reason]) => [state, reason]));
  });

  test("that was too slow changes nothing of the trial that another has ended", async () => {
    const { study, core, other } = await withTrial();
    await claim(core, 0, 3);
    await claim(other, 0, 3);
    const slow: QueuedObjective = async () => {
      await runClaimed(other, 0, () => 1, none, never);
      return 2;
    };
    expect(await runClaimed(core, 0, slow, none, never)).toEqual({ kind: "ended" });
    await leave(core, 0, { kind: "lost", reason: "late" });
    expect(study.trials[0]!.values).toEqual([1]);
  });
});

describe("a storage that is away", () => {
  /** A worker on a journal that is away as often as `absences` says, once it may be. */
  async function onUnsteady(absences: number) {
    const { core, study } = await withTrial();
    const lines = elsewhere(core.journal);
    const unsteady = {
      left: 0,
      ...lines,
      append: async (more: readonly string[]) => {
        if (unsteady.left-- > 0) throw new StorageUnavailableError("away");
        await lines.append(more);
      },
    };
    const sampler = new samplers.Random({ seed: 3 });
    const { core: worker } = await loadStudy({ storage: unsteady, sampler });
    await claim(worker, 0, 3);
    const goAway = () => {
      unsteady.left = absences;
    };
    return { worker, study, goAway };
  }

  test("costs no result: it is recorded as soon as it can be", async () => {
    vi.useFakeTimers();
    try {
      const { worker, study, goAway } = await onUnsteady(3);
      const objective: QueuedObjective = () => {
        goAway();
        return 7;
      };
      const running = runClaimed(worker, 0, objective, none, never);
      await vi.advanceTimersByTimeAsync(5000);
      expect(await running).toEqual({ kind: "ended" });
      await study.sync();
      expect(study.trials[0]).toMatchObject({ state: "COMPLETE", values: [7] });
    } finally {
      vi.useRealTimers();
    }
  });

  test("costs no attempt, neither a result that nobody wants any more nor a report that is lost", async () => {
    const leaving = await onUnsteady(9);
    const stop = new AbortController();
    const late: QueuedObjective = () => {
      leaving.goAway();
      stop.abort();
      return 7;
    };
    expect(await runClaimed(leaving.worker, 0, late, none, stop.signal)).toEqual({ kind: "handed back" });
    const { worker, goAway } = await onUnsteady(1);
    const reporting: QueuedObjective = (trial) => {
      goAway();
      trial.report(1, 0);
      return 7;
    };
    expect(await runClaimed(worker, 0, reporting, none, never)).toEqual({ kind: "handed back" });
  });

  test("costs no attempt of a trial that is handed back: it is noted as soon as it can be", async () => {
    vi.useFakeTimers();
    try {
      const { worker, study, goAway } = await onUnsteady(3);
      goAway();
      const leaving = leave(worker, 0, { kind: "handed back" });
      await vi.advanceTimersByTimeAsync(5000);
      await leaving;
      expect(await claim(study.core, 0, 1)).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  test("keeps no worker that is to leave", async () => {
    const { worker, goAway } = await onUnsteady(3);
    goAway();
    const leaving = () => leave(worker, 0, { kind: "handed back" }, AbortSignal.abort());
    await expectRefusal(leaving, StorageUnavailableError, "away");
  });

  test("costs one attempt of a worker that has taken a trial and has not heard so", async () => {
    const { core, study } = await withTrial();
    const lines = elsewhere(core.journal);
    let isAway = false;
    const storage = {
      ...lines,
      append: async (more: readonly string[]) => {
        await lines.append(more);
        if (isAway) throw new StorageUnavailableError("away");
      },
    };
    const { core: worker } = await loadStudy({ storage, sampler: new samplers.Random({ seed: 3 }) });
    isAway = true;
    await expectRefusal(() => claim(worker, 0, 1), StorageUnavailableError, "away");
    isAway = false;
    expect(await claim(worker, 0, 1)).toBe(true);
    // Another worker may take it, too: then it is the other's.
    expect(await claim(core, 0, 2)).toBe(true);
    await leave(worker, 0, { kind: "handed back" });
    await leave(core, 0, { kind: "lost", reason: "its GPU is gone" });
    expect(await claim(core, 0, 2)).toBe(false);
    expect(study.trials[0]!.reason).toBe("given up after 2 attempts; at the last one its GPU is gone");
  });
});

describe("a study that is stopped", () => {
  /** A study of a grid with trials that wait, of which a worker takes each in turn. */
  async function work(study: Study, sampler: Sampler) {
    const storage = elsewhere(study.core.journal);
    const { core } = await loadStudy({ name: study.name, storage, sampler });
    for (const { number } of study.trials)
      if (await claim(core, number, 3))
        await runClaimed(core, number, (trial) => trial.suggestFloat("x", 0, 1), none, never);
    await study.sync();
    return study.trials.slice(-4).map(({ state, reason }) => reason ?? state);
  }
  const notRun =
    "not run: the study was stopped before, by study.stop() or by a sampler that has tried everything";

  test("by a grid that is done leaves the rest of the queue, except what was asked for", async () => {
    const grid = new samplers.Grid({ x: [0.25, 0.5] });
    const study = await createStudy({ name: "a", storage: new MemoryJournal(), sampler: grid });
    const queue = (count: number) =>
      Promise.all(Array.from({ length: count }, () => study.core.add({ state: "WAITING" })));
    await queue(3);
    await study.enqueueTrial({ x: 1 });
    expect(await work(study, grid)).toEqual(["COMPLETE", "COMPLETE", notRun, "COMPLETE"]);
    expect(study.trials.map(({ params }) => params["x"]).sort()).toEqual([0.25, 0.5, 1, undefined]);
    // The next run tries one once more, as `study.optimize` does in Python.
    await queue(2);
    expect((await work(study, grid)).slice(-2)).toEqual(["COMPLETE", notRun]);
  });

  test("by a callback of runTrials leaves the rest, too", async () => {
    const study = await createStudy({ name: "a", sampler: new samplers.Random({ seed: 1 }) });
    for (let i = 0; i < 4; i++) await study.core.add({ state: "WAITING" });
    await passOnStop(study.core);
    study.stop();
    await passOnStop(study.core);
    expect(await work(study, study.sampler)).toEqual([notRun, notRun, notRun, notRun]);
  });
});

describe("a checkpoint in a folder", () => {
  const journal = new JournalRedis("redis://localhost");
  const checkpointOf = (number: number, maxBytes = 10) =>
    new StoredCheckpoint(journal, 3, number, { folder: join(folder, "shared"), maxBytes });

  test("comes back to any worker, is replaced in one piece, and is removed", async () => {
    expect(await checkpointOf(1).load()).toBeNull();
    await checkpointOf(1).save(new Uint8Array([1, 2, 3]));
    await checkpointOf(1).save(new Uint8Array([0, 0, 4, 5]).subarray(2));
    expect([...(await checkpointOf(1).load())!]).toEqual([4, 5]);
    expect(readdirSync(join(folder, "shared"))).toEqual(["study-3-trial-1.checkpoint"]);
    expect(await checkpointOf(2).load()).toBeNull();
    await checkpointOf(1).remove();
    expect(readdirSync(join(folder, "shared"))).toEqual([]);
  });

  test("has a bounded size", async () => {
    const save = (bytes: unknown) => () => checkpointOf(1).save(wrong(bytes));
    await expectRefusal(save(new Uint8Array(11)), OptionError, "may have 10 bytes, got 11", "maxBytes");
    await expectRefusal(save("text"), OptionError, "TrialCheckpoint.save", "Uint8Array", '"text"');
  });

  test("says which folder cannot be used", async () => {
    const place = new StoredCheckpoint(journal, 0, 0, { folder: "/dev/null/a" });
    await expectRefusal(
      () => place.save(new Uint8Array(1)),
      StorageUnavailableError,
      "/dev/null/a",
      "may write",
    );
  });
});

test("serveTrials refuses what does not fit", async () => {
  const options = { connection: "redis://localhost", study: "a" };
  const refused =
    (objective: unknown, more: object = {}) =>
    () =>
      serveTrials(wrong(objective), wrong({ ...options, ...more }));
  const f = () => 1;
  await expectRefusal(refused(7), OptionError, "serveTrials: objective must be a function", "got 7");
  await expectRefusal(refused(f, { trials: 3 }), OptionError, "unknown option", "trials", "gracePeriod");
  await expectRefusal(refused(f, { connection: undefined }), OptionError, "connection must be the URL");
  await expectRefusal(refused(f, { connection: "http://:secret@a" }), OptionError, 'a URL of "http:"');
  await expectRefusal(refused(f, { study: "" }), OptionError, "study must be the study's name");
  await expectRefusal(refused(f, { prefix: 1 }), OptionError, "prefix must be text");
  await expectRefusal(refused(f, { jobs: 0 }), OptionError, "jobs must be an integer of at least 1");
  await expectRefusal(refused(f, { gracePeriod: 0.1 }), OptionError, "gracePeriod", "at least 1, got 0.1");
  await expectRefusal(refused(f, { checkpoints: { maxBytes: -1 } }), OptionError, "maxBytes");
  await expectRefusal(refused(f, { checkpoints: { path: "a" } }), OptionError, "checkpoints", '"path"');
  await expectRefusal(refused(f, { signal: {} }), OptionError, "signal must be an AbortSignal");
  await expectRefusal(refused(f, { log: 1 }), OptionError, "log must be a function");
  const sampler = new samplers.Random();
  await expectRefusal(refused("objective.js", { sampler }), OptionError, "a module exports its own sampler");
});

test("runTrials refuses what does not fit", async () => {
  const study = await createStudy();
  const refused = (given: unknown, options: object) => () => runTrials(wrong(given), wrong(options));
  await expectRefusal(refused("a", { trials: 1 }), OptionError, 'runTrials: study must be a study, got "a"');
  await expectRefusal(refused(study, {}), OptionError, "trials must be an integer of at least 0");
  await expectRefusal(refused(study, { trials: 1, attempts: 0 }), OptionError, "attempts");
  await expectRefusal(refused(study, { trials: 1, jobs: 1 }), OptionError, "unknown option", "jobs");
  await expectRefusal(refused(study, { trials: 1, callbacks: [1] }), OptionError, "callbacks");
  await expectRefusal(refused(study, { trials: 1, signal: 1 }), OptionError, "signal");
  await expectRefusal(refused(study, { trials: 1 }), OptionError, "must be a JournalRedis", "same Redis");
  expect(study.trials).toEqual([]);
});
