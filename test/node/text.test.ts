import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as data from "../../src/data/index.ts";
import { DataError, OptionError } from "../../src/errors.ts";
import { expectRefusal, wrong } from "../refusal.ts";

describe("Vocabulary", () => {
  test("orders characters by frequency, then code point, and round-trips", () => {
    const vocabulary = data.Vocabulary.fromText("banana bread");
    expect(vocabulary.tokens).toEqual(["a", "b", "n", " ", "d", "e", "r"]);
    expect(vocabulary.size).toBe(7);
    const ids = vocabulary.encode("brand new".replace("w", "d"));
    expect([...ids]).toEqual([1, 6, 0, 2, 4, 3, 2, 5, 4]);
    expect(vocabulary.decode(ids)).toBe("brand ned");
    expect(vocabulary.indexOf("n")).toBe(2);
    expect([vocabulary.has("n"), vocabulary.has("x")]).toEqual([true, false]);
  });

  test("characters are code points, which also order equal frequencies", () => {
    const vocabulary = data.Vocabulary.fromText("🐳\uFB01🐳\uFB01é");
    // In UTF-16 the whale's first half comes before the ligature.
    expect(vocabulary.tokens).toEqual(["\uFB01", "🐳", "é"]);
    expect(vocabulary.encode("é🐳").length).toBe(2);
    expect(vocabulary.decode([1, 2])).toBe("🐳é");
  });

  test("padding and unknown come first; rare and surplus tokens are unknown", () => {
    const options = { padding: "<pad>", unknown: "?", minFrequency: 2 };
    const vocabulary = data.Vocabulary.fromText(["aabb", "bcd?"], options);
    expect(vocabulary.tokens).toEqual(["<pad>", "?", "b", "a"]);
    expect([...vocabulary.encode("abcz")]).toEqual([3, 2, 1, 1]);
    expect(vocabulary.decode([0, 3, 1, 0, 2])).toBe("a?b");
    expect(vocabulary.indexOf("z")).toBe(1);
    const small = data.Vocabulary.fromText("aaabbc", { unknown: "?", maxSize: 2 });
    expect(small.tokens).toEqual(["?", "a"]);
  });

  test("words keep spaces and punctuation, so a text round-trips", () => {
    const text = "Call me Ishmael. Don't stop — the whale’s here!";
    const vocabulary = data.Vocabulary.fromText(text, { split: "words" });
    expect(vocabulary.has("Ishmael")).toBe(true);
    expect(vocabulary.has("Don't")).toBe(true);
    expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
    expect(vocabulary.tokens[0]).toBe(" ");
  });

  test("a RegExp defines the tokens", () => {
    const split = /\p{L}+|[^\p{L}\s]/u;
    const vocabulary = data.Vocabulary.fromText("the sea, the sea", { split });
    expect(vocabulary.tokens).toEqual(["sea", "the", ","]);
    expect(vocabulary.decode(vocabulary.encode("sea,  the"))).toBe("sea , the");
    expect(split.lastIndex).toBe(0);
  });

  test("accepts tokens", () => {
    const vocabulary = data.Vocabulary.fromTokens(["up", "down", "up"]);
    expect(vocabulary.tokens).toEqual(["up", "down"]);
    expect([...vocabulary.encode(["down", "up"])]).toEqual([1, 0]);
  });

  test.each([
    ["characters", {}],
    ["words", { split: "words", locale: "de", padding: "<pad>" }],
    ["pattern", { split: /\w+/, unknown: "<unk>" }],
  ] as const)("JSON keeps everything: %s", (_, options) => {
    const vocabulary = data.Vocabulary.fromText("the sea is the sea", options);
    const json = JSON.parse(JSON.stringify(vocabulary)) as data.VocabularyJSON;
    const again = data.Vocabulary.fromJSON(json);
    expect(again.tokens).toEqual(vocabulary.tokens);
    expect(again.encode("the sea")).toEqual(vocabulary.encode("the sea"));
    expect(again.toJSON()).toEqual(vocabulary.toJSON());
    expect([again.unknown, again.padding]).toEqual([vocabulary.unknown, vocabulary.padding]);
  });

  test("any text round-trips through its own characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
        const vocabulary = data.Vocabulary.fromText(text);
        expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
        expect(vocabulary.size).toBe(new Set(text).size);
      }),
    );
  });

  test("refuses invalid arguments by name", async () => {
    const vocabulary = data.Vocabulary.fromText("abc");
    await expectRefusal(() => vocabulary.encode("abz"), DataError, "encode", '"z" at 2', "unknown token");
    await expectRefusal(() => vocabulary.indexOf("z"), DataError, "indexOf", '"z"');
    await expectRefusal(() => vocabulary.decode([0, 3]), DataError, "from 0 to 2, got 3 at 1");
    await expectRefusal(() => vocabulary.decode([0.5]), DataError, "got 0.5");
    await expectRefusal(() => vocabulary.decode(wrong(3)), OptionError, "decode", "got 3");
    const { fromText, fromTokens, fromJSON } = data.Vocabulary;
    await expectRefusal(() => fromText(""), DataError, "no token is left");
    await expectRefusal(() => fromText("ab", { minFrequency: 2 }), DataError, "minFrequency is 2");
    await expectRefusal(() => fromText(wrong(7)), OptionError, "text", "got 7");
    await expectRefusal(() => fromTokens(wrong(["a", 7])), OptionError, "got 7 at index 1");
    await expectRefusal(() => fromText("a", wrong({ lower: true })), OptionError, "unknown option", "lower");
    await expectRefusal(() => fromText("a", wrong({ split: "lines" })), OptionError, "split", '"lines"');
    await expectRefusal(() => fromText("a", { split: "words", locale: "no such" }), OptionError, "locale");
    await expectRefusal(() => fromText("a", { unknown: "" }), OptionError, "unknown");
    await expectRefusal(() => fromText("a", { unknown: "#", padding: "#" }), OptionError, "different");
    await expectRefusal(() => fromText("a", { unknown: "#", maxSize: 1 }), OptionError, "at least 2");
    const json = vocabulary.toJSON();
    await expectRefusal(() => fromJSON(wrong(null)), DataError, "Vocabulary.fromJSON", "got null");
    await expectRefusal(() => fromJSON({ ...json, tokens: ["a", "a"] }), DataError, "twice");
    await expectRefusal(() => fromJSON({ ...json, padding: "x" }), DataError, "padding", '"x"');
    await expectRefusal(() => fromJSON(wrong({ ...json, tokenizer: 1 })), DataError, "tokenizer");
    const broken = { split: "pattern", source: "(", flags: "g" } as const;
    await expectRefusal(() => fromJSON({ ...json, tokenizer: broken }), DataError, '"("');
  });
});

