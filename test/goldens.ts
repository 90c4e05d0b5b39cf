/** Golden files under Node; in the browser they are fetched, and read by the same GoldenCase. */
import { readdirSync, readFileSync } from "node:fs";
import { GoldenCase } from "./golden-case.ts";

const folder = new URL("./goldens/", import.meta.url);

/** The cases of one op ("lstm", "linear", "loss", "adam"), by file name. Throws if there is none. */
export function goldens(op: string): GoldenCase[] {
  const files = readdirSync(folder).filter(
    (file) => file.startsWith(`${op}_`) && file.endsWith(".safetensors"),
  );
  if (files.length === 0) throw new Error(`no goldens for ${op}; run python3 tools/make_goldens.py`);
  return files.sort().map((file) => new GoldenCase(goldenBytes(file)));
}

/** The bytes of one file in test/goldens. */
export function goldenBytes(file: string): Uint8Array {
  return readFileSync(new URL(file, folder));
}

/** A JSON file of test/goldens. The caller says what it holds. */
export function goldenJson<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8")) as T;
}

/** float32 values from 8 hexadecimal digits each, one after the other, as random.json stores them. */
export function floatsFromHex(hex: string): Float32Array {
  const words = Uint32Array.from({ length: hex.length / 8 }, (_, i) =>
    Number.parseInt(hex.slice(8 * i, 8 * i + 8), 16),
  );
  return new Float32Array(words.buffer);
}
