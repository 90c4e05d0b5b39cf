/** The demo's resampler for the microphone, and its WAV files. */
import { describe, expect, test } from "vitest";
import { Resampler } from "../../demo/stream/speech/resampler.ts";
import { wavOf } from "../../demo/stream/speech/wav.ts";

const RATE = 16_000;
const tone = (frequency: number, rate: number, length: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * frequency * i) / rate));

describe.each([48_000, 44_100, 96_000, 22_050, 16_000, 8000])("from %d Hz", (from) => {
  test("keeps what is audible, at its time", () => {
    const highest = Math.min(from, RATE) / 2;
    for (const frequency of [100, 1000, 0.8 * highest]) {
      const out = new Resampler(from, RATE).push(tone(frequency, from, from / 4));
      // All but the filter's length.
      expect(out.length).toBeGreaterThan(RATE / 4 - 100);
      expect(out.length).toBeLessThanOrEqual(RATE / 4);
      const wanted = tone(frequency, RATE, out.length);
      const worst = out.reduce(
        (most, value, i) => Math.max(most, i < 100 ? 0 : Math.abs(value - wanted[i]!)),
        0,
      );
      expect(worst).toBeLessThan(0.01);
    }
  });

  test("gives the same for pieces of any size", () => {
    const sound = tone(440, from, 5000);
    const whole = new Resampler(from, RATE).push(sound);
    const pieces = new Resampler(from, RATE);
    const out: number[] = [];
    for (let at = 0, size = 1; at < sound.length; at += size, size = (size * 7 + 3) % 641) {
      out.push(...pieces.push(sound.subarray(at, at + size)));
    }
    expect(out).toEqual([...whole]);
  });
});

test.each([9000, 12_000, 20_000])("takes away %d Hz, which would be heard as another tone", (frequency) => {
  const out = new Resampler(48_000, RATE).push(tone(frequency, 48_000, 24_000));
  expect(out.subarray(100).reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeLessThan(0.01);
});

test("a WAV file has its rate, and its samples in 16 bits", () => {
  const bytes = wavOf(Float32Array.of(0, 1, -1, 0.5, 7), RATE);
  expect(new TextDecoder().decode(bytes.subarray(0, 16))).toMatch(/^RIFF....WAVEfmt $/su);
  const view = new DataView(bytes.buffer);
  expect([view.getUint32(4, true), view.getUint32(24, true), view.getUint32(40, true)]).toEqual([
    46,
    RATE,
    10,
  ]);
  const values = Array.from({ length: 5 }, (_, i) => view.getInt16(44 + 2 * i, true));
  expect(values).toEqual([0, 32767, -32767, 16384, 32767]);
});
