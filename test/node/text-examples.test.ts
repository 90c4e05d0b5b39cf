/** The character example without training: text, split, baselines, command line, and the guide's code. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { chapters } from "../../tasks/characters/moby-dick.ts";
import { parseCharacterOptions } from "../../tasks/characters/options.ts";
import { baselinesOf, characterTask } from "../../tasks/characters/task.ts";
import { DEFAULTS } from "../../tasks/characters/train.ts";
import { UsageError } from "../../tasks/terminal/usage-error.ts";
import { typeErrors } from "../type-errors.ts";

describe("Moby-Dick", () => {
  test("has 135 chapters of whole paragraphs", () => {
    expect(chapters.length).toBe(135);
    chapters.forEach((chapter, i) => {
      expect(chapter).toMatch(new RegExp(`^CHAPTER ${i + 1}\\. `));
      expect(chapter).not.toMatch(/\n\n|\r/);
    });
    const [heading, first] = chapters[0]!.split("\n");
    expect(heading).toBe("CHAPTER 1. Loomings.");
    expect(first).toMatch(
      /^Call me Ishmael\. .* almost all men in their degree, .* towards the ocean with me\.$/,
    );
  });

  test("is split near its end, with the training part's characters", () => {
    const task = characterTask("abcabcabcd", { heldOut: 0.2 });
    expect(task.vocabulary.tokens).toEqual(["\uFFFD", "a", "b", "c"]);
    expect([...task.train]).toEqual([1, 2, 3, 1, 2, 3, 1, 2]);
    expect([...task.heldOut]).toEqual([3, 0]);
  });

  test("trigrams predict better than unigrams", () => {
    const { unigram, trigram } = baselinesOf(characterTask(chapters.slice(0, 40).join("\n\n")));
    console.log(`bits per character, held out: unigram ${unigram.toFixed(3)}, trigram ${trigram.toFixed(3)}`);
    expect(unigram).toBeGreaterThan(4);
    expect(unigram).toBeLessThan(5);
    expect(trigram).toBeGreaterThan(2.5);
    expect(trigram).toBeLessThan(3.3);
  });
});

describe("the command line of char-gru", () => {
  const parse = (args: string) => parseCharacterOptions(args.split(" "), 135);

  test("has defaults, and accepts every option", () => {
    expect(parseCharacterOptions([], 135)).toEqual({ ...DEFAULTS, chapters: 40 });
    const sizes =
      "--chapters 3 --steps 5 --hidden 7 --layers 2 --embedding 9 --batch 4 --length 6 --report 2";
    const rest = "--lr 0.1 --clip 0.5 --prompt Ahab --temperature 0 --write 0 --seed 8";
    expect(parse(`${sizes} ${rest}`)).toEqual({
      chapters: 3,
      steps: 5,
      hidden: 7,
      layers: 2,
      embedding: 9,
      batchSize: 4,
      length: 6,
      reportEvery: 2,
      learningRate: 0.1,
      clip: 0.5,
      prompt: "Ahab",
      temperature: 0,
      write: 0,
      seed: 8,
    });
    expect(parse("--help")).toBeUndefined();
  });

  test.each([
    ["--chapters 136", "--chapters must be a whole number from 1 to 135"],
    ["--steps 0", '--steps must be a whole number from 1 to 1000000, got "0"'],
    ["--hidden 1.5", "--hidden"],
    ["--lr=-1", "--lr must be above 0"],
    ["--temperature=-0.1", "--temperature must be at least 0"],
    ["--prompt=", "--prompt must not be empty"],
    ["--size 3", "--size"],
  ])("%s throws with what is expected", (args, message) => {
    expect(() => parse(args)).toThrow(UsageError);
    expect(() => parse(args)).toThrow(message);
  });
});

test("every block of TypeScript in docs/text.md type-checks, and a mistake would be detected", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const guide = readFileSync(`${root}docs/text.md`, "utf8");
  const blocks = [...guide.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1]!);
  expect(blocks.length).toBeGreaterThan(3);
  // The blocks together are one program.
  const given = `
import { type Device, data, Generator, nn, optim, type Result, type Tensor, Trainer } from "webgpu-lstm";
declare const device: Device;
declare const text: string;
declare const hours: Date[];
declare const load: Float32Array;
`;
  const program = `${given}${blocks.join("")}`;
  const mistaken = program.replace("topK: 40", "topk: 40");
  expect(typeErrors([program, mistaken])).toEqual([expect.stringMatching(/'topk' does not exist in type/)]);
});
