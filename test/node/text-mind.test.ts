/** The page-free parts of the Text view's writing: what units fire on, files and the lines that load them, addresses. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as library from "webgpu-lstm";
import { LinkSettings, settingsText } from "../../demo/shell/address.ts";
import { choicesOfLink, linkOf } from "../../demo/text/link.ts";
import { firingOf } from "../../demo/text/model/firing.ts";
import { EMBEDDING, TextModel } from "../../demo/text/model/model.ts";
import { packModel, readModel } from "../../demo/text/model/saved.ts";
import { shadeOf, signalsOf } from "../../demo/text/model/signals.ts";
import { CHOICES, DEFAULTS, FIRST_UNIT, ON_HARDWARE } from "../../demo/text/settings.ts";
import { snippetsOf } from "../../demo/text/take-away/snippets.ts";
import { chapters } from "../../tasks/characters/moby-dick.ts";

const shipped = readFileSync(new URL("../../demo/text/shipped/model.safetensors", import.meta.url));
const heldOut = readFileSync(new URL("../../demo/text/shipped/held-out.txt", import.meta.url), "utf8");
const USUAL = { ...DEFAULTS, unit: FIRST_UNIT };

describe("what a unit fires on", () => {
  /** 300 characters; the unit rises at every ! and falls at every ?. */
  const characters = [...`${"abcdefghi!".repeat(15)}${"abcdefghi?".repeat(15)}`];
  const shades = characters.map((character, at) =>
    character === "!" ? 0.5 + at / 1024 : character === "?" ? -0.5 - at / 1024 : Number.NaN,
  );
  const { high, low, answers } = firingOf(characters, shades);

  test("is the strongest places that lie apart, strongest first", () => {
    expect(high.map(({ characters, at }) => characters[at])).toEqual(["!", "!", "!"]);
    expect(high.map(({ shades, at }) => shades[at])).toEqual([149, 89, 29].map((at) => 0.5 + at / 1024));
    expect(low.map(({ shades, at }) => shades[at])).toEqual([299, 239, 179].map((at) => -0.5 - at / 1024));
    for (const { characters, shades } of high) expect(shades.length).toBe(characters.length);
  });

  test("is named by the mean after each frequent character, without places that are not known", () => {
    expect(answers.map(({ character }) => character)).toEqual(["!", "?"]);
    expect(answers[0]!.mean).toBeCloseTo(0.5 + 79 / 1024, 12);
  });
});

test("a character's shade is tanh(c) for an LSTM, h for the others, of the right unit", () => {
  const signals = Float32Array.from({ length: 2 * 6 * 3 }, (_, i) => i / 100);
  const lstm = { characters: ["a", "b"], signals, cell: "LSTM", units: 3 } as const;
  expect(signalsOf(lstm, 1, 2)).toEqual([20, 23, 26, 29, 32, 35].map((n) => Math.fround(n / 100)));
  expect(shadeOf(lstm, 1, 2)).toBe(Math.tanh(Math.fround(0.23)));
  const gru = { characters: ["a"], signals: signals.subarray(0, 12), cell: "GRU", units: 3 } as const;
  expect(shadeOf(gru, 0, 1)).toBe(Math.fround(0.01));
});

describe("the shipped model", () => {
  const { about, vocabulary, weights } = readModel(shipped);

  test("is of some 100 kB, and has not read the text beside it", () => {
    expect(shipped.length).toBeLessThan(140_000);
    expect(chapters.join("\n\n").endsWith(heldOut.slice(-1000))).toBe(true);
    expect([...heldOut].length).toBe(20_000);
    expect(about.heldOutBits).toBeLessThan(2.7);
    expect(about.baselineBits).toBeCloseTo(2.095, 3);
  });

  test("fills the view's model, and survives being saved", () => {
    const model = new TextModel(vocabulary.size, about);
    expect(model.loadStateDict(weights)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(about.embeddingSize).toBe(EMBEDDING);
    expect(vocabulary.decode(vocabulary.encode("The whale"))).toBe("The whale");
    expect(Buffer.from(packModel({ about, vocabulary, weights }))).toEqual(shipped);
  });

  test("is loaded by the lines that the page shows", async () => {
    const { javascript } = snippetsOf("moby-dick.safetensors", vocabulary.size, about);
    expect(javascript.split("\n").length).toBeLessThan(8);
    const fetch = async (name: string) => {
      expect(name).toBe("moby-dick.safetensors");
      return new Response(new Uint8Array(shipped));
    };
    const run = new Function(
      ...["nn", "loadSafetensors", "fetch"],
      `return (async () => { ${javascript}\nreturn { model, tokens }; })()`,
    );
    const { model, tokens } = await run(library.nn, library.loadSafetensors, fetch);
    expect(tokens).toEqual(vocabulary.tokens);
    const loaded = (await model.stateDict()) as ReadonlyMap<string, library.NDArray>;
    expect([...loaded.keys()].sort()).toEqual([...weights.keys()].sort());
    for (const [name, { data }] of loaded) expect(data, name).toEqual(weights.get(name)!.data);
  });
});

describe("an address", () => {
  test("leaves the usual choices out, and restores others", () => {
    expect(settingsText(linkOf(USUAL, USUAL))).toBe("");
    expect(choicesOfLink(new LinkSettings(""), USUAL)).toEqual(USUAL);
    const choices = {
      source: { kind: "moby-dick", from: 3, to: 135 },
      settings: { ...ON_HARDWARE.settings, cell: "RNN" },
      writing: { prompt: "Ahab & I ", temperature: 1.2 },
      unit: 17,
    } as const;
    const link = new LinkSettings(settingsText(linkOf(choices, USUAL)));
    expect(choicesOfLink(link, USUAL)).toEqual(choices);
    expect(link.note).toBe("");
  });

  test("has no pasted text, and no value that the form lacks", () => {
    const own = { ...USUAL, source: { kind: "own", text: "secret" } } as const;
    expect(settingsText(linkOf(own, USUAL))).toBe("");
    const bad = new LinkSettings("chapters=9-2&hidden=7&lr=1&unit=0&temperature=9&cell=CNN");
    expect(choicesOfLink(bad, USUAL)).toEqual(USUAL);
    for (const name of ["chapters", "hidden", "lr", "unit", "temperature", "cell"])
      expect(bad.note).toContain(name);
  });

  test("can name every setting for a GPU", () => {
    for (const [name, choices] of Object.entries(CHOICES))
      expect(choices).toContain(ON_HARDWARE.settings[name as keyof typeof CHOICES]);
  });
});
