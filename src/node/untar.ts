import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";

/** Writes the plain files of a tar archive (ustar: 512-byte header, then the data in 512-byte blocks). */
export function untar(archive: Uint8Array, folder: string): void {
  const text = (from: number, length: number) =>
    new TextDecoder().decode(archive.subarray(from, from + length)).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const path = resolve(folder, text(at, 100));
    const size = Number.parseInt(text(at + 124, 12), 8);
    const kind = text(at + 156, 1);
    if (kind === "" || kind === "0") {
      if (!path.startsWith(resolve(folder) + sep))
        throw new Error(`untar: ${path} lies outside of ${folder}`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, archive.subarray(at + 512, at + 512 + size), { mode: 0o755 });
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
