/** Reads a model's file: its stored tensors and its other content, or the reason why it cannot be read. */
import {
  type CheckpointOptimizer,
  type Json,
  loadCheckpoint,
  loadSafetensors,
  type NDArray,
} from "webgpu-lstm";
import { counted } from "../../shell/format.ts";

/** One tensor of a file. */
export interface StoredTensor {
  readonly name: string;
  /** The type in the file: F32, BF16, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The values, converted to float32. */
  readonly data: Float32Array;
  /** Bytes in the file. */
  readonly bytes: number;
}

/** The content of a file. */
export interface ModelFile {
  /** The model's tensors in the file's order. */
  readonly tensors: readonly StoredTensor[];
  readonly optimizer: CheckpointOptimizer | undefined;
  /** Bytes of the optimizer's tensors in the file. */
  readonly optimizerBytes: number;
  readonly config: Json | undefined;
}

/** The error of a file that cannot be read: says what it is and what to do. */
export class FileError extends Error {
  readonly title: string;

  constructor(title: string, advice: string, options?: ErrorOptions) {
    super(advice, options);
    this.title = title;
  }
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}

/**
 * Reads a safetensors file: a state dict as PyTorch names it, or a checkpoint of this library.
 * @throws {@link FileError} if it is neither.
 */
export function readModelFile(buffer: ArrayBuffer): ModelFile {
  const header = readHeader(new Uint8Array(buffer));
  const stored = (name: string, { data, shape }: NDArray): StoredTensor => {
    const { dtype, data_offsets: offsets } = header[name]!;
    return { name, dtype, shape, data, bytes: offsets[1] - offsets[0] };
  };
  const checkpoint = load(buffer);
  const tensors = [...checkpoint.model].map(([name, tensor]) => stored(name, tensor));
  const all = Object.values(header).reduce((sum, { data_offsets: [begin, end] }) => sum + end - begin, 0);
  return {
    tensors,
    optimizer: checkpoint.optimizer,
    optimizerBytes: all - tensors.reduce((sum, { bytes }) => sum + bytes, 0),
    config: checkpoint.config,
  };
}

function load(buffer: ArrayBuffer): {
  model: Map<string, NDArray>;
  optimizer?: CheckpointOptimizer;
  config?: Json;
} {
  try {
    const { trainer = [], ...checkpoint } = loadCheckpoint(buffer);
    return { ...checkpoint, model: new Map([...checkpoint.model, ...trainer]) };
  } catch {
    // Another program may use the names "optimizer" or "config" differently; the tensors can still be read.
  }
  try {
    return { model: loadSafetensors(buffer).tensors };
  } catch (error) {
    throw new FileError("This file cannot be read", (error as Error).message, { cause: error });
  }
}

/** Reads the header's tensors. Unlike the library's reader, it distinguishes a truncated file from another kind of file. */
function readHeader(bytes: Uint8Array): Record<string, HeaderEntry> {
  const other = otherKind(bytes);
  if (other) throw new FileError("This is no safetensors file", other);
  const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const held = bytes.length - 8;
  if (headerBytes > held) {
    throw cutOff(`its header should take ${headerBytes} bytes, and ${held} follow`);
  }
  let header: Record<string, HeaderEntry>;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + headerBytes)));
  } catch (error) {
    throw new FileError(
      "This is no safetensors file",
      `Its header is not JSON (${(error as Error).message}).`,
      {
        cause: error,
      },
    );
  }
  const { __metadata__: _, ...tensors } = header;
  const ends = Object.values(tensors).map((entry) => entry?.data_offsets?.[1] ?? 0);
  const wanted = ends.reduce((most, end) => Math.max(most, end), 0);
  if (wanted > held - headerBytes) {
    throw cutOff(`its tensors take ${wanted} bytes, and ${held - headerBytes} are there`);
  }
  return tensors;
}

function cutOff(what: string): FileError {
  return new FileError(
    "This file is cut off",
    `It begins as a safetensors file, but ${what}. Copy it again.`,
  );
}

/** Identifies a file that is no safetensors file, and says what to do. */
function otherKind(bytes: Uint8Array): string | undefined {
  const convert =
    "In Python: from safetensors.torch import save_file; save_file(model.state_dict(), 'model.safetensors').";
  // The JSON header begins here. The bytes before it, its length, can look like the start of any other kind of file.
  if (bytes.length > 8 && bytes[8] === 0x7b) return undefined;
  const begins = (...head: number[]) => head.every((byte, i) => bytes[i] === byte);
  if (begins(0x50, 0x4b, 3, 4)) return `It is a zip archive, as torch.save writes. ${convert}`;
  if (begins(0x80) && bytes[1]! <= 5) return `It is a Python pickle, as torch.save once wrote. ${convert}`;
  if (bytes.length <= 8) return `It has ${counted(bytes.length, "byte")}, fewer than a header takes.`;
  return "It does not begin with a header length and a JSON header.";
}
