/** `npm run search`: its options, and a small run of the whole program. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { loadSafetensors } from "webgpu-lstm";
import { createStudy, loadStudy, type Params, samplers, type Trial } from "webgpu-lstm/search";
import { JournalFile } from "webgpu-lstm/search/node";
import { choiceOf, DEFAULT_PARAMS, suggestChoice } from "../../tasks/seattle/search.ts";
import { parseSearchOptions } from "../../tasks/seattle/search-options.ts";
import { DEFAULTS } from "../../tasks/series/seattle-defaults.ts";
import { UsageError } from "../../tasks/terminal/usage-error.ts";

const folder = mkdtempSync(join(tmpdir(), "search-seattle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) =>
  promisify(execFile)("node", ["tools/run.mjs", "examples/search-seattle.ts", "--out", folder, ...args]);

describe("the options of npm run search", () => {
  test("have defaults", () => {
    expect(parseSearchOptions([])).toEqual({
      trials: 40,
      epochs: DEFAULTS.epochs,
      horizon: 1,
      jobs: 1,
      seed: 0,
      out: "out",
      journal: "out/seattle-search.log",
    });
    expect(parseSearchOptions(["--out", "a"])?.journal).toBe("a/seattle-search.log");
    expect(parseSearchOptions(["--journal", "b.log", "--jobs", "2"])).toMatchObject({
      journal: "b.log",
      jobs: 2,
    });
    expect(parseSearchOptions(["--help"])).toBeUndefined();
  });

  test.each([
    [["--trials", "0"], "--trials must be a whole number from 1 to 100000"],
    [["--seed", "0.5"], "--seed must be a whole number from 0 to 4294967295"],
    [["--horizon", "2"], "--horizon must be 1 or 7"],
    [["--journal", ""], "--journal must name a file"],
    [["--pruner", "x"], "npm run search -- [options]"],
  ])("refuse %j", (args, message) => {
    expect(() => parseSearchOptions(args)).toThrow(UsageError);
    expect(() => parseSearchOptions(args)).toThrow(message);
  });
});

test("a trial with the defaults has the settings of npm run train", async () => {
  const study = await createStudy({ sampler: new samplers.Random({ seed: 0 }) });
  await study.enqueueTrial(DEFAULT_PARAMS);
  const setting = { horizon: 1, epochs: DEFAULTS.epochs, seed: DEFAULTS.seed };
  const chosen: unknown[] = [];
  const objective = (trial: Trial) => {
    chosen.push(suggestChoice(trial, setting));
    return 0;
  };
  await study.optimize(objective, { trials: 12 });
  expect(chosen[0]).toEqual({ ...DEFAULTS, dropout: 0 });
  expect(study.trials.map((trial) => choiceOf(trial, setting))).toEqual(chosen);
  // Dropout is asked for with two layers only.
  const layers = study.trials.map(({ params }) => [params["layers"], "dropout" in params]);
  expect(new Set(layers.map(String))).toEqual(new Set(["1,false", "2,true"]));
});

test("npm run search tunes, goes on, and saves", { timeout: 300_000 }, async () => {
  const { stdout, stderr } = await run("--trials", "2", "--epochs", "1", "--seed", "3");
  expect(stderr).toContain("<- the defaults");
  expect(stdout).toMatch(/best {13}\s+\d\.\d{5}\s+\d\.\d{3}\s+\d\.\d{3}/);
  expect(stdout).toMatch(
    /On validation, which chose it, the best is (better|no better) than the defaults; on the held-out year/,
  );
  const weights = loadSafetensors(readFileSync(join(folder, "seattle-1-day-search.safetensors")));
  expect([...weights.tensors.keys()]).toContain("lstm.weight_ih_l0");
  const picture = readFileSync(join(folder, "seattle-1-day-search.svg"), "utf8");
  for (const title of ["History", "Curves", "Parallel coordinates", "Importances", "Slices"])
    expect(picture).toContain(`>${title}</text>`);

  const again = await run("--trials", "1", "--epochs", "1", "--seed", "4");
  expect(again.stdout).toContain("going on with 2 trials");
  const study = await loadStudy({ storage: new JournalFile(join(folder, "seattle-search.log")) });
  expect(study.name).toBe("seattle-1-day-1-epochs");
  expect(study.trials.map(({ number }) => number)).toEqual([0, 1, 2]);
  expect({ ...study.trials[0]!.params }).toEqual(DEFAULT_PARAMS as Params);
  // The best trial was not of this run: it is trained again, to the same weights.
  if (study.bestTrial.number < 2) {
    const same = loadSafetensors(readFileSync(join(folder, "seattle-1-day-search.safetensors")));
    for (const [name, { data }] of weights.tensors) expect(same.tensors.get(name)!.data).toEqual(data);
  }
});
