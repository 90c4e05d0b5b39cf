/**
 * Sound that is made, for where there is neither a microphone nor a recording: two phrases without meaning, and between them a tone and a
 * rush of noise. The voice is a formant synthesizer after Klatt (https://doi.org/10.1121/1.383940): Rosenberg's glottal pulses through
 * resonators at the formants of vowels (Peterson and Barney, https://doi.org/10.1121/1.1906875).
 */
import { Generator } from "webgpu-lstm";
import { RATE } from "./silero.ts";

/** A sound of speech: its length in ms, three formants in Hz, how loud the voice and the hiss are. */
type Phone = readonly [ms: number, f1: number, f2: number, f3: number, voice: number, hiss: number];

const PHONES: Readonly<Record<string, Phone>> = {
  a: [130, 730, 1090, 2440, 1, 0],
  e: [120, 530, 1840, 2480, 1, 0],
  i: [110, 270, 2290, 3010, 0.9, 0],
  o: [130, 570, 840, 2410, 1, 0],
  u: [110, 300, 870, 2240, 0.9, 0],
  m: [70, 250, 1100, 2200, 0.4, 0],
  n: [60, 250, 1500, 2500, 0.4, 0],
  l: [60, 350, 1100, 2700, 0.6, 0],
  w: [60, 300, 650, 2200, 0.6, 0],
  r: [60, 350, 1250, 1600, 0.6, 0],
  d: [40, 250, 1700, 2600, 0.3, 0.02],
  h: [50, 500, 1500, 2500, 0.1, 0.15],
  s: [90, 300, 1700, 2600, 0, 0.25],
};

/** What is heard one after the other, in seconds; a phrase is as long as its phones. */
const PARTS = [
  { quiet: 1 },
  { say: "hamaniselarowamidu" },
  { quiet: 0.9 },
  { tone: 660, seconds: 0.8 },
  { quiet: 0.7 },
  { say: "holanimesadunale" },
  { quiet: 0.8 },
  { rush: 0.9 },
  { quiet: 0.7 },
] as const;

/** Of the four formants, in Hz. */
const BANDWIDTHS = [80, 100, 130, 250] as const;

/** The peak of the voice. */
const PEAK = 0.4;

/** Standard deviation of the noise under all of it. */
const FLOOR = 0.0004;

/** Time in which formants and loudness move to the next phone, in s. */
const GLIDE = 0.012;

export interface MadeSpeech {
  /** In ±1, {@link RATE} a second. */
  readonly samples: Float32Array;
  /** When each phrase begins and ends, in s. */
  readonly spoken: readonly (readonly [from: number, to: number])[];
}

/** Makes it, the same at every call. */
export function makeSpeech(): MadeSpeech {
  const noise = new Generator(11);
  const spoken: [number, number][] = [];
  const parts: Float32Array[] = [];
  let length = 0;
  for (const part of PARTS) {
    const samples =
      "say" in part
        ? phrase(part.say, noise)
        : "tone" in part
          ? tone(part.tone, part.seconds)
          : "rush" in part
            ? noise.normal_(new Float32Array(part.rush * RATE), 0, 0.08)
            : new Float32Array(part.quiet * RATE);
    if ("say" in part) spoken.push([length / RATE, (length + samples.length) / RATE]);
    parts.push(samples);
    length += samples.length;
  }
  const samples = noise.normal_(new Float32Array(length), 0, FLOOR);
  let at = 0;
  for (const part of parts) for (const value of part) samples[at++]! += value;
  return { samples, spoken };
}

function tone(frequency: number, seconds: number): Float32Array {
  return Float32Array.from(
    { length: seconds * RATE },
    (_, i) => 0.2 * Math.sin((2 * Math.PI * frequency * i) / RATE),
  );
}

/** A resonator of two poles. */
class Resonator {
  #last = 0;
  #before = 0;

  next(x: number, frequency: number, bandwidth: number): number {
    const c = -Math.exp((-2 * Math.PI * bandwidth) / RATE);
    const b = 2 * Math.exp((-Math.PI * bandwidth) / RATE) * Math.cos((2 * Math.PI * frequency) / RATE);
    const y = (1 - b - c) * x + b * this.#last + c * this.#before;
    this.#before = this.#last;
    this.#last = y;
    return y;
  }
}

/** The opening of the glottis at a phase of its period: it opens over 40 % of it, and closes over 16 %. */
function opening(phase: number): number {
  if (phase < 0.4) return 0.5 * (1 - Math.cos((Math.PI * phase) / 0.4));
  return phase < 0.56 ? Math.cos((Math.PI / 2) * ((phase - 0.4) / 0.16)) : 0;
}

/** Speaks a text of the letters in {@link PHONES}, its pitch falling from 125 to 95 Hz. */
function phrase(text: string, generator: Generator): Float32Array {
  const phones = [...text].map((letter) => PHONES[letter]!);
  const ends = phones.map((_, i) => phones.slice(0, i + 1).reduce((sum, [ms]) => sum + ms, 0) / 1000);
  const length = Math.round(ends.at(-1)! * RATE);
  const noise = generator.uniform_(new Float32Array(2 * length), -1, 1);
  const formants = BANDWIDTHS.map(() => new Resonator());
  const lips = new Resonator();
  const approach = 1 - Math.exp(-1 / (GLIDE * RATE));
  const now: number[] = [...phones[0]!];
  now[4] = 0;
  const samples = new Float32Array(length);
  let phase = 0;
  let open = 0;
  for (let i = 0, phone = 0; i < length; i++) {
    while (i / RATE >= ends[phone]!) phone++;
    for (let k = 1; k < now.length; k++) now[k]! += (phones[phone]![k]! - now[k]!) * approach;
    const [, f1, f2, f3, voice, hiss] = now as unknown as Phone;
    const melody = 1 + 0.08 * Math.sin((2 * Math.PI * 2.1 * i) / RATE) + 0.01 * noise[2 * i]!;
    phase = (phase + ((125 - (30 * i) / length) * melody) / RATE) % 1;
    const before = open;
    open = opening(phase);
    const source =
      voice * (6 * (open - before) + 0.03 * open * noise[2 * i + 1]!) + 0.06 * hiss * noise[2 * i + 1]!;
    const vowel = [f1, f2, f3, 3500].reduce(
      (x, frequency, k) => formants[k]!.next(x, frequency, BANDWIDTHS[k]!),
      source,
    );
    samples[i] = 0.35 * vowel + 0.25 * lips.next(hiss * noise[2 * i]!, 5500, 1800);
  }
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return samples.map((value) => (PEAK * value) / peak);
}
