/** Reading WAV files. */
import { describe, expect, test } from "vitest";
import { readWav, WavError } from "../../tasks/speech/wav.ts";

interface Parts {
  readonly kind?: number;
  readonly channels?: number;
  readonly rate?: number;
  readonly bits?: number;
  readonly data?: readonly number[];
  /** The size that the header states, where it is not the data's. */
  readonly stated?: number;
  /** A chunk before the format. */
  readonly before?: readonly number[];
}

const text = (name: string) => [...name].map((letter) => letter.charCodeAt(0));
const le = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);
const chunk = (name: string, body: readonly number[], size = body.length) => [
  ...text(name),
  ...le(size, 4),
  ...body,
  ...(body.length % 2 ? [0] : []),
];

function wav({ kind = 1, channels = 1, rate = 16000, bits = 16, data = [], stated, before }: Parts) {
  const frame = (channels * bits) / 8;
  const format = [kind, channels].flatMap((n) => le(n, 2)).concat(le(rate, 4), le(rate * frame, 4));
  const extended =
    kind === 0xfffe ? [...le(22, 2), ...le(bits, 2), ...le(0, 4), ...le(1, 2), ...Array(14).fill(0)] : [];
  const body = [
    ...text("WAVE"),
    ...(before ? chunk("LIST", before) : []),
    ...chunk("fmt ", [...format, ...le(frame, 2), ...le(bits, 2), ...extended]),
    ...chunk("data", data, stated),
  ];
  return Uint8Array.from([...text("RIFF"), ...le(body.length, 4), ...body]);
}

describe("readWav", () => {
  test.each([
    [8, [0, 128, 255], [-1, 0, 127 / 128]],
    [16, [0, 128, 255, 255, 0, 64], [-1, -1 / 2 ** 15, 0.5]],
    [24, [0, 0, 128, 255, 255, 255, 0, 0, 64], [-1, -1 / 2 ** 23, 0.5]],
    [32, [0, 0, 0, 128, 0, 0, 0, 64], [-1, 0.5]],
  ])("PCM of %d bits", (bits, data, samples) => {
    expect(readWav(wav({ bits, data }))).toEqual({ samples: Float32Array.from(samples), rate: 16000 });
  });

  test("floats, at any offset", () => {
    const data = [...new Uint8Array(Float32Array.of(0.25, -2).buffer)];
    const file = Uint8Array.from([1, 2, 3, ...wav({ kind: 3, bits: 32, rate: 8000, data })]);
    expect(readWav(file.subarray(3))).toEqual({ samples: Float32Array.of(0.25, -2), rate: 8000 });
  });

  test("the mean of two channels, an extensible header, other chunks of odd size, half a frame at the end", () => {
    const data = [0, 64, 0, 128, 0, 64, 0, 0, 7, 7];
    const file = wav({ kind: 0xfffe, channels: 2, data, before: [1, 2, 3] });
    expect(readWav(file.buffer)).toEqual({ samples: Float32Array.of(-0.25, 0.25), rate: 16000 });
  });

  test("data of unknown size to the end of the file", () => {
    expect(readWav(wav({ data: [0, 64], stated: 0xffffffff })).samples).toEqual(Float32Array.of(0.5));
  });

  test.each([
    ["an empty file", new Uint8Array(), /must begin with RIFF/],
    ["another file", new TextEncoder().encode("OggS and some more"), /must begin with RIFF/],
    ["no data", wav({}).slice(0, 36), /no data/],
    ["a header cut off", wav({}).slice(0, 30), /format is cut off/],
    ["data cut off", wav({ data: [0, 64], stated: 200 }), /has 2 of 200 bytes/],
    ["µ-law", wav({ kind: 7, bits: 8 }), /kind 7 with 8 bits/],
    ["doubles", wav({ kind: 3, bits: 64 }), /kind 3 with 64 bits/],
    ["no channels", wav({ channels: 0 }), /0 channels/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => readWav(bytes)).toThrow(WavError);
    expect(() => readWav(bytes)).toThrow(message);
  });
});
