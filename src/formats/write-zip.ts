import { DataError } from "../errors.ts";
import { crc32 } from "../io/crc32.ts";

/** One file of an archive. */
export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** `torch.save` begins each entry's data at a multiple of this, so that it can be mapped into memory. */
const ALIGNMENT = 64;
const UTF8 = 0x800;
/** What 32 and 16 bits of the format hold. */
const MAX_BYTES = 0xfffffffe;
const MAX_FILES = 0xfffe;

/** An archive of stored entries, laid out as `torch.save` does. */
export function writeZip(where: string, files: readonly ZipFile[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  let end = 0;
  const entries = files.map(({ name, bytes }) => {
    const text = encoder.encode(name);
    const header = end;
    const unpadded = header + 30 + text.length + 4;
    const padding = (ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT;
    end = unpadded + padding + bytes.length;
    return { bytes, text, header, padding, begin: unpadded + padding, crc: crc32(bytes) };
  });
  const directory = end;
  end += entries.reduce((sum, { text }) => sum + 46 + text.length, 22);
  if (end > MAX_BYTES || files.length > MAX_FILES) {
    throw new DataError(
      `${where}: a file takes at most 4 GiB and ${MAX_FILES} tensors, got ${end} bytes in ${files.length} entries; save it in parts`,
    );
  }
  const archive = new Uint8Array(end);
  const view = new DataView(archive.buffer);
  /** The fields that both headers share: version, flags, method, time, date, checksum, sizes, length of the name. */
  const describe = (at: number, entry: (typeof entries)[number]) => {
    view.setUint16(at + 2, UTF8, true);
    view.setUint16(at + 8, (1 << 5) | 1, true); // 1 January 1980
    view.setUint32(at + 10, entry.crc, true);
    view.setUint32(at + 14, entry.bytes.length, true);
    view.setUint32(at + 18, entry.bytes.length, true);
    view.setUint16(at + 22, entry.text.length, true);
  };
  let at = directory;
  for (const entry of entries) {
    const { header, text, padding, begin, bytes } = entry;
    view.setUint32(header, 0x04034b50, true);
    describe(header + 4, entry);
    view.setUint16(header + 28, 4 + padding, true);
    archive.set(text, header + 30);
    const extra = header + 30 + text.length;
    view.setUint16(extra, 0x4246, true); // "FB", PyTorch's field of padding
    view.setUint16(extra + 2, padding, true);
    archive.fill(0x5a, extra + 4, begin);
    archive.set(bytes, begin);

    view.setUint32(at, 0x02014b50, true);
    describe(at + 6, entry);
    view.setUint32(at + 42, header, true);
    archive.set(text, at + 46);
    at += 46 + text.length;
  }
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, entries.length, true);
  view.setUint16(at + 10, entries.length, true);
  view.setUint32(at + 12, at - directory, true);
  view.setUint32(at + 16, directory, true);
  return archive;
}
