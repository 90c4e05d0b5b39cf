/**
 * Reads zip archives whose entries are stored, not compressed: `torch.save` writes no others. An entry is a view into the archive, so
 * nothing is copied and nothing can expand.
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
import { quote } from "../checks.ts";
import { crc32 } from "../io/crc32.ts";
import type { Refuse } from "./refuse.ts";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const IN_ZIP64 = 0xffffffff;

/** The central directory: where it begins and ends, and how many entries it has. */
interface Directory {
  readonly begin: number;
  readonly end: number;
  readonly count: number;
}

/** An entry as the central directory has it. */
interface Entry {
  readonly name: string;
  readonly method: number;
  readonly header: number;
  /** Bytes in the archive, and what becomes of them. */
  readonly packed: number;
  readonly size: number;
  readonly crc: number;
}

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** 0 for a stored entry. */
  readonly method: number;
  /** The entry as it is in the archive. */
  readonly data: Uint8Array;
}

/** Whether the bytes begin as a zip archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOver(bytes).getUint32(0, true) === LOCAL;
}

/** The bytes of an entry. Throws for one that is compressed. */
export function storedBytes({ name, method, data }: ZipEntry, refuse: Refuse): Uint8Array {
  if (method === 0) return data;
  throw refuse(
    `the entry ${quote(name, 80)} is compressed (method ${method}), and only stored ones are read; ` +
      "unpack it and pack it again with `zip -0 -r`, or save it again with torch.save",
  );
}

/** The entries by name, in the directory's order. Throws for whatever is not exactly as the format says. */
export function readZip(bytes: Uint8Array, refuse: Refuse): Map<string, ZipEntry> {
  const view = viewOver(bytes);
  const directory = findDirectory(view, refuse);
  const files = new Map<string, ZipEntry>();
  const ranges: { readonly name: string; readonly begin: number; readonly end: number }[] = [];
  let at = directory.begin;
  for (let i = 0; i < directory.count; i++) {
    const { entry, next } = readEntry(view, at, directory, refuse);
    if (files.has(entry.name)) {
      throw refuse(`it has the entry ${quote(entry.name, 80)} twice, so that it is not clear which counts`);
    }
    const begin = dataOf(view, entry, directory, refuse);
    const data = bytes.subarray(begin, begin + entry.packed);
    // A file written with torch.serialization.set_crc32_options(False) has zeros here.
    if (entry.method === 0 && entry.crc !== 0 && crc32(data) !== entry.crc) {
      throw refuse(`the checksum of ${quote(entry.name, 80)} does not match; the file is damaged`);
    }
    files.set(entry.name, { name: entry.name, method: entry.method, data });
    ranges.push({ name: entry.name, begin: entry.header, end: begin + entry.packed });
    at = next;
  }
  if (at !== directory.end) {
    throw refuse(`its directory of ${directory.count} entries ends at byte ${at}, not at ${directory.end}`);
  }
  ranges.sort((a, b) => a.begin - b.begin);
  for (const [i, { name, begin }] of ranges.entries()) {
    if (i > 0 && begin < ranges[i - 1]!.end) {
      throw refuse(`the entries ${quote(ranges[i - 1]!.name, 80)} and ${quote(name, 80)} overlap`);
    }
  }
  return files;
}

