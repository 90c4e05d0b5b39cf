/** Reads WAV files: PCM of 8, 16, 24 and 32 bits, and floats of 32. */

/** What is wrong with a file, in words for the person who chose it. */
export class WavError extends Error {}

/** A recording of one channel. */
export interface Recording {
  /** From -1 to 1; several channels are averaged. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** Samples per second. */
  readonly rate: number;
}

interface Format {
  readonly isFloat: boolean;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

const PCM = 1;
const FLOAT = 3;
/** The tag lies in a longer header. */
const EXTENSIBLE = 0xfffe;

/** Throws a {@link WavError} for what is no WAV file, is cut off, or has samples of another kind. */
export function readWav(bytes: Uint8Array | ArrayBuffer): Recording {
  const view =
    bytes instanceof Uint8Array
      ? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new DataView(bytes);
  const id = (at: number) => String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
  if (view.byteLength < 12 || id(0) !== "RIFF" || id(8) !== "WAVE") {
    throw new WavError("This is not a WAV file: it must begin with RIFF and WAVE.");
  }
  let format: Format | null = null;
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const name = id(at);
    const size = view.getUint32(at + 4, true);
    const from = at + 8;
    if (name === "fmt ") format = formatOf(view, from, size);
    if (name === "data") {
      if (!format) throw new WavError("The WAV file has data before its format.");
      return { samples: samplesOf(view, from, lengthOf(view, from, size), format), rate: format.rate };
    }
    at = from + size + (size % 2);
  }
  throw new WavError("The WAV file has no data; it may be cut off.");
}

/** Bytes of data. A program that wrote to a pipe left 2^32 - 1, and the data reaches to the end. */
function lengthOf(view: DataView, from: number, size: number): number {
  const left = view.byteLength - from;
  if (size <= left) return size;
  if (size === 0xffffffff) return left;
  throw new WavError(`The WAV file is cut off: it has ${left} of ${size} bytes of data.`);
}

function formatOf(view: DataView, at: number, size: number): Format {
  if (size < 16 || at + size > view.byteLength) throw new WavError("The WAV file's format is cut off.");
  const tag = view.getUint16(at, true);
  const kind = tag === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, true) : tag;
  const channels = view.getUint16(at + 2, true);
  const rate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  const isFloat = kind === FLOAT;
  const isRead = isFloat ? bits === 32 : kind === PCM && [8, 16, 24, 32].includes(bits);
  if (!isRead) {
    throw new WavError(
      `The WAV file has samples of kind ${kind} with ${bits} bits; PCM of 8, 16, 24 or 32 bits and floats of 32 are read.`,
    );
  }
  if (channels === 0 || rate === 0) {
    throw new WavError(
      `The WAV file has ${channels} channels and ${rate} samples per second; it is damaged.`,
    );
  }
  return { isFloat, channels, rate, bits };
}

function samplesOf(view: DataView, from: number, length: number, format: Format): Float32Array<ArrayBuffer> {
  const { channels } = format;
  const size = format.bits / 8;
  const read = readerOf(view, format);
  return Float32Array.from({ length: Math.floor(length / (size * channels)) }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += read(from + size * (i * channels + c));
    return sum / channels;
  });
}

function readerOf(view: DataView, { isFloat, bits }: Format): (at: number) => number {
  if (isFloat) return (at) => view.getFloat32(at, true);
  if (bits === 8) return (at) => (view.getUint8(at) - 128) / 2 ** 7;
  if (bits === 16) return (at) => view.getInt16(at, true) / 2 ** 15;
  if (bits === 24) return (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23;
  return (at) => view.getInt32(at, true) / 2 ** 31;
}
