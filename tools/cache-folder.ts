import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** `node_modules/.cache/webgpu-lstm`, or the temporary folder if it cannot be written. */
export function cacheFolder(): string {
  const near = fileURLToPath(new URL("../node_modules/.cache/webgpu-lstm", import.meta.url));
  try {
    mkdirSync(near, { recursive: true });
    return near;
  } catch {
    const far = join(tmpdir(), "webgpu-lstm");
    mkdirSync(far, { recursive: true });
    return far;
  }
}
