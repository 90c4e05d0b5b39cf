/** Journals: what Optuna's lines make, what is written, and files that several write to. */
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { DataError, OptionError, StorageUnavailableError } from "webgpu-lstm";
import {
  type CategoricalDistribution,
  createStudy,
  loadStudy,
  MemoryJournal,
  StudyError,
  samplers,
  type Trial,
} from "webgpu-lstm/search";
import { JournalFile } from "webgpu-lstm/search/node";
import { distributionJson, parseDistribution } from "../../src/search/distributions.ts";
import { floatRepr, fromPythonJson, PythonFloat, toPythonJson } from "../../src/search/python.ts";
import { expectRefusal, wrong } from "../refusal.ts";

const folder = mkdtempSync(join(tmpdir(), "webgpu-lstm-journal-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const goldens = fileURLToPath(new URL("../goldens/optuna/", import.meta.url));

let files = 0;
const newPath = () => join(folder, `${files++}.log`);
const sampler = () => new samplers.Random({ seed: 1 });
const value = (trial: Trial) => trial.suggestFloat("x", 0, 1);
const linesOf = (path: string) => readFileSync(path, "utf8").trimEnd().split("\n");

describe("Python's spelling", () => {
  test.each([
    [1, "1.0"],
    [-0, "-0.0"],
    [0.1, "0.1"],
    [1e-4, "0.0001"],
    [1e-5, "1e-05"],
    [1.5e-7, "1.5e-07"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e15, "1000000000000000.0"],
    [1e16, "1e+16"],
    [1e22, "1e+22"],
    [Number.MIN_VALUE, "5e-324"],
    [Number.NaN, "nan"],
    [-Infinity, "-inf"],
  ])("of the float %d is %s", (number, text) => {
    expect(floatRepr(number)).toBe(text);
  });

  test("of JSON comes back", () => {
    const value = {
      a: [1, 0.5, Number.NaN, Infinity, -Infinity],
      'NaN "Infinity" \\': "NaN, -Infinity ä 𝄞",
      b: null,
      c: { d: true, __proto__: 1 },
      e: new PythonFloat(3),
      left: undefined,
    };
    const text = toPythonJson(value);
    expect(text).toBe(
      '{"a":[1,0.5,NaN,Infinity,-Infinity],"NaN \\"Infinity\\" \\\\":"NaN, -Infinity \\u00e4 \\ud834\\udd1e","b":null,"c":{"d":true},"e":3.0}',
    );
    expect(fromPythonJson(text)).toEqual({
      a: [1, 0.5, Number.NaN, Infinity, -Infinity],
      'NaN "Infinity" \\': "NaN, -Infinity ä 𝄞",
      b: null,
      c: { d: true },
      e: 3,
    });
    for (const bad of ["", "{NaN}", "[NaNs]", '{"a":Infinit}', "nan"])
      expect(() => fromPythonJson(bad)).toThrow(SyntaxError);
  });
});

describe("a journal of Optuna", () => {
  const read = (name: string) => readFileSync(goldens + name, "utf8");

  test("makes the studies and trials that Optuna sees in it", async () => {
    const storage = new JournalFile(`${goldens}journal.jsonl`);
    const expected = fromPythonJson(read("journal.json")) as Record<string, unknown>[];
    for (const study of expected) {
      const { directions, user_attrs: userAttrs } = study;
      const ours = await loadStudy({ name: String(study["name"]), storage });
      expect(ours.directions).toEqual(directions);
      expect(ours.userAttrs).toEqual(userAttrs);
      expect(
        ours.trials.map((trial) => ({
          number: trial.number,
          id: trial.id,
          state: trial.state,
          values: trial.values,
          params: { ...trial.params },
          distributions: Object.fromEntries(trial.distributions),
          intermediate: [...trial.intermediateValues].sort(([a], [b]) => a - b),
          user_attrs: { ...trial.userAttrs },
          system_attrs: { ...trial.systemAttrs },
          start: trial.datetimeStart?.getTime() ?? null,
          complete: trial.datetimeComplete?.getTime() ?? null,
        })),
      ).toEqual(
        (study["trials"] as { distributions: Record<string, string> }[]).map((trial) => ({
          ...trial,
          distributions: Object.fromEntries(
            Object.entries(trial.distributions).map(([k, text]) => [k, parseDistribution("test", text)]),
          ),
        })),
      );
    }
    expect(expected.map(({ name }) => name)).toEqual(["one", "several"]);
  });

  test("has distributions that are written as they are read", () => {
    const texts = linesOf(`${goldens}journal.jsonl`).flatMap((line) => {
      const { distribution } = fromPythonJson(line) as { distribution?: string };
      return distribution ?? [];
    });
    expect(new Set(texts).size).toBeGreaterThan(5);
    for (const text of texts) {
      // A whole number of a list of choices does not tell whether Python had a float there.
      if (!text.includes("2.0")) expect(distributionJson(parseDistribution("test", text))).toBe(text);
    }
    const old = '{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.5}}';
    expect(parseDistribution("test", old)).toEqual({ type: "float", low: 0, high: 1, log: false, step: 0.5 });
  });
});

describe("what is written", () => {
  test("is an error where the storage took a line and lost it", async () => {
    const storage = new MemoryJournal();
    const study = await createStudy({ name: "a", storage, sampler: sampler() });
    const append = storage.append.bind(storage);
    storage.append = async () => {};
    await expectRefusal(
      () => study.enqueueTrial({ x: 0.5 }),
      DataError,
      "the journal took a line and does not have it",
    );
    storage.append = append;
    await study.enqueueTrial({ x: 0.5 });
    expect(study.trials).toHaveLength(1);
  });

  test("has Optuna's fields and types", async () => {
    const storage = new MemoryJournal();
    const study = await createStudy({ name: "ä", storage, sampler: sampler() });
    await study.enqueueTrial({ n: 4 });
    await study.optimize(
      (trial) => {
        trial.suggestInt("n", 1, 8, { log: true });
        trial.suggestCategorical("c", ["a", null, true]);
        trial.report(2, 0);
        trial.report(Number.NaN, 1);
        return 3;
      },
      { trials: 1 },
    );
    const worker = /"worker_id":"[0-9a-f-]{36}-0",/;
    const time = /"datetime_(start|complete)":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00"/;
    const lines = storage.text().trimEnd().split("\n");
    for (const line of lines) expect(line).toMatch(worker);
    const plain = lines.map((line) => line.replace(worker, "").replace(time, '"datetime_$1":T'));
    const choice = String(
      (study.trials[0]!.distributions.get("c") as CategoricalDistribution).choices.indexOf(
        study.bestParams["c"]!,
      ),
    );
    expect(plain).toEqual([
      '{"op_code":0,"study_name":"\\u00e4","directions":[1]}',
      '{"op_code":4,"study_id":0,"datetime_start":null,"state":4,"value":null,"values":null,"distributions":{},"params":{},"user_attrs":{},"system_attrs":{"fixed_params":{"n":4}},"intermediate_values":{}}',
      '{"op_code":6,"trial_id":0,"state":0,"values":null,"datetime_start":T}',
      '{"op_code":5,"trial_id":0,"param_name":"n","param_value_internal":4.0,"distribution":"{\\"name\\": \\"IntDistribution\\", \\"attributes\\": {\\"log\\": true, \\"step\\": 1, \\"low\\": 1, \\"high\\": 8}}"}',
      `{"op_code":5,"trial_id":0,"param_name":"c","param_value_internal":${choice},"distribution":"{\\"name\\": \\"CategoricalDistribution\\", \\"attributes\\": {\\"choices\\": [\\"a\\", null, true]}}"}`,
      '{"op_code":7,"trial_id":0,"step":0,"intermediate_value":2.0}',
      '{"op_code":7,"trial_id":0,"step":1,"intermediate_value":NaN}',
      '{"op_code":6,"trial_id":0,"state":1,"values":[3.0],"datetime_complete":T}',
    ]);
  });
});

describe("a full disk", () => {
  /** Room on the disk, in bytes, for what files of this program take; the system writes what fits, and then refuses. */
  let room = Number.POSITIVE_INFINITY;

  beforeAll(async () => {
    const handle = await open(newPath(), "w");
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const write = prototype.write as (this: FileHandle, bytes: Buffer, at: number, length: number) => unknown;
    vi.spyOn(prototype, "write").mockImplementation(async function (
      this: FileHandle,
      given: unknown,
      at: unknown,
    ) {
      const bytes = typeof given === "string" ? Buffer.from(given) : (given as Buffer);
      const start = Number(at ?? 0);
      const length = Math.min(room, bytes.length - start);
      if (length === 0) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      room -= length;
      return (await write.call(this, bytes, start, length)) as never;
    });
  });
  afterEach(() => {
    room = Number.POSITIVE_INFINITY;
  });
  afterAll(() => vi.restoreAllMocks());

  test.each([0, 1, 200, 10_000])(
    "with room for %d bytes leaves whole lines, and none where none fits",
    async (bytes) => {
      const path = newPath();
      const study = await createStudy({ name: "a", storage: new JournalFile(path), sampler: sampler() });
      const before = readFileSync(path, "utf8");
      const reader = await loadStudy({ name: "a", storage: new JournalFile(path) });
      room = bytes;
      const given = Array.from({ length: 60 }, (_, i) => study.enqueueTrial({ x: i }, { userAttrs: { i } }));
      const results = await Promise.allSettled(given);
      const stored = results.filter(({ status }) => status === "fulfilled").length;
      for (const result of results.slice(stored)) {
        expect(result).toMatchObject({ status: "rejected" });
        const { reason } = result as PromiseRejectedResult;
        await expectRefusal(
          () => Promise.reject(reason),
          StorageUnavailableError,
          "JournalFile",
          path,
          "room",
          "ENOSPC",
        );
      }
      const after = readFileSync(path, "utf8");
      expect(after.startsWith(before)).toBe(true);
      expect(after.endsWith("\n")).toBe(true);
      expect(linesOf(path).length - before.trimEnd().split("\n").length).toBe(stored);
      expect(study.trials.map(({ userAttrs }) => userAttrs["i"])).toEqual([...Array(stored).keys()]);
      expect(stored > 0).toBe(bytes > 1000);
      await expectRefusal(() => study.enqueueTrial({ x: 1 }), StorageUnavailableError, "ENOSPC");

      // Another program, which knows nothing of cut lines, and then this one go on.
      room = Number.POSITIVE_INFINITY;
      appendFileSync(path, '{"op_code":2,"worker_id":"w","study_id":0,"user_attr":{"other":1}}\n');
      await study.optimize(value, { trials: stored + 1 });
      expect(study.userAttrs).toEqual({ other: 1 });
      expect(study.trials.map(({ state }) => state)).toEqual(Array(stored + 1).fill("COMPLETE"));
      await reader.sync();
      expect(reader.trials).toEqual(study.trials);
    },
  );
});

describe("a file", () => {
  test("keeps a study for the next program", async () => {
    const path = newPath();
    const study = await createStudy({ name: "a", storage: new JournalFile(path), sampler: sampler() });
    await study.setUserAttr("k", { v: [1, "ä"] });
    await study.optimize(value, { trials: 5 });
    const again = await loadStudy({ storage: new JournalFile(path), sampler: sampler() });
    expect(again.trials).toEqual(study.trials);
    expect(again.userAttrs).toEqual({ k: { v: [1, "ä"] } });
    await again.optimize(value, { trials: 2 });
    await study.sync();
    expect(study.trials).toEqual(again.trials);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test.each(["symlink", "open"] as const)("takes lines of two writers with the lock %s", async (lock) => {
    const path = newPath();
    const storage = new JournalFile(path, { lock });
    await createStudy({ name: "a", storage });
    const writers = await Promise.all(
      [1, 2, 3].map((seed) =>
        loadStudy({ storage: new JournalFile(path, { lock }), sampler: new samplers.Random({ seed }) }),
      ),
    );
    await Promise.all(writers.map((study) => study.optimize(value, { trials: 10, jobs: 2 })));
    const study = await loadStudy({ storage });
    expect(study.trials).toHaveLength(30);
    expect(
      study.trials.every(({ state, params, value }) => state === "COMPLETE" && params["x"] === value),
    ).toBe(true);
    expect(new Set(study.trials.map(({ number }) => number)).size).toBe(30);
    for (const writer of writers) {
      await writer.sync();
      expect(writer.trials).toEqual(study.trials);
    }
  });

  test("gives each queued trial to one of several writers", async () => {
    const path = newPath();
    const first = await createStudy({ name: "a", storage: new JournalFile(path), sampler: sampler() });
    for (let i = 0; i < 12; i++) await first.enqueueTrial({ x: i });
    const others = await Promise.all(
      [1, 2, 3].map(() => loadStudy({ storage: new JournalFile(path), sampler: sampler() })),
    );
    const taken = await Promise.all(
      others.map(async (study) => {
        const numbers = [];
        for (let i = 0; i < 4; i++) numbers.push((await study.ask()).number);
        return numbers;
      }),
    );
    expect(taken.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
  });

  test.each([
    ["a few bytes", (line: string) => line.slice(0, 5)],
    ["half of it", (line: string) => line.slice(0, line.length / 2)],
    ["all but its brace", (line: string) => line.slice(0, -1)],
    ["half of a character", (line: string) => Buffer.from(line.replace("x", "ä")).subarray(0, 60)],
  ])("goes on after a writer that has died with %s of a line written", async (_, cut) => {
    const path = newPath();
    const study = await createStudy({ name: "a", storage: new JournalFile(path), sampler: sampler() });
    await study.optimize(value, { trials: 2 });
    const whole = readFileSync(path);
    appendFileSync(path, cut(linesOf(path)[3]!));
    const again = await loadStudy({ storage: new JournalFile(path), sampler: sampler() });
    expect(again.trials).toEqual(study.trials);
    await again.optimize(value, { trials: 1 });
    await study.optimize(value, { trials: 1 });
    expect(study.trials.map(({ state }) => state)).toEqual(Array(4).fill("COMPLETE"));
    expect(readFileSync(path).subarray(0, whole.length)).toEqual(whole);
    for (const line of linesOf(path)) expect(JSON.parse(line)).toHaveProperty("op_code");
  });

  test("counts a line that lacks only its end once", async () => {
    const path = newPath();
    const study = await createStudy({ name: "a", storage: new JournalFile(path), sampler: sampler() });
    await study.optimize(value, { trials: 1 });
    const line = linesOf(path).find((text) => text.startsWith('{"op_code":4'))!;
    appendFileSync(path, line.replace(/"worker_id":"[^"]+"/, '"worker_id":"w"'));
    const again = await loadStudy({ storage: new JournalFile(path), sampler: sampler() });
    expect(again.trials).toHaveLength(1);
    await again.optimize(value, { trials: 1 });
    expect(again.trials.map(({ state }) => state)).toEqual(["COMPLETE", "RUNNING", "COMPLETE"]);
  });

  test.each(["symlink", "open"] as const)(
    "removes a lock %s that was left behind, after its time",
    async (lock) => {
      const path = newPath();
      const storage = new JournalFile(path, { lock, gracePeriod: 0.2 });
      const study = await createStudy({ name: "a", storage, sampler: sampler() });
      if (lock === "symlink") symlinkSync(path, `${path}.lock`);
      else writeFileSync(`${path}.lock`, "");
      const start = performance.now();
      await Promise.all([study.ask(), study.ask()]);
      expect(performance.now() - start).toBeGreaterThan(190);
      expect(existsSync(`${path}.lock`)).toBe(false);
      expect(study.trials).toHaveLength(2);
    },
  );

  test("waits for a holder that still writes", async () => {
    const path = newPath();
    const study = await createStudy({
      storage: new JournalFile(path, { gracePeriod: 0.3 }),
      sampler: sampler(),
    });
    symlinkSync(path, `${path}.lock`);
    let done = false;
    const asked = study.ask().then(() => {
      done = true;
    });
    for (let i = 0; i < 6; i++) {
      await new Promise((wake) => setTimeout(wake, 100));
      appendFileSync(path, '{"op_code":10,"worker_id":"other"}\n');
      expect(done).toBe(false);
    }
    rmSync(`${path}.lock`);
    await asked;
    expect(study.trials).toHaveLength(1);
  });

  test("of 10,000 trials opens within a second, and is read on from its end", async () => {
    const path = newPath();
    const first = '{"op_code":0,"worker_id":"w","study_name":"a","directions":[1]}\n';
    const range = JSON.stringify(
      '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}',
    );
    const trial = (id: number) =>
      [
        `{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"2026-01-01T00:00:00.000001+00:00"}`,
        ...["x", "y", "z"].map(
          (name) =>
            `{"op_code":5,"worker_id":"w","trial_id":${id},"param_name":"${name}","param_value_internal":${id / 1e4},"distribution":${range}}`,
        ),
        `{"op_code":7,"worker_id":"w","trial_id":${id},"step":1,"intermediate_value":0.5}`,
        `{"op_code":6,"worker_id":"w","trial_id":${id},"state":1,"values":[${10_000 - id}.0],"datetime_complete":"2026-01-01T00:00:01.000001+00:00"}\n`,
      ].join("\n");
    writeFileSync(path, first + Array.from({ length: 10_000 }, (_, id) => trial(id)).join(""));
    const journal = new JournalFile(path);
    // The processor's time: other programs may run, too.
    const start = process.cpuUsage();
    const study = await loadStudy({ storage: journal, sampler: sampler() });
    const { user, system } = process.cpuUsage(start);
    const seconds = (user + system) / 1e6;
    expect(study.trials).toHaveLength(10_000);
    expect(study.bestTrial.number).toBe(9_999);
    expect(seconds).toBeLessThan(1);
    const lines = await journal.read(60_001);
    expect(lines).toEqual([]);
    const { size } = statSync(path);
    await study.optimize(value, { trials: 1 });
    expect(statSync(path).size - size).toBeLessThan(1000);
    expect((await journal.read(60_001)).length).toBe(linesOf(path).length - 60_001);
  });

  test("that is no journal is refused, with the line", async () => {
    const open = async (text: string | Buffer) => {
      const path = newPath();
      writeFileSync(path, text);
      return loadStudy({ storage: new JournalFile(path) });
    };
    const study = '{"op_code":0,"worker_id":"w","study_name":"a","directions":[1]}\n';
    await expectRefusal(() => open("name,value\n1,2\n"), DataError, "line 1", '"name,value"');
    await expectRefusal(() => open(Buffer.from([0, 255, 10, 7, 10])), DataError, "line 1");
    await expectRefusal(() => open("[1]\n"), DataError, "line 1");
    await expectRefusal(() => open(`${study}{"op_code":4,"study_id":0}\n{"op\n`), DataError, "line 3");
    await expectRefusal(() => open(`${study}{"op_code":4}\n`), DataError, "line 2");
    await expectRefusal(
      () => open(`${study}{"op_code":11}\n`),
      DataError,
      "line 2",
      "op_code 11",
      "later version",
    );
    await expectRefusal(
      () => open(`${study}{"op_code":4,"study_id":0,"state":5}\n`),
      DataError,
      "state 5",
      "later version",
    );
    await expectRefusal(
      () => open(`${study}{"op_code":4,"study_id":0,"distributions":{"x":"{}"},"params":{"x":1}}\n`),
      DataError,
      "distribution of Optuna",
    );
    await expectRefusal(() => open(""), StudyError, "none");
    const again = await open(`${study}{"op_code":6,"trial_id":7,"state":1,"values":[1.0]}\n{"op_code":10}\n`);
    expect(again.trials).toEqual([]);
  });

  test("that cannot be opened, or has become shorter, is refused", async () => {
    const missing = join(folder, "none", "a.log");
    await expectRefusal(
      () => createStudy({ storage: new JournalFile(missing) }),
      StorageUnavailableError,
      "a.log",
    );
    await expectRefusal(
      () => loadStudy({ storage: new JournalFile(folder) }),
      StorageUnavailableError,
      "read",
    );
    await expectRefusal(() => new JournalFile(""), OptionError, "path");
    await expectRefusal(() => new JournalFile("a", wrong({ lock: "flock" })), OptionError, '"flock"');
    await expectRefusal(() => new JournalFile("a", { gracePeriod: 0 }), OptionError, "gracePeriod");
    const path = newPath();
    const study = await createStudy({ name: "a", storage: new JournalFile(path), sampler: sampler() });
    writeFileSync(path, "");
    await expectRefusal(() => study.sync(), DataError, "shorter");
  });
});