describe("TextBatches", () => {
  const count = (n: number) => Int32Array.from({ length: n }, (_, i) => i);
  const rows = ({ data, shape }: { data: Float32Array; shape: readonly number[] }) =>
    Array.from({ length: shape[0]! }, (_, n) => [...data.subarray(n * shape[1]!, (n + 1) * shape[1]!)]);

  test("windows move along parallel tracks, the targets one ahead", () => {
    const batches = new data.TextBatches(count(12), { batchSize: 2, length: 2 });
    const seen = [...batches];
    expect([batches.length, batches.trackLength, seen.length]).toEqual([3, 5, 3]);
    expect(seen.map(({ x }) => rows(x))).toEqual([
      [
        [0, 1],
        [5, 6],
      ],
      [
        [2, 3],
        [7, 8],
      ],
      [[4], [9]],
    ]);
    expect(seen.map(({ y }) => rows(y)[1])).toEqual([[6, 7], [8, 9], [10]]);
    expect(seen.map(({ begins }) => begins)).toEqual([true, false, false]);
    expect([...batches].map(({ begins }) => begins)).toEqual([true, false, false]);
    expect([...batches.from(2)]).toEqual(seen.slice(2));
    expect([...batches.from(3)]).toEqual([]);
    expect(() => batches.from(0.5)).toThrow("TextBatches.from: batch");
  });

  test("dropLast drops the short window and keeps the tracks", () => {
    const batches = new data.TextBatches(count(12), { batchSize: 2, length: 2, dropLast: true });
    expect([...batches].map(({ x }) => rows(x)[1])).toEqual([
      [5, 6],
      [7, 8],
    ]);
    expect([batches.length, batches.trackLength]).toEqual([2, 4]);
  });

  test("each row continues where it ended, and every token but the first is a target once", () => {
    const sizes = fc.record({
      tokens: fc.integer({ min: 9, max: 200 }),
      batchSize: fc.integer({ min: 1, max: 8 }),
      length: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(sizes, ({ tokens, batchSize, length }) => {
        const batches = new data.TextBatches(count(tokens), { batchSize, length });
        const seen = [...batches];
        expect(seen.length).toBe(batches.length);
        const tracks = Array.from({ length: batchSize }, (_, n) => seen.flatMap(({ x }) => rows(x)[n]!));
        const targets = Array.from({ length: batchSize }, (_, n) => seen.flatMap(({ y }) => rows(y)[n]!));
        const used = batchSize * Math.floor((tokens - 1) / batchSize);
        expect(tracks.flat()).toEqual([...count(used)]);
        expect(targets.flat()).toEqual([...count(used)].map((id) => id + 1));
        expect(tokens - 1 - used).toBeLessThan(batchSize);
      }),
    );
  });

  test("refuses invalid arguments", async () => {
    const make = (ids: unknown, options: unknown) => () => new data.TextBatches(wrong(ids), wrong(options));
    const options = { batchSize: 4, length: 3 };
    await expectRefusal(make(count(4), options), DataError, "4 tracks of 1 step need at least 5", "got 4");
    await expectRefusal(make(count(12), { ...options, dropLast: true }), DataError, "at least 13", "got 12");
    await expectRefusal(make([0, -1, 2], options), DataError, "got -1 at 1");
    await expectRefusal(make([0, 2 ** 24], options), DataError, "got 16777216");
    await expectRefusal(make(null, options), OptionError, "got null");
    await expectRefusal(make(count(9), { ...options, length: 0 }), OptionError, "length");
    await expectRefusal(make(count(9), { ...options, batch: 4 }), OptionError, 'unknown option "batch"');
  });
});

describe("NGramModel", () => {
  const { fit } = data.NGramModel;
  const ids = [0, 1, 0, 2, 0, 1, 1];

  test("matches Witten-Bell numbers computed by hand", () => {
    // 7 tokens, 3 different ones: c = 3, 3, 1.
    const unigram = fit(ids, { order: 1, classes: 4 });
    const p1 = [3, 3, 1, 0].map((c) => (c + 3 / 4) / 10);
    unigram.distribution([]).forEach((p, w) => {
      expect(p).toBeCloseTo(p1[w]!, 12);
    });
    // After 0: 1 twice, 2 once; 2 different ones.
    const bigram = fit(ids, { order: 2, classes: 4 });
    const p2 = [0, 2, 1, 0].map((c, w) => (c + 2 * p1[w]!) / 5);
    bigram.distribution([3, 0]).forEach((p, w) => {
      expect(p).toBeCloseTo(p2[w]!, 12);
    });
    // 3 never occurred, so the unigram predicts what follows.
    expect(bigram.distribution([3])).toEqual(unigram.distribution([]));
    const bits = -(Math.log2(p1[1]!) + Math.log2(bigram.distribution([1])[0]!) + Math.log2(p2[2]!)) / 3;
    expect(bigram.bitsPerToken([1, 0, 2])).toBeCloseTo(bits, 12);
    expect(bigram.bitsPerToken([1, 0, 2], { from: 2 })).toBeCloseTo(-Math.log2(p2[2]!), 12);
  });

  test("every context's probabilities sum to 1 and are above 0", () => {
    const classes = 5;
    const token = fc.integer({ min: 0, max: classes - 1 });
    const sequence = fc.array(token, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        sequence,
        fc.array(token, { maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (ids, context, order) => {
          const distribution = fit(ids, { order, classes }).distribution(context);
          expect(distribution.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
          expect(Math.min(...distribution)).toBeGreaterThan(0);
        },
      ),
    );
  });

  test("a longer context predicts better if the text has structure", () => {
    const cycle = Array.from({ length: 600 }, (_, i) => [0, 0, 1][i % 3]!);
    const bits = [1, 2, 3].map((order) =>
      fit(cycle, { order, classes: 2 }).bitsPerToken(cycle.slice(0, 300)),
    );
    // Entropies: of (2/3, 1/3); of the tokens after 0, two thirds of the time; zero.
    expect(bits[0]).toBeCloseTo(0.9183, 2);
    expect(bits[1]).toBeCloseTo(2 / 3, 1);
    expect(bits[2]).toBeLessThan(0.05);
  });

  test("refuses sequences it cannot count", async () => {
    await expectRefusal(() => fit([], { order: 1, classes: 2 }), DataError, "empty");
    await expectRefusal(() => fit([0, 2], { order: 1, classes: 2 }), DataError, "from 0 to 1, got 2 at 1");
    await expectRefusal(() => fit([0], { order: 9, classes: 81 }), OptionError, "lower order");
    await expectRefusal(() => fit([0], wrong({ order: 0, classes: 2 })), OptionError, "order");
    const model = fit([0, 1], { order: 2, classes: 2 });
    await expectRefusal(() => model.bitsPerToken([0], { from: 1 }), DataError, "sequence of 1");
    await expectRefusal(() => model.distribution([5]), DataError, "got 5");
  });
});
