/** Files of torch.save made by hand, for what PyTorch does not write. */
import { refuser } from "../src/formats/refuse.ts";
import { writeZip } from "../src/formats/write-zip.ts";
import { readZip } from "../src/formats/zip.ts";

/** Text, a byte, or bytes. */
export type Part = string | number | ArrayLike<number>;

/** Bytes of all parts in a row. */
export function bytes(...parts: readonly Part[]): Uint8Array {
  const encoder = new TextEncoder();
  const arrays = parts.map((part) =>
    typeof part === "string" ? encoder.encode(part) : typeof part === "number" ? [part] : part,
  );
  const result = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    result.set(array, at);
    at += array.length;
  }
  return result;
}

export function word(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return new Uint8Array(view.buffer);
}

/** An opcode and its text. */
export function text(value: string): Uint8Array {
  const encoded = new TextEncoder().encode(value);
  return bytes("X", word(encoded.length), encoded);
}

/** An opcode and its whole number of at most 53 bits. */
export function int(value: number): Uint8Array {
  if (value >= 0 && value < 256) return bytes("K", value);
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, BigInt(value), true);
  return bytes(0x8a, 8, new Uint8Array(view.buffer));
}

const ints = (values: readonly number[]) => bytes("(", ...values.map(int), "t");

/** What to write of a tensor. */
export interface TensorText {
  readonly type?: string;
  /** A type without a storage class, such as `uint16`; `elements` are bytes then. */
  readonly untyped?: string;
  readonly key?: string;
  readonly elements?: number;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
}

/** The opcodes of a tensor's storage: by default number 0, of two float32 values. */
export function storage({ type = "FloatStorage", untyped, key = "0", elements = 2 }: TensorText): Uint8Array {
  return bytes(
    "(",
    text("storage"),
    untyped ? "ctorch.storage\nUntypedStorage\n" : `ctorch\n${type}\n`,
    text(key),
    text("cpu"),
    int(elements),
    "tQ",
  );
}

/** The opcodes of a tensor: by default of two float32 values in storage 0. */
export function tensor(given: TensorText = {}): Uint8Array {
  const { untyped, offset = 0, shape = [2], strides = [1] } = given;
  return bytes(
    `ctorch._utils\n_rebuild_tensor_${untyped ? "v3" : "v2"}\n(`,
    storage(given),
    int(offset),
    ints(shape),
    ints(strides),
    0x89,
    "ccollections\nOrderedDict\n)R",
    untyped ? `ctorch\n${untyped}\n` : "",
    "tR",
  );
}

/** A file with the opcodes of a pickle, without its protocol and its end, and storages by key. */
export function torchFile(
  opcodes: Uint8Array | string,
  storages: Readonly<Record<string, ArrayLike<number>>> = { 0: new Uint8Array(8) },
  more: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array {
  return archive({ "archive/data.pkl": bytes(0x80, 2, opcodes, "."), ...dataOf(storages), ...more });
}

export function archive(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  return writeZip(
    "archive",
    Object.entries(files).map(([name, bytes]) => ({ name, bytes })),
  );
}

/** The entries of a good archive. */
export function unpack(file: Uint8Array): Record<string, Uint8Array> {
  const entries = readZip(file, refuser("unpack", "a test's archive"));
  return Object.fromEntries([...entries].map(([name, { data }]) => [name, data]));
}

function dataOf(storages: Readonly<Record<string, ArrayLike<number>>>): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(storages).map(([key, data]) => [`archive/data/${key}`, Uint8Array.from(data)]),
  );
}
