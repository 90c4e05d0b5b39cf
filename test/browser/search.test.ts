/** Studies in the browser: a journal that survives, several workers on it, and the trainer's training pruned. */
import { afterEach, expect, test, vi } from "vitest";
import {
  DataError,
  data,
  nn,
  OptionError,
  optim,
  StorageQuotaError,
  StorageUnavailableError,
  Trainer,
} from "webgpu-lstm";
import {
  createStudy,
  loadStudy,
  openJournal,
  pruning,
  type StoredJournal,
  samplers,
  TrialPruned,
} from "webgpu-lstm/search";
import { expectRefusal, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

let journals = 0;

/** The name of a new journal for each test; the journal is deleted afterwards. */
async function withJournal(
  body: (name: string, open: () => Promise<StoredJournal>) => Promise<void>,
): Promise<void> {
  const name = `test ${journals++} ${Math.random()}`;
  const opened: StoredJournal[] = [];
  try {
    await body(name, async () => {
      opened.push(await openJournal({ name }));
      return opened.at(-1)!;
    });
  } finally {
    for (const journal of opened) journal.close();
    await new Promise((resolve, reject) => {
      const deleting = indexedDB.deleteDatabase(`webgpu-lstm/search/${name}`);
      deleting.onsuccess = resolve;
      deleting.onerror = reject;
    });
  }
}

const random = () => new samplers.Random({ seed: 1 });

test("a study goes on after the page has gone", () =>
  withJournal(async (_, open) => {
    const before = await createStudy({ name: "a", storage: await open(), sampler: random() });
    await before.optimize((trial) => trial.suggestFloat("x", 0, 1), { trials: 4 });
    const x = (await before.ask()).suggestFloat("x", 0, 1);
    await before.sync();

    const storage = await open();
    const study = await createStudy({ name: "a", storage, sampler: random(), loadIfExists: true });
    expect(study.trials).toEqual(before.trials);
    expect(await study.requeueRunning()).toEqual([4]);
    await study.optimize((trial) => trial.suggestFloat("x", 0, 1), { trials: 1 });
    expect(study.trials.map(({ state }) => state)).toEqual([
      ...Array(4).fill("COMPLETE"),
      "FAIL",
      "COMPLETE",
    ]);
    expect(study.trials[5]!.value).toBe(x);
    const lines = (await storage.text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).op_code)).toHaveLength((await storage.read(0)).length);
    await storage.clear();
    expect(await storage.text()).toBe("");
  }));

test("workers and the page run one study at the same time, and no line is lost or doubled", () =>
  withJournal(async (name, open) => {
    const study = await createStudy({ name: "a", storage: await open(), sampler: random() });
    const ends = [1, 2].map((id) => {
      const worker = new Worker(new URL("./search-worker.ts", import.meta.url), {
        type: "module",
        name: JSON.stringify({ name, trials: 10, id }),
      });
      return new Promise((resolve, reject) => {
        worker.onmessage = resolve;
        worker.onerror = ({ message }) => reject(new Error(message));
      }).finally(() => worker.terminate());
    });
    await study.optimize((trial) => trial.suggestFloat("x", -2, 2) ** 2, { trials: 10, jobs: 2 });
    await Promise.all(ends);
    await study.sync();
    expect(study.trials.map(({ number }) => number)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(
      study.trials.every(
        ({ state, params, value }) => state === "COMPLETE" && value === (params["x"] as number) ** 2,
      ),
    ).toBe(true);
    expect(new Set(study.trials.map(({ userAttrs }) => userAttrs["worker"])).size).toBe(3);
    expect((await loadStudy({ storage: await open() })).trials).toEqual(study.trials);
  }));

test("a browser that stores nothing is refused by name", () =>
  withJournal(async (_, open) => {
    await expectRefusal(() => openJournal({ name: "" }), OptionError, "openJournal", "name");
    await expectRefusal(() => openJournal(wrong({ backend: "opfs" })), OptionError, '"backend"');
    vi.stubGlobal("indexedDB", undefined);
    await expectRefusal(() => openJournal(), StorageUnavailableError, "IndexedDB", "MemoryJournal");
    vi.unstubAllGlobals();
    const storage = await open();
    const study = await createStudy({ storage, sampler: random() });
    const add = vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(() => {
      throw new DOMException("no room", "QuotaExceededError");
    });
    await expectRefusal(() => study.ask(), StorageQuotaError, "Journal.append");
    add.mockRestore();
    expect((await study.ask()).number).toBe(0);
    storage.close();
    await expectRefusal(() => study.ask(), StorageUnavailableError, "Journal");
  }));

test("a journal's transaction that the browser ends says why, and stores no half", () =>
  withJournal(async (_, open) => {
    const journal = await open();
    await journal.append(["a"]);
    vi.spyOn(IDBObjectStore.prototype, "count").mockImplementation(function (this: IDBObjectStore) {
      this.add("again", 0); // there is a line 0, so the browser ends the transaction
      return this.get(0);
    });
    await expectRefusal(() => journal.append(["b"]), DataError, "Journal.append", "ConstraintError");
    vi.restoreAllMocks();
    const { add } = IDBObjectStore.prototype;
    vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(function (
      this: IDBObjectStore,
      line,
      number,
    ) {
      if (line === "c") throw new DOMException("no room", "QuotaExceededError");
      return add.call(this, line, number);
    });
    await expectRefusal(() => journal.append(["b", "c"]), StorageQuotaError, "Journal.append");
    vi.restoreAllMocks();
    expect(await journal.read(0)).toEqual(["a"]);
  }));

test("a trial of real training ends at the epoch where the pruner says so", () =>
  withDevice(async (device) => {
    const wave = Array.from({ length: 60 }, (_, i) => Math.sin(i / 3));
    const windows = data.slidingWindows(wave, { length: 8 });
    const validation = new data.DataLoader(windows, { batchSize: 16 });
    const pruner = {
      prune: (_: unknown, { number, lastStep }: { number: number; lastStep: number | null }) =>
        number === 1 && lastStep === 2,
    };
    const study = await createStudy({ sampler: random(), pruner });
    const epochs: number[] = [];
    await study.optimize(
      async (trial) => {
        const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(8, 1));
        const optimizer = new optim.SGD(model.parameters(), { lr: trial.suggestFloat("lr", 0.001, 0.01) });
        const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
        try {
          const loader = new data.DataLoader(windows, { batchSize: 16, shuffle: true });
          await trainer.fit(loader, {
            epochs: 3,
            validation,
            callbacks: [pruning(trial)],
            signal: trial.signal,
          });
          return (await trainer.evaluate(validation)).loss;
        } finally {
          epochs.push(trainer.history.length);
          await trainer.dispose();
          model.dispose();
        }
      },
      { trials: 2 },
    );
    const [first, second] = study.trials;
    expect([first!.state, second!.state]).toEqual(["COMPLETE", "PRUNED"]);
    expect([...first!.intermediateValues.keys()]).toEqual([1, 2, 3]);
    expect(first!.intermediateValues.get(3)).toBeCloseTo(first!.value!, 6);
    expect([...second!.intermediateValues.keys()]).toEqual([1, 2]);
    expect(second!.value).toBe(second!.intermediateValues.get(2));
    expect(epochs).toEqual([3, 2]);
    expect(TrialPruned.name).toBe("TrialPruned");
  }));
