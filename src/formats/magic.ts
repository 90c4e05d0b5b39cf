/** Recognizes file formats by how they begin. */
import { isLegacyTorch } from "./torch-file.ts";
import { isZip } from "./zip.ts";

/** The formats that {@link inspect} knows by name. */
export type FileFormat =
  | "safetensors"
  | "torch"
  | "torch-legacy"
  | "pickle"
  | "onnx"
  | "tfjs"
  | "keras"
  | "hdf5"
  | "tflite"
  | "numpy"
  | "gguf"
  | "zip"
  | "unknown";

/** What a file is, without reading more than its beginning (and of a zip archive, the names in it). */
export function formatOf(bytes: Uint8Array): FileFormat {
  const begins = (text: string, at = 0) => [...text].every((char, i) => bytes[at + i] === char.charCodeAt(0));
  // Before the others: the length of its header may look like the beginning of a pickle (640 is 0x0280).
  if (isSafetensors(bytes)) return "safetensors";
  if (isZip(bytes)) {
    // First in a file of torch.save; in one that was packed again, somewhere in the directory at the end.
    const ends = [bytes.subarray(0, 1000), bytes.subarray(-(2 ** 20))];
    if (ends.some((end) => includes(end, "/data.pkl"))) return "torch";
    return ends.some((end) => includes(end, "model.weights.h5")) ? "keras" : "zip";
  }
  if (isLegacyTorch(bytes)) return "torch-legacy";
  if (bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5) return "pickle";
  if (begins("\x89HDF\r\n\x1a\n")) return "hdf5";
  if (begins("TFL3", 4)) return "tflite";
  if (begins("\x93NUMPY")) return "numpy";
  if (begins("GGUF")) return "gguf";
  if (begins("{") && ["modelTopology", "weightsManifest"].some((key) => includes(bytes, `"${key}"`)))
    return "tfjs";
  return isOnnx(bytes) ? "onnx" : "unknown";
}

/** The length of a header that fits, then the header, which begins with a brace. */
function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 9 || bytes[8] !== 0x7b) return false;
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true) < 2n ** 48n;
}

/** A protobuf of ONNX begins with `ir_version` (field 1), then has its producer, its opsets or its graph. */
function isOnnx(bytes: Uint8Array): boolean {
  const next = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42];
  return bytes[0] === 0x08 && bytes[1]! > 0 && bytes[1]! < 0x40 && next.includes(bytes[2]!);
}

function includes(bytes: Uint8Array, text: string): boolean {
  const wanted = new TextEncoder().encode(text);
  for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return false;
}