function viewOver(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function findDirectory(view: DataView, refuse: Refuse): Directory {
  const last = view.byteLength - 22;
  let end = last;
  const isEnd = () => view.getUint32(end, true) === END && view.getUint16(end + 20, true) === last - end;
  // A comment of at most 65,535 bytes may follow.
  while (end >= 0 && end >= last - 0xffff && !isEnd()) end--;
  if (end < 0 || end < last - 0xffff) {
    throw refuse("it has no zip directory at its end; the file may be cut off");
  }
  const end64 = findEnd64(view, end, refuse);
  const directory = end64 ?? {
    count: view.getUint16(end + 10, true),
    size: view.getUint32(end + 12, true),
    begin: view.getUint32(end + 16, true),
    record: end,
  };
  const { begin, count, record } = directory;
  if (begin + directory.size !== record) {
    throw refuse(
      `its directory should take ${directory.size} bytes from ${begin} on, and must end at byte ${record}; the file is damaged`,
    );
  }
  if (count > directory.size / 46) throw refuse(`its directory is too short for ${count} entries`);
  return { begin, end: record, count };
}

/** The 64-bit end record, which the writer of PyTorch always adds. */
function findEnd64(view: DataView, end: number, refuse: Refuse) {
  const locator = end - 20;
  if (locator < 56 || view.getUint32(locator, true) !== LOCATOR64) return null;
  const record = sizeAt(view, locator + 8, refuse);
  if (record !== locator - 56 || view.getUint32(record, true) !== END64) {
    throw refuse("its 64-bit end record is not where it says; the file is damaged");
  }
  return {
    count: sizeAt(view, record + 32, refuse),
    size: sizeAt(view, record + 40, refuse),
    begin: sizeAt(view, record + 48, refuse),
    record,
  };
}

function sizeAt(view: DataView, at: number, refuse: Refuse): number {
  const size = view.getBigUint64(at, true);
  if (size > Number.MAX_SAFE_INTEGER) throw refuse(`it names a size of ${size} bytes; the file is damaged`);
  return Number(size);
}

function readEntry(view: DataView, at: number, directory: Directory, refuse: Refuse) {
  const damaged = () => refuse("its directory is damaged; save the file again");
  if (at + 46 > directory.end || view.getUint32(at, true) !== CENTRAL) throw damaged();
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const extra = at + 46 + nameLength;
  const next = extra + extraLength + view.getUint16(at + 32, true);
  if (next > directory.end) throw damaged();
  let name: string;
  try {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength);
    name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw refuse("an entry's name is not UTF-8", cause);
  }
  if (view.getUint16(at + 8, true) & 1) throw refuse(`the entry ${quote(name, 80)} is encrypted`);
  const method = view.getUint16(at + 10, true);
  const wide = wideSizes(view, extra, extraLength, at, refuse);
  const entry: Entry = { name, method, crc: view.getUint32(at + 16, true), ...wide };
  if (method === 0 && wide.packed !== wide.size) {
    throw refuse(
      `the stored entry ${quote(name, 80)} has ${wide.size} bytes, but takes ${wide.packed} in the file`,
    );
  }
  return { entry, next };
}

/** Sizes and place of an entry: 32 bits of its record, or 64 bits of the extra field that replaces those. */
function wideSizes(view: DataView, extra: number, extraLength: number, at: number, refuse: Refuse) {
  const narrow = [
    view.getUint32(at + 24, true),
    view.getUint32(at + 20, true),
    view.getUint32(at + 42, true),
  ];
  let field = extra;
  const end = extra + extraLength;
  while (field + 4 <= end && view.getUint16(field, true) !== 1) field += 4 + view.getUint16(field + 2, true);
  let from = field + 4;
  const to = field + 4 <= end ? Math.min(end, from + view.getUint16(field + 2, true)) : 0;
  const [size, packed, header] = narrow.map((value) => {
    if (value !== IN_ZIP64) return value;
    if (from + 8 > to) throw refuse("an entry lacks its 64-bit sizes; the file is damaged");
    from += 8;
    return sizeAt(view, from - 8, refuse);
  });
  return { size: size!, packed: packed!, header: header! };
}

/** Where an entry's data begins. */
function dataOf(view: DataView, entry: Entry, directory: Directory, refuse: Refuse): number {
  const { name, method, header, packed, size } = entry;
  const damaged = (what: string) =>
    refuse(`the entry ${quote(name, 80)} ${what}; the file is damaged or made to deceive`);
  if (header + 30 > directory.begin || view.getUint32(header, true) !== LOCAL)
    throw damaged("has no header where the directory says");
  const nameLength = view.getUint16(header + 26, true);
  const begin = header + 30 + nameLength + view.getUint16(header + 28, true);
  if (begin + packed > directory.begin) throw damaged(`of ${packed} bytes does not fit into the file`);
  const local = new Uint8Array(view.buffer, view.byteOffset + header + 30, nameLength);
  const same = new TextEncoder().encode(name);
  if (local.length !== same.length || local.some((byte, i) => byte !== same[i]))
    throw damaged("has another name in its own header");
  if (view.getUint16(header + 8, true) !== method)
    throw damaged("has another method of compression in its own header");
  // Bit 3: the sizes follow the data, and zeros stand in the header.
  const streamed = (view.getUint16(header + 6, true) & 8) !== 0;
  const own = view.getUint32(header + 22, true);
  if (!streamed && own !== size && own !== IN_ZIP64)
    throw damaged(`has ${own} bytes by its own header, not ${size}`);
  return begin;
}
