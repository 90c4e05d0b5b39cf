/** A model's file: its tensors as they are stored, what else is in it, and why a file cannot be read. */
import {
  type CheckpointOptimizer,
  type Json,
  loadCheckpoint,
  loadSafetensors,
  type NDArray,
} from "webgpu-lstm";

/** One tensor of a file. */
export interface StoredTensor {
  readonly name: string;
  /** As the file has it: F32, BF16, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Converted to float32. */
  readonly data: Float32Array;
  /** Bytes in the file. */
  readonly bytes: number;
}

/** What is in a file. */
export interface ModelFile {
  /** The model's, in the file's order. */
  readonly tensors: readonly StoredTensor[];
  readonly optimizer: CheckpointOptimizer | undefined;
  /** Of the optimizer's tensors, in the file. */
  readonly optimizerBytes: number;
  readonly config: Json | undefined;
}

/** A file that cannot be read: what it is instead, and what to do. */
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
 * @throws {@link FileError} if it is none.
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
    // Another program may call something else "optimizer" or "config"; the tensors can still be read.
  }
  try {
    return { model: loadSafetensors(buffer).tensors };
  } catch (error) {
    throw new FileError("This file cannot be read", (error as Error).message, { cause: error });
  }
}

/** The header's tensors. Its own reader, because it tells a file that is cut off from one of another kind. */
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

/** What a file is that is no safetensors file, and what to do then. */
function otherKind(bytes: Uint8Array): string | undefined {
  const convert =
    "In Python: from safetensors.torch import save_file; save_file(model.state_dict(), 'model.safetensors').";
  // Where the JSON header begins. A header's length can begin with the bytes of any other kind.
  if (bytes.length > 8 && bytes[8] === 0x7b) return undefined;
  const begins = (...head: number[]) => head.every((byte, i) => bytes[i] === byte);
  if (begins(0x50, 0x4b, 3, 4)) return `It is a zip archive, as torch.save writes. ${convert}`;
  if (begins(0x80) && bytes[1]! <= 5) return `It is a Python pickle, as torch.save once wrote. ${convert}`;
  if (bytes.length <= 8) return `It has ${bytes.length} bytes, fewer than a header takes.`;
  return "It does not begin with a header length and a JSON header.";
}
