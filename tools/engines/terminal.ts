/**
 * Runs one file of browser tests in Node (Dawn) or Deno (wgpu): `node terminal.js FILE`. In Node, `node terminal.js FILE stripped` hides
 * the adapter's optional features and higher limits.
 */
import { runFile } from "./run-file.ts";
import { stripped } from "./stripped.ts";

const { Deno } = globalThis as { Deno?: { args: string[]; exit(code: number): never } };

if (Deno) {
  await runFile(Deno.args[0]!);
  // A test may leave timers and workers behind.
  Deno.exit(0);
}

const { create, globals } = await import("webgpu");
Object.assign(globalThis, globals);
const dawn = create([]);
const gpu = process.argv[3] === "stripped" ? stripped(dawn) : dawn;
if (!globalThis.navigator) Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });

/** Node's fetch knows no files. */
const fetchUrl = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.protocol !== "file:") return fetchUrl(input, init);
  const { readFile } = await import("node:fs/promises");
  return new Response(new Uint8Array(await readFile(url)));
};

await runFile(process.argv[2]!);
process.exit(0);
