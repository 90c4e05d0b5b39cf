/** The text examples: a character model beats character counts, and packed names are classified. */
import { describe, expect, test } from "vitest";
import { type Device, data, Generator, manualSeed, type Result } from "webgpu-lstm";
import { classOf, makeNames, main as packedNames } from "../../examples/packed-names.ts";
import { chapters } from "../../tasks/characters/moby-dick.ts";
import { CharacterModel } from "../../tasks/characters/model.ts";
import { baselinesOf, characterTask } from "../../tasks/characters/task.ts";
import { type CharacterReport, DEFAULTS, trainCharacters } from "../../tasks/characters/train.ts";
import { Writer } from "../../tasks/characters/writer.ts";
import { withDevice } from "./gpu.ts";

// Seconds on a GPU; much longer in software on a busy machine.
const TIMEOUT = 900_000;

describe("a character model", () => {
  const task = characterTask(chapters.slice(0, 2).join("\n\n"));
  const settings = {
    ...DEFAULTS,
    ...{ embedding: 16, hidden: 32, batchSize: 8, length: 16, steps: 120, reportEvery: 60, write: 20 },
  };

  async function reportsOf(device: Device, steps = settings.steps): Promise<CharacterReport[]> {
    const reports: CharacterReport[] = [];
    for await (const report of trainCharacters(device, task, { ...settings, steps })) reports.push(report);
    return reports;
  }

  test("beats the unigram baseline, and writes while it learns", { timeout: TIMEOUT }, async () => {
    const baselines = baselinesOf(task);
    expect(baselines.trigram).toBeLessThan(baselines.unigram);
    const reports = await withDevice((device) => reportsOf(device));
    console.log(
      `bits per character, held out: ${reports.map(({ heldOutBits }) => heldOutBits.toFixed(3)).join(", ")}; ` +
        `unigram ${baselines.unigram.toFixed(3)}, trigram ${baselines.trigram.toFixed(3)}`,
    );
    expect(reports.map(({ step }) => step)).toEqual([60, 120]);
    const [first, last] = reports as [CharacterReport, CharacterReport];
    expect(last.trainBits).toBeLessThan(first.trainBits);
    expect(last.heldOutBits).toBeLessThan(first.heldOutBits);
    expect(last.heldOutBits).toBeLessThan(baselines.unigram);
    for (const { written } of reports) expect([...written].length).toBe(20);
  });

  test("the same seed gives the same numbers and the same text", { timeout: TIMEOUT }, async () => {
    const [one, two] = [await withDevice((d) => reportsOf(d, 10)), await withDevice((d) => reportsOf(d, 10))];
    const { charactersPerSecond: _, ...first } = one[0]!;
    expect(two[0]).toMatchObject(first);
  });

  test("leaving the loop frees everything", { timeout: TIMEOUT }, async () => {
    const endless = { ...settings, steps: 1e6, reportEvery: 2 };
    // withDevice fails if anything is still allocated.
    const seen = await withDevice(async (device) => {
      for await (const { step } of trainCharacters(device, task, endless)) return step;
      return 0;
    });
    expect(seen).toBe(2);
  });

  test("windows with a carried state equal one long window", { timeout: TIMEOUT }, async () => {
    await withDevice(async (device) => {
      manualSeed(1);
      const model = new CharacterModel(task.vocabulary.size, { embedding: 5, hidden: 7, layers: 2 });
      const logitsOf = async (length: number) => {
        const step = await device.compile(({ x, h }) => model.forward(x, h), {
          inputs: { x: [3, length], h: [2, 3, 7] },
        });
        const batches = new data.TextBatches(task.train.subarray(0, 25), { batchSize: 3, length });
        const zeros = new Float32Array(2 * 3 * 7);
        let h: Result | Float32Array = zeros;
        const rows: number[][] = [[], [], []];
        for (const { x, begins } of batches) {
          const results: Record<"output" | "state", Result> = step.run({ x, h: begins ? zeros : h });
          h = results.state;
          const { data: values, shape } = await results.output.read();
          const width = shape[1]! * shape[2]!;
          rows.forEach((row, n) => {
            row.push(...values.subarray(n * width, (n + 1) * width));
          });
        }
        step.dispose();
        return rows.flat();
      };
      // Eight steps of every track: at once, in pairs, and in threes with two left.
      const whole = await logitsOf(8);
      expect(whole.length).toBe(3 * 8 * task.vocabulary.size);
      for (const length of [2, 3]) {
        const off = (await logitsOf(length)).map((logit, i) => Math.abs(logit - whole[i]!));
        expect(off.length).toBe(whole.length);
        expect(Math.max(...off)).toBeLessThan(1e-6);
      }
      model.dispose();
    });
  });

  test("a writer continues its prompt, always the same at temperature 0", { timeout: TIMEOUT }, async () => {
    await withDevice(async (device) => {
      manualSeed(2);
      const model = new CharacterModel(task.vocabulary.size, { embedding: 5, hidden: 7, layers: 1 });
      const writer = await Writer.open(device, model, task.vocabulary);
      const write = (prompt: string, temperature: number, seed: number) =>
        writer.write(prompt, { length: 12, temperature, generator: new Generator(seed) });
      const cold = await write("Call me", 0, 1);
      expect(await write("Call me", 0, 2)).toBe(cold);
      // Writing in two parts, with the first in the prompt, gives the same text.
      const start = cold.slice(0, 5);
      expect(start + (await write(`Call me${start}`, 0, 3)).slice(0, 7)).toBe(cold);
      expect(await write("Call me", 5, 1)).not.toBe(await write("Call me", 5, 2));
      await expect(write("", 1, 1)).rejects.toThrow("must not be empty");
      const signal = AbortSignal.abort(new RangeError("enough"));
      const generator = new Generator(1);
      await expect(writer.write("Call me", { length: 9, generator, signal })).rejects.toThrow("enough");
      writer.dispose();
      model.dispose();
    });
  });
});

describe("packed names", () => {
  test("follow the rule, with every length and class", () => {
    expect(["aba", "bab", "ab", "ba"].map(classOf)).toEqual([0, 2, 1, 0]);
    const names = makeNames(500, new Generator(1));
    expect(new Set(names.map((name) => name.length)).size).toBe(11);
    expect(new Set(names.map(classOf)).size).toBe(3);
  });

  test("classifies more than 95 % of new names right", { timeout: TIMEOUT }, async () => {
    const lines: string[] = [];
    const accuracy = await withDevice((device) => packedNames(device, (line) => lines.push(line)));
    console.log(
      lines
        .filter((line) => !line.startsWith(" "))
        .slice(-2)
        .join("; "),
    );
    expect(accuracy).toBeGreaterThan(0.95);
    expect(lines.at(-1)).toMatch(/^ {2}[a-z]+: /);
  });
});
