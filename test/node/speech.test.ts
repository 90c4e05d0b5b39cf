/** Segments of speech, and the made voice. */
import { describe, expect, test } from "vitest";
import { makeSpeech } from "../../tasks/speech/made-speech.ts";
import { SECONDS, segmentsOf } from "../../tasks/speech/segments.ts";
import { CHUNK, chunksOf, RATE } from "../../tasks/speech/silero.ts";

describe("segments of speech", () => {
  /** `count` chunks of one probability after the other. */
  const chunks = (...runs: [probability: number, count: number][]) =>
    runs.flatMap(([probability, count]) => new Array<number>(count).fill(probability));

  test("begin at the threshold, and end where a tenth of a second lies below it", () => {
    expect(SECONDS).toBe(0.032);
    // 4 chunks of silence are 0.128 s, 3 are 0.096 s.
    const probabilities = chunks([0.1, 5], [0.5, 10], [0.34, 3], [0.9, 4], [0.34, 9]);
    expect(segmentsOf(probabilities, 0.5)).toEqual([{ from: 5, to: 22, open: false }]);
    const apart = chunks([0.9, 10], [0.1, 5], [0.9, 10], [0.1, 5]);
    expect(segmentsOf(apart, 0.5)).toEqual([
      { from: 0, to: 10, open: false },
      { from: 15, to: 25, open: false },
    ]);
  });

  test("last through what is between the thresholds", () => {
    expect(segmentsOf(chunks([0.9, 8], [0.36, 50], [0.1, 9]), 0.5)).toEqual([
      { from: 0, to: 58, open: false },
    ]);
    expect(segmentsOf(chunks([0.9, 8], [0.36, 50], [0.1, 9]), 0.6)).toEqual([
      { from: 0, to: 8, open: false },
    ]);
  });

  test("do not count under a quarter of a second, and are open at the end", () => {
    expect(segmentsOf(chunks([0.1, 5], [0.9, 7], [0.1, 9]), 0.5)).toEqual([]);
    expect(segmentsOf(chunks([0.1, 5], [0.9, 8], [0.1, 2]), 0.5)).toEqual([{ from: 5, to: 15, open: true }]);
    expect(segmentsOf([], 0.5)).toEqual([]);
  });

  test("end at a low threshold too", () =>
    expect(segmentsOf(chunks([0.2, 10], [0.001, 9]), 0.1)).toEqual([{ from: 0, to: 10, open: false }]));
});

describe("the made voice", () => {
  test("is the same at every call, and nowhere too loud", () => {
    const { samples, spoken } = makeSpeech();
    expect(makeSpeech().samples).toEqual(samples);
    expect(samples.length / CHUNK).toBeGreaterThan(250);
    expect(samples.every((value) => Math.abs(value) < 0.6)).toBe(true);
    // The phrases are loud, what is beside them is not.
    const loudness = (from: number, to: number) => {
      const part = samples.subarray(from * RATE, to * RATE);
      return Math.sqrt(part.reduce((sum, value) => sum + value * value, 0) / part.length);
    };
    expect(spoken).toHaveLength(2);
    for (const [from, to] of spoken) {
      expect(to - from).toBeGreaterThan(1);
      expect(loudness(from, to)).toBeGreaterThan(0.03);
      expect(loudness(from - 0.5, from)).toBeLessThan(0.001);
      expect(loudness(to + 0.05, to + 0.5)).toBeLessThan(0.001);
    }
  });
});

test("chunks cover a recording, the last one filled up with zeros", () => {
  const samples = Float32Array.from({ length: CHUNK + 3 }, (_, i) => i + 1);
  const [first, last, ...more] = chunksOf(samples);
  expect(more).toEqual([]);
  expect(first).toEqual(samples.subarray(0, CHUNK));
  expect([...last!.subarray(0, 5)]).toEqual([513, 514, 515, 0, 0]);
  expect(last!.length).toBe(CHUNK);
  expect([...chunksOf(samples.subarray(0, CHUNK))]).toHaveLength(1);
  expect([...chunksOf(new Float32Array())]).toEqual([]);
});
