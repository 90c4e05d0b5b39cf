/** The page-free parts of the demo's Text view: its checks of a text, and its options. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { data } from "webgpu-lstm";
import {
  CHAPTERS,
  CHOICES,
  characterCount,
  DEFAULTS,
  heldOutShare,
  LONGEST,
  type ModelSettings,
  SHORTEST,
  STEPS_PER_REPORT,
  textProblem,
} from "../../demo/text/settings.ts";
import { chapters } from "../../tasks/characters/moby-dick.ts";
import { characterTask } from "../../tasks/characters/task.ts";

describe("a text to train on", () => {
  test("is counted in code points, including lone surrogates", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 50 }), (text) => {
        expect(characterCount(text)).toBe([...text].length);
      }),
    );
    for (const text of ["", "🐋", "a🐋b", "\ud83d", "\udc0b", "\udc0b\ud83d", "\ud83d\ud83d\udc0b"])
      expect(characterCount(text)).toBe([...text].length);
  });

  test("is refused if too short or too long, with its length and the limits", () => {
    const { settings } = DEFAULTS;
    expect(textProblem("x".repeat(SHORTEST), settings)).toBeUndefined();
    expect(textProblem("x".repeat(SHORTEST - 1), settings)).toEqual({
      title: "The text is too short",
      advice: "A model needs at least 2,000 characters to learn from. It has 1,999. Paste a longer one.",
    });
    // A whale is two UTF-16 units and one character.
    expect(textProblem("🐋".repeat(SHORTEST), settings)).toBeUndefined();
    expect(textProblem("x".repeat(LONGEST), settings)).toBeUndefined();
    expect(textProblem("x".repeat(LONGEST + 1), settings)?.title).toBe("The text is too long");
    expect(textProblem("x".repeat(5000), { batchSize: 64, length: 128 })).toEqual({
      title: "The text is too short for these settings",
      advice:
        "64 tracks of 128 characters need a text of at least 9,105 characters. It has 5,000. Choose a smaller batch or sequence length, " +
        "or paste a longer text.",
    });
  });

  test("makes batches with every offered size if accepted, and not if refused", () => {
    const sizes = fc.record({
      batchSize: fc.constantFrom(...CHOICES.batchSize),
      length: fc.constantFrom(...CHOICES.length),
      characters: fc.integer({ min: SHORTEST, max: 12_000 }),
    });
    fc.assert(
      fc.property(sizes, ({ batchSize, length, characters }) => {
        const text = "abcd".repeat(characters).slice(0, characters);
        const { train, heldOut } = characterTask(text, { heldOut: heldOutShare(characters) });
        const batches = () => new data.TextBatches(train, { batchSize, length, dropLast: true });
        if (textProblem(text, { batchSize, length })) expect(batches).toThrow("use a smaller batchSize");
        else expect(batches().length).toBeGreaterThan(0);
        expect(new data.TextBatches(heldOut, { batchSize, length }).length).toBeGreaterThan(0);
      }),
    );
  });

  test("has at most 20,000 characters held out", () => {
    expect(heldOutShare(1000) * 1000).toBe(100);
    expect(Math.round(heldOutShare(1e6) * 1e6)).toBe(20_000);
  });
});

test("every option fits the reports and includes the defaults, and the book has its chapters", () => {
  for (const steps of CHOICES.steps) expect(steps % STEPS_PER_REPORT).toBe(0);
  for (const [name, choices] of Object.entries(CHOICES))
    expect(choices).toContain(DEFAULTS.settings[name as keyof ModelSettings]);
  expect(chapters.length).toBe(CHAPTERS);
});
