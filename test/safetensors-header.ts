/** A safetensors file as its specification has it, read apart from the library: the header, and where the data begin. */

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: number[];
  /** Where the tensor's bytes lie among the data. */
  readonly data_offsets: [begin: number, end: number];
}

export interface Header {
  readonly entries: ReadonlyMap<string, HeaderEntry>;
  readonly metadata: Record<string, string>;
  /** Where the data begin, in bytes. */
  readonly dataStart: number;
}

export function readHeader(bytes: Uint8Array): Header {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(text);
  return {
    entries: new Map(Object.entries(entries as Record<string, HeaderEntry>)),
    metadata,
    dataStart: 8 + length,
  };
}
